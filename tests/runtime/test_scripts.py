"""The scripts of the documentation, as Lambda would run them."""

import re
import sys
from pathlib import Path

import pytest

from .api import RuntimeApi
from .conftest import ROOT, Runtimes

SCRIPTS = re.findall(
    r"^```sh\n(#!.*?)^```$", (ROOT / "docs" / "runtime.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def test_there_are_two() -> None:
    assert ["$1" in script for script in SCRIPTS] == [True, False]


@pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for a shell")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_starts_the_runtime(script: str, api: RuntimeApi, runtime: Runtimes, tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text(script.replace("/opt/bin/python3", sys.executable))
    file.chmod(0o755)
    (tmp_path / "app.py").write_text("def handler(event, context): return [event, __file__]")
    # What Lambda hands to a wrapper script; a bootstrap has no use for it.
    command = [str(file), sys.executable, "/var/runtime/bootstrap.py"]
    runtime("", command=command, _HANDLER="app.handler", LAMBDA_TASK_ROOT=str(tmp_path))
    api.invoke("hi")
    assert api.post().json() == ["hi", str(tmp_path / "app.py")]
