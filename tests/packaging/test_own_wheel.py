"""The wheel that Bridge makes of itself is one that pip installs, and that works."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib import metadata
from pathlib import Path

import pytest

import bridge
from bridge._command.packaging import own_wheel as module
from bridge._command.packaging.own_wheel import own_wheel

PACKAGE = Path(bridge.__file__).parent


def told(wheel: Path) -> tuple[str, str, list[str]]:
    with zipfile.ZipFile(wheel) as archive:
        found = message_from_bytes(archive.read(f"lambda_bridge-{bridge.__version__}.dist-info/METADATA"))
    return found["Name"], found["Version"], found.get_all("Requires-Dist", [])


def test_pip_installs_it(tmp_path: Path) -> None:
    wheel = own_wheel(tmp_path)
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", target, wheel], check=True)
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
