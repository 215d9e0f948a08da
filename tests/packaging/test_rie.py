"""What `bridge package` makes of the examples runs under Lambda's emulator, with both runtimes, and compiles nothing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge as installed
from bridge._command.cli import main
from bridge._command.packaging.distributions import normal_name

from ..frameworks.events import HTTP_V2
from ..runtime.rie import ROOT, emulator, missing
from ..runtime.test_rie import EXAMPLES, PATHS, timeless

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

HERE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
LOADED = re.compile(r"^# code object from '?(.*?)'?$", re.MULTILINE)
"""What Python says with PYTHONVERBOSE: a module's source where it was compiled, in quotes its bytecode where not."""


def needed(name: str, seen: set[str]) -> Iterator[importlib.metadata.Distribution]:
    """An installed distribution and all that it needs, as far as it is installed."""
    if normal_name(name) in seen:
        return
    seen.add(normal_name(name))
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # for another version of Python, or another system
    yield found
    for requirement in found.requires or ():
        if "extra ==" not in requirement:
            yield from needed(re.split(r"[^\w.-]", requirement)[0], seen)


def built(example: str, folder: Path) -> Path:
    """An example as `sam build` leaves it: its files, and what it needs, without any bytecode."""
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns("__pycache__"))
    seen: set[str] = set()
    for line in (folder / "requirements.txt").read_text("utf-8").splitlines():
        for distribution in needed(re.split(r"[^\w.-]", line)[0], seen):
            for file in distribution.files or ():
                on_top = len(file.parts) == 1  # a module, or what pip or an editable install keeps for itself
                if ".." not in file.parts and file.suffix != ".pyc" and (not on_top or file.suffix == ".py"):
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(distribution.locate_file(file)), folder / file)
    source = Path(installed.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, folder / "bridge", ignore=ignored, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module", params=PATHS)
def function(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An example, packaged and unpacked again, all files of 1980."""
    folder = tmp_path_factory.mktemp("example")
    built(request.param, folder / "build")
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
