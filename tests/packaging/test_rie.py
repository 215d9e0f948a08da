"""What `bridge package` makes of the examples runs under Lambda's emulator, with both runtimes, and is not compiled."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from benchmarks.deployed import SAM, deployed
from bridge._command.cli import main

from ..frameworks.events import HTTP_V2
from ..runtime.rie import ROOT, emulator, missing
from ..runtime.test_rie import EXAMPLES, PATHS, timeless

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

NEEDS = {"fastapi_app": ["lambda-bridge", "fastapi", "python-multipart"], "flask_app": ["lambda-bridge", "flask"]}
HERE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
LOADED = re.compile(r"^# code object from '?(.*?)'?$", re.MULTILINE)
"""What Python says with PYTHONVERBOSE: a module's source where it was compiled, in quotes its bytecode where not."""


@pytest.fixture(scope="module", params=PATHS)
def function(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An example, packaged and unpacked again, all files of 1980."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLES / request.param, folder / "build", ignore=shutil.ignore_patterns("__pycache__"))
    deployed(SAM, NEEDS[request.param], folder / "build")
    assert main(["package", "--finish", str(folder / "build"), "-o", str(folder / "function.zip"), "--arch", HERE]) == 0
    with zipfile.ZipFile(folder / "function.zip") as opened:
        opened.extractall(folder / "task")
    return request.param, folder / "task"


@pytest.mark.parametrize("module", ["bridge.runtime", "awslambdaric"])
def test_it_answers_and_compiles_nothing(module: str, function: tuple[str, Path], tmp_path: Path) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    example, folder = function
    variables = {"PYTHONPATH": "", "PYTHONVERBOSE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with emulator(
        module, "app.handler", folder, tmp_path / "log", LAMBDA_TASK_ROOT=str(folder), **variables
    ) as running:
        found = {path: running.invoke(HTTP_V2.event("GET", path)) for path in PATHS[example]}
    with emulator("bridge.runtime", "app.handler", ROOT / "examples" / example, tmp_path / "other") as running:
        expected = {path: running.invoke(HTTP_V2.event("GET", path)) for path in PATHS[example]}
    assert timeless(found) == timeless(expected)
    assert [result["statusCode"] for result in found.values()].count(200) > 4
    loaded = [Path(path) for path in LOADED.findall((tmp_path / "log").read_text("utf-8", "replace"))]
    ours = [path for path in loaded if folder in path.parents]
    assert Path(importlib.util.cache_from_source(str(folder / "bridge" / "handler.py"))) in ours
    assert {path.suffix for path in ours} == {".pyc"}


@pytest.mark.parametrize("function", ["flask_app"], indirect=True)
def test_bytecode_that_is_stale_would_be_seen(function: tuple[str, Path], tmp_path: Path) -> None:
    _, packaged = function
    folder = tmp_path / "task"
    shutil.copytree(packaged, folder, ignore=shutil.ignore_patterns("app.*.pyc"))
    variables = {"PYTHONPATH": "", "PYTHONVERBOSE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with emulator("bridge.runtime", "app.handler", folder, tmp_path / "log", **variables) as running:
        running.invoke(HTTP_V2.event("GET", "/"))
    assert f"# code object from {folder}/app.py\n" in (tmp_path / "log").read_text("utf-8", "replace")


@pytest.mark.parametrize("function", ["flask_app"], indirect=True)
def test_the_package_has_neither_the_gateway_nor_the_command_line(function: tuple[str, Path]) -> None:
    _, folder = function
    assert (folder / "bridge" / "runtime" / "__main__.py").exists()
    for name in ("gateway", "_command", "__main__.py"):
        assert not (folder / "bridge" / name).exists()
