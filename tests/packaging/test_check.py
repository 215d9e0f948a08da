"""`bridge check`: what is wrong with a package, and with which exit status that is said."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from bridge._command.packaging import check
from bridge._command.packaging.interpreter import compile_folder
from bridge._command.packaging.platforms import RUNNING

from .conftest import Bridge
from .test_bytecode import MODES, MODULES, PACKERS, tree
from .test_package import built

OTHER = "3.12" if RUNNING != "3.12" else "3.13"


def test_a_good_archive_is_good(archive: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    assert bridge("check", archive) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{archive}: for Python {RUNNING} on arm64"
    assert said[1] == "  4 of 4 modules have bytecode that Lambda will use"
    assert said[-1] == "  nothing is wrong"
    assert not [line for line in said if "never run" in line]


def test_what_sam_builds_has_no_bytecode(
    made: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = built(tmp_path / "App", made, "arm64")
    assert bridge("check", folder) == 1
    said = capsys.readouterr().out
    assert f"{folder}: for Python {RUNNING} on arm64" in said
    assert "  0 of 6 modules have bytecode" in said
    assert "wrong: 6 with no bytecode: app.py, greeting/__init__.py, greeting/tests/__init__.py and 3 more" in said
    assert f"Run: bridge package --finish {folder}" in said
    assert "never run: C sources, headers, static libraries (1), metadata" not in said
    assert "never run: C sources, headers, static libraries (1), tests (2), type stubs (1)" in said


@pytest.mark.parametrize(("packer", "good"), [("sam, cdk: all of 1980", 0), ("zipfile: even seconds", 1), ("zip", 3)])
def test_bytecode_with_dates_is_as_good_as_the_dates(
    packer: str, good: int, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], in_utc: None
) -> None:
    folder = tree(tmp_path / "function", MODES.TIMESTAMP)
    PACKERS[packer](folder, tmp_path / "function.zip")
    assert bridge("check", tmp_path / "function.zip") == (0 if good == 3 else 1)
    said = capsys.readouterr().out
    assert f"  {good} of 3 modules have bytecode that Lambda will use" in said
    assert ("by their date: another packer may set it" in said) == (good > 0)
    assert (f"wrong: {3 - good} with bytecode with another date or size of its source" in said) == (good < 3)


def test_a_folder_s_dates_do_not_last(tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tree(tmp_path, MODES.TIMESTAMP)
    assert bridge("check", folder) == 1
    assert "wrong: 3 with bytecode that is good as long as the packer keeps the date" in capsys.readouterr().out


def test_bytecode_of_another_version_is_not_used(
    tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree(tmp_path, None)
    compile_folder(sys.executable, folder, list(MODULES), "/var/task/")
    assert bridge("check", folder, "--python", OTHER) == 1
    assert "wrong: 3 with bytecode of another version of Python" in capsys.readouterr().out
    assert bridge("check", folder) == 0


def test_a_source_that_was_changed_after_it_was_compiled_is_told(
    tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree(tmp_path, MODES.UNCHECKED_HASH)
    (folder / "app.py").write_text("changed = 1\n")
    assert bridge("check", folder) == 1
    said = capsys.readouterr().out
    assert "wrong: 1 with bytecode of another source, which Python would not notice: app.py" in said


def test_a_wheel_for_another_architecture_is_wrong(
    archive: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bridge("check", archive, "--arch", "x86_64") == 1
    assert "wrong: native is from a wheel for cp3" in capsys.readouterr().out


def test_sizes_are_compared_with_the_limits(
    archive: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "ZIPPED", 100)
    assert bridge("check", archive) == 0
    assert "it has to be uploaded by way of S3" in capsys.readouterr().out
    monkeypatch.setattr(check, "UNPACKED", 100)
    assert bridge("check", archive) == 1
    assert "unpacked: Lambda takes 0 kB, with all layers" in capsys.readouterr().out


def test_an_archive_with_two_entries_of_a_name_has_the_last(tmp_path: Path, bridge: Bridge) -> None:
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as opened:
        opened.mkdir("folder")
        opened.writestr("app.py", "def\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("app.py", "x = 1\n")
    assert bridge("check", tmp_path / "function.zip") == 1  # the first would be no module


@pytest.mark.parametrize("name", ["absent.zip", "text.zip"])
def test_what_is_neither_a_folder_nor_an_archive_is_refused(
    name: str, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.zip").write_text("text")
    assert bridge("check", tmp_path / name) == 2
    expected = "there is no" if name == "absent.zip" else "is neither a folder nor a zip archive"
    assert expected in capsys.readouterr().err


def test_a_layer_is_checked_too(made: Path, tmp_path: Path, bridge: Bridge) -> None:
    built(tmp_path / "layer" / "python", made)
    shutil.make_archive(str(tmp_path / "layer"), "zip", tmp_path / "layer")
    assert bridge("check", tmp_path / "layer.zip") == 1
    assert bridge("package", "--finish", tmp_path / "layer.zip") == 0
    assert bridge("check", tmp_path / "layer.zip") == 0
