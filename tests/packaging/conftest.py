"""A project and a folder of wheels. Pip looks nowhere else."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge._command.cli import main

from .wheels import library, wheel

APP = """
import greeting

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": greeting.words.HELLO.encode()})
"""

Bridge = Callable[..., int]


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of wheels, made once: `greeting`, which needs `native`, which is compiled for every platform."""
    folder = tmp_path_factory.mktemp("wheels")
    files: dict[str, str | bytes] = {
        "greeting/__init__.py": "from . import words\n",
        "greeting/words.py": "import native\nHELLO = f'hello {native.NUMBER}'\n",
        "greeting/words.pyi": "HELLO: str\n",
        "greeting/_words.c": "int main;",
        "greeting/tests/__init__.py": "",
        "greeting/tests/test_words.py": "from greeting import words\n",
        "greeting/data.txt": "data",
    }
    points = "[console_scripts]\ngreet = greeting:main\n[greetings]\nhello = greeting.words:HELLO\n"
    wheel(folder, "greeting", files, requires=["native", 'extra; extra == "all"'], entry_points=points)
    for architecture, machine in {"arm64": "aarch64", "x86_64": "x86_64"}.items():
        for minor in ("11", "12", "13", "14"):
            contents: dict[str, str | bytes] = {
                "native/__init__.py": "NUMBER = 1\n",
                f"native/_native.cpython-3{minor}-{machine}-linux-gnu.so": library(architecture),
            }
            wheel(folder, "native", contents, tag=f"cp3{minor}-cp3{minor}-manylinux_2_17_{machine}")
    return folder


@pytest.fixture
def wheels(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, where pip looks."""
    folder = shutil.copytree(made, tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_project(folder: Path) -> Path:
    """A project that needs `greeting`."""
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "requirements.txt").write_text("greeting\n")
    return folder


@pytest.fixture
def project(tmp_path: Path, wheels: Path) -> Path:
    """A project that needs `greeting`."""
    return write_project(tmp_path / "project")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A project that needs nothing."""
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "app.py").write_text("X = 1\n")
    return folder


@pytest.fixture(scope="package")
def archive(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive for arm64, packaged once; no test changes it."""
    folder = tmp_path_factory.mktemp("packaged")
    write_project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(made))
        assert main(["package", str(folder / "project"), "-o", str(folder / "function.zip"), "--arch", "arm64"]) == 0
    return folder / "function.zip"


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lambda's time zone, which archives' dates are in there."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def bridge() -> Bridge:
    """The command; its exit code."""
    return lambda *arguments: main([str(argument) for argument in arguments])
