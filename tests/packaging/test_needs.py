"""Where a project says what it needs, and who installs it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from bridge._command.packaging.errors import PackagingError
from bridge._command.packaging.installer import Installer
from bridge._command.packaging.platforms import RUNNING, Platform
from bridge._command.packaging.project import Needs, needs

from .conftest import Bridge
from .test_package import names
from .wheels import wheel

PLATFORM = Platform(RUNNING, "arm64")

BACKEND = """
import os
import sys
from pathlib import Path
sys.path.insert(0, os.environ["TESTS"])
from tests.packaging.wheels import wheel

def build_wheel(folder, config_settings=None, metadata_directory=None):
    files = {"project/__init__.py": "", "project/app.py": "import greeting"}
    return wheel(Path(folder), "project", files, requires=["greeting"]).name
"""
PACKAGE = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "project"
version = "1.0"
dependencies = ["greeting"]
"""
LIST = """
[project]
name = "project"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["greeting"]
"""


def uv() -> str:
    """The real one."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    found = shutil.which("uv", path=path)
    if found is None:
        pytest.skip("uv is not installed")
    return found


@pytest.fixture
def with_uv(monkeypatch: pytest.MonkeyPatch, wheels: Path) -> str:
    """Uv on PATH, which looks at the wheels only."""
    found = uv()
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(found).parent), os.environ["PATH"]]))
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    return found


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_the_first_file_of_several_counts(tmp_path: Path) -> None:
    assert needs(tmp_path, None) == Needs("", None)
    write(tmp_path, pyproject__toml=LIST)
    assert needs(tmp_path, None) == Needs("pyproject.toml", tmp_path / "pyproject.toml", ("greeting",))
    for name in ("uv.lock", "pylock.toml", "requirements.txt"):
        (tmp_path / name).write_text("")
        assert needs(tmp_path, None) == Needs(name, tmp_path / name)
    asked = tmp_path / "production.txt"
    asked.write_text("")
    assert needs(tmp_path, asked) == Needs("production.txt", asked)


def test_a_project_that_lists_nothing_needs_nothing(tmp_path: Path) -> None:
    assert needs(write(tmp_path, pyproject__toml="[tool.ruff]\n"), None) == Needs("", None)


@pytest.mark.parametrize("tool", ["", "[tool.uv]\npackage = true", "[tool.poetry]\nname = 'x'"])
def test_a_project_with_a_build_system_is_a_package(tool: str, tmp_path: Path) -> None:
    assert needs(write(tmp_path, pyproject__toml=PACKAGE + tool), None).is_package


@pytest.mark.parametrize("tool", ["[tool.uv]\npackage = false", "[tool.poetry]\npackage-mode = false"])
def test_unless_it_says_that_it_is_none(tool: str, tmp_path: Path) -> None:
    found = needs(write(tmp_path, pyproject__toml=PACKAGE + tool), None)
    assert (found.is_package, found.requirements) == (False, ("greeting",))


@pytest.mark.parametrize("lock", ["poetry.lock", "pdm.lock", "Pipfile.lock"])
def test_a_lock_that_only_its_own_tool_reads_has_to_be_exported(lock: str, tmp_path: Path) -> None:
    (tmp_path / lock).write_text("")
    with pytest.raises(PackagingError, match=rf"{lock} is read by its own tool only: export it"):
        needs(tmp_path, None)
    (tmp_path / "requirements.txt").write_text("")
    assert needs(tmp_path, None).source == "requirements.txt"


def test_a_pyproject_that_is_no_toml_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"pyproject\.toml' cannot be read"):
        needs(write(tmp_path, pyproject__toml="project = ["), None)


def test_what_pyproject_lists_is_installed(tmp_path: Path, wheels: Path, bridge: Bridge) -> None:
    project = write(tmp_path / "project", app__py="import greeting", pyproject__toml=LIST)
    assert bridge("package", project, "-o", tmp_path / "function.zip") == 0
    assert {"app.py", "greeting/words.py", "native/__init__.py"} <= set(names(tmp_path / "function.zip"))


def test_a_project_that_is_a_package_is_built(
    tmp_path: Path, wheels: Path, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTS", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # which pip takes for "without": the backend needs nothing
    files = {"pyproject__toml": PACKAGE, "backend__py": BACKEND, "run__sh": ""}
    project = write(tmp_path / "project", **files)
    write(project / "src", never__py="")
    assert bridge("package", project, "-o", tmp_path / "function.zip", "--exclude", "backend.py") == 0
    found = names(tmp_path / "function.zip")
    assert {"project/app.py", "greeting/words.py", "native/__init__.py", "run.sh"} <= set(found)
    assert not [name for name in found if name.startswith(("src", "backend"))]

    (project / "requirements.txt").write_text("native\n")  # locked: what the package asks for is not asked about
    assert bridge("package", project, "-o", tmp_path / "locked.zip", "--exclude", "backend.py") == 0
    found = names(tmp_path / "locked.zip")
    assert {"project/app.py", "native/__init__.py"} <= set(found)
    assert "greeting/words.py" not in found


def test_a_lock_of_uv_is_what_is_installed(
    tmp_path: Path, with_uv: str, wheels: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write(tmp_path / "project", app__py="import greeting", pyproject__toml=LIST)
    subprocess.run([with_uv, "lock", "--quiet", "--project", project, "--python", sys.executable], check=True)
    assert bridge("package", project, "-o", tmp_path / "function.zip", "--arch", "arm64") == 0
    assert "from uv.lock" in capsys.readouterr().out
    found = names(tmp_path / "function.zip")
    assert {"app.py", "greeting/words.py"} <= set(found)
    assert [name for name in found if name.endswith("aarch64-linux-gnu.so")]
    assert "uv.lock" not in found


def test_without_pip_uv_installs(
    tmp_path: Path, with_uv: str, wheels: Path, archive: Path, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Installer, "_find_pip", lambda self: None)
    project = write(tmp_path / "project", requirements__txt="greeting\n")
    shutil.copy(archive.parent / "project" / "app.py", project)
    assert bridge("package", project, "-o", tmp_path / "function.zip", "--arch", "arm64") == 0
    assert (tmp_path / "function.zip").read_bytes() == archive.read_bytes()  # which pip has installed


def test_uv_names_a_package_without_a_wheel_too(
    tmp_path: Path, with_uv: str, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Installer, "_find_pip", lambda self: None)
    for file in wheels.glob("native-*aarch64.whl"):
        file.unlink()
    project = write(tmp_path / "project", requirements__txt="greeting\n")
    with pytest.raises(PackagingError, match="there is no wheel of native for Python"):
        Installer(PLATFORM, sys.executable).install(needs(project, None), project, tmp_path / "out")


def test_uv_too_gets_the_bridge_that_runs_where_no_index_has_it(
    tmp_path: Path, with_uv: str, wheels: Path, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Installer, "_find_pip", lambda self: None)
    wheel(wheels, "pybase64", {"pybase64/__init__.py": ""}, version="1.5")
    project = write(tmp_path / "project", requirements__txt="lambda-bridge\n")
    assert bridge("package", project, "-o", tmp_path / "function.zip") == 0
    assert {"bridge/handler.py", "pybase64/__init__.py"} <= set(names(tmp_path / "function.zip"))


def test_without_uv_its_lock_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    project = write(tmp_path / "project", uv__lock="")
    with pytest.raises(PackagingError, match=r"uv\.lock is read by uv only"):
        Installer(PLATFORM, sys.executable).install(needs(project, None), project, tmp_path / "out")


def test_without_pip_and_uv_nothing_can_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    without = tmp_path / "python"
    without.write_text("#!/bin/sh\nexit 1\n")
    without.chmod(0o755)
    project = write(tmp_path / "project", requirements__txt="greeting\n")
    with pytest.raises(PackagingError, match="takes pip or uv, and there is neither"):
        Installer(PLATFORM, str(without)).install(needs(project, None), project, tmp_path / "out")


def test_the_function_s_python_may_have_the_pip(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    project = write(tmp_path / "project", requirements__txt="native\n")
    Installer(PLATFORM, sys.executable).install(needs(project, None), project, tmp_path / "out")
    assert (tmp_path / "out" / "native" / "__init__.py").exists()


BRIDGE = "lambda-bridge\nnative\n"


@pytest.mark.parametrize("by_uv", [False, True], ids=["pip", "uv"])
def test_the_bridge_that_runs_is_there_where_no_index_has_it(
    by_uv: bool, tmp_path: Path, wheels: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_uv:
        request.getfixturevalue("with_uv")
        monkeypatch.setattr(Installer, "_find_pip", lambda self: None)
    wheel(wheels, "pybase64", {"pybase64.py": ""}, version="2.0")
    project = write(tmp_path / "project", requirements__txt=BRIDGE)
    Installer(PLATFORM, sys.executable).install(needs(project, None), project, tmp_path / "out")
    for name in ("bridge/handler.py", "pybase64.py", "native/__init__.py"):
        assert (tmp_path / "out" / name).exists(), name


def test_the_bridge_of_the_user_s_own_links_counts_as_well(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "lambda_bridge", {"bridge/__init__.py": "NEWER = True\n"}, version="999.0")
    project = write(tmp_path / "project", requirements__txt="lambda-bridge\n")
    Installer(PLATFORM, sys.executable).install(needs(project, None), project, tmp_path / "out")
    assert (tmp_path / "out" / "bridge" / "__init__.py").read_text() == "NEWER = True\n"
