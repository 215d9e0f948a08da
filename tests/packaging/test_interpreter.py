"""An interpreter of the function's version is found, or it is said where it was looked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bridge._command.packaging.errors import PackagingError
from bridge._command.packaging.interpreter import find, magic_number
from bridge._command.packaging.platforms import RUNNING, Platform

OTHER = "3.12" if RUNNING != "3.12" else "3.13"
MAGIC = {"3.12": "cb0d0d0a", "3.13": "f30d0d0a"}


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any other Python."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def python(path: Path, version: str = OTHER, magic: str = "", tag: str = "") -> Path:
    """A file that answers as an interpreter does that is asked what it is."""
    tag = tag or "cpython-" + version.replace(".", "")
    return script(path, f"echo {version} {magic or MAGIC[version]} {tag}")


def test_this_python_is_taken_for_its_own_version() -> None:
    assert find(Platform(RUNNING, "arm64")) == sys.executable


def test_a_python_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "shims" / f"python{OTHER}", "exit 127")  # as pyenv's do for a version that is not chosen
    found = python(tmp_path / "bin" / f"python{OTHER}")
    monkeypatch.setenv("PATH", os.pathsep.join(["", str(tmp_path / "shims"), str(tmp_path / "bin")]))
    assert find(Platform(OTHER, "arm64")) == str(found)


def test_a_python_of_pyenv_is_found(tmp_path: Path) -> None:
    found = python(tmp_path / "pyenv" / "versions" / f"{OTHER}.5" / "bin" / "python")
    assert find(Platform(OTHER, "arm64")) == str(found)


def test_a_python_of_uv_is_found(tmp_path: Path) -> None:
    found = python(tmp_path / "managed" / "python")
    script(tmp_path / "bin" / "uv", f'test "$1 $2" = "python find" && echo {found}')
    assert find(Platform(OTHER, "arm64")) == str(found)


@pytest.mark.parametrize("says_nothing", [False, True])
def test_without_one_it_is_said_where_it_was_looked_for(tmp_path: Path, says_nothing: bool) -> None:
    if says_nothing:
        script(tmp_path / "bin" / "uv", "exit 2")
    python(tmp_path / "bin" / f"python{OTHER}", version="3.12" if OTHER == "3.13" else "3.13")
    with pytest.raises(PackagingError, match=rf"takes a Python {OTHER}, .* nor in pyenv or uv\. Install it"):
        find(Platform(OTHER, "arm64"))


def test_a_preview_is_of_no_use(tmp_path: Path) -> None:
    python(tmp_path / "bin" / f"python{OTHER}", magic="c20d0d0a")
    with pytest.raises(PackagingError, match="is a preview of Python"):
        find(Platform(OTHER, "arm64"))


def test_a_python_without_the_lock_has_other_libraries(tmp_path: Path) -> None:
    python(tmp_path / "bin" / f"python{OTHER}", tag="cpython-" + OTHER.replace(".", "") + "t")
    with pytest.raises(PackagingError, match="there is none here"):
        find(Platform(OTHER, "arm64"))


def test_the_magic_number_of_a_version_not_known_here_is_asked_for(tmp_path: Path) -> None:
    python(tmp_path / "bin" / "python3.99", "3.99", "ff0f0d0a")
    assert magic_number(Platform("3.99", "arm64")) == bytes.fromhex("ff0f0d0a")
    assert magic_number(Platform(OTHER, "arm64")) == bytes.fromhex(MAGIC[OTHER])
