"""The wheel that Bridge makes of itself is one that pip installs, and that works."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib import metadata
from pathlib import Path

import pytest

import bridge
from bridge._command.cli import main
from bridge._command.packaging import own_wheel as module
from bridge._command.packaging.own_wheel import own_wheel

from .wheels import wheel

PACKAGE = Path(bridge.__file__).parent


def told(file: Path) -> tuple[str, str, list[str]]:
    with zipfile.ZipFile(file) as archive:
        found = message_from_bytes(archive.read(f"lambda_bridge-{bridge.__version__}.dist-info/METADATA"))
    return found["Name"], found["Version"], found.get_all("Requires-Dist", [])


def test_pip_installs_it(tmp_path: Path) -> None:
    made = own_wheel(tmp_path)
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", target, made], check=True)
    packed = {path.relative_to(target / "bridge") for path in (target / "bridge").rglob("*") if path.is_file()}
    own = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*") if path.is_file()}
    assert packed == {path for path in own if "__pycache__" not in path.parts}
    code = f"import sys; sys.path.insert(0, {str(target)!r}); import bridge; print(bridge.__file__, bridge.__version__)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(target / "bridge/__init__.py"), bridge.__version__]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert own_wheel(tmp_path).read_bytes() == own_wheel(tmp_path / "other").read_bytes()


def test_a_bridge_that_is_not_installed_needs_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(module, "distribution", missing)
    assert told(own_wheel(tmp_path)) == ("lambda-bridge", bridge.__version__, ["pybase64>=1.4"])


def test_metadata_of_another_version_that_is_installed_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.dist-info").mkdir()
    (tmp_path / "other.dist-info" / "METADATA").write_text("Name: lambda-bridge\nVersion: 99\nRequires-Dist: other\n")
    found = metadata.Distribution.at(tmp_path / "other.dist-info")
    monkeypatch.setattr(module, "distribution", lambda _: found)
    assert told(own_wheel(tmp_path))[1:] == (bridge.__version__, ["pybase64>=1.4"])


def test_what_is_installed_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.dist-info").mkdir()
    text = f"Name: lambda-bridge\nVersion: {bridge.__version__}\nRequires-Dist: pybase64>=1.5\n"
    (tmp_path / "own.dist-info" / "METADATA").write_text(text)
    found = metadata.Distribution.at(tmp_path / "own.dist-info")
    monkeypatch.setattr(module, "distribution", lambda _: found)
    assert told(own_wheel(tmp_path)) == ("lambda-bridge", bridge.__version__, ["pybase64>=1.5"])


@pytest.mark.parametrize("requirement", ["lambda-bridge", "Lambda_Bridge", f"lambda-bridge=={bridge.__version__}"])
def test_a_project_gets_the_bridge_that_runs_where_no_index_has_it(
    requirement: str, bare: Path, wheels: Path, tmp_path: Path
) -> None:
    (bare / "requirements.txt").write_text(requirement)
    wheel(wheels, "pybase64", {"pybase64/__init__.py": ""}, version="1.5")
    assert main(["package", str(bare), "-o", str(tmp_path / "function.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        assert {"bridge/handler.py", "pybase64/__init__.py", "app.py"} <= set(archive.namelist())


@pytest.mark.parametrize(
    ("requirement", "complaint"),
    [
        ("nowhere", "there is no wheel of nowhere for"),
        ("lambda-bridge==99", f"Cannot install lambda-bridge {bridge.__version__} "),
    ],
)
def test_what_else_is_missing_is_named(
    requirement: str, complaint: str, bare: Path, wheels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare / "requirements.txt").write_text(requirement)
    assert main(["package", str(bare), "-o", str(tmp_path / "function.zip")]) == 2
    assert complaint in capsys.readouterr().err


def test_an_index_that_has_bridge_is_asked_first(bare: Path, wheels: Path, tmp_path: Path) -> None:
    (bare / "requirements.txt").write_text("lambda-bridge")
    wheel(wheels, "lambda_bridge", {"bridge/__init__.py": "FROM = 'the index'\n"}, version="0.0.1")
    assert main(["package", str(bare), "-o", str(tmp_path / "function.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        assert archive.read("bridge/__init__.py") == b"FROM = 'the index'\n"
