"""`bridge package`: what goes into an archive, a layer or a folder, and that it is always the same."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bridge._command.packaging import installer, package, sizes
from bridge._command.packaging.errors import PackagingError
from bridge._command.packaging.interpreter import find
from bridge._command.packaging.platforms import RUNNING, Platform

from .conftest import Bridge
from .test_bytecode import compiled_on_import, unpacked
from .wheels import library

TAG = f"cpython-{RUNNING.replace('.', '')}"


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def sources(archive: Path) -> set[str]:
    return {name for name in names(archive) if not name.endswith(".pyc") and ".dist-info/" not in name}


def test_a_project_becomes_an_archive(archive: Path, bridge: Bridge) -> None:
    assert sources(archive) == {
        "app.py",
        "greeting/__init__.py",
        "greeting/data.txt",
        "greeting/words.py",
        "native/__init__.py",
        f"native/_native.{TAG}-aarch64-linux-gnu.so",
    }
    for name in names(archive):
        if name.endswith(".py"):
            folder, _, file = name.rpartition("/")
            assert f"{folder}/__pycache__/{file[:-3]}.{TAG}.pyc".lstrip("/") in names(archive)
    assert bridge("check", archive) == 0


def test_a_start_from_it_compiles_nothing(archive: Path, tmp_path: Path) -> None:
    assert compiled_on_import(unpacked(archive, tmp_path / "task")) == []


def test_the_same_input_gives_the_same_bytes_and_the_command_says_what_it_does(
    archive: Path, project: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in project.iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
        file.chmod(0o600)
    before = os.umask(0o077)
    try:
        output = tmp_path / "other.zip"
        assert bridge("package", project, "-o", output, "--arch", "arm64") == 0
    finally:
        os.umask(before)
    assert archive.read_bytes() == output.read_bytes()
    said = capsys.readouterr().out
    assert f"{output}: Python {RUNNING} on arm64, from requirements.txt" in said
    assert "4 modules with bytecode that Lambda uses" in said
    assert (
        "left out: C sources, headers, static libraries (1), command-line scripts (1), "
        "metadata that no import reads (3), tests (2), type stubs (1)"
    ) in said


def test_permissions_dates_and_order_are_fixed(bare: Path, tmp_path: Path, bridge: Bridge) -> None:
    (bare / "bootstrap").write_text("#!/bin/sh\n")
    (bare / "bootstrap").chmod(0o700)
    bridge("package", bare, "-o", tmp_path / "function.zip")
    with zipfile.ZipFile(tmp_path / "function.zip") as opened:
        infos = opened.infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    modes = {info.filename: stat.filemode(info.external_attr >> 16) for info in infos}
    assert modes.pop("bootstrap") == "-rwxr-xr-x"
    assert set(modes.values()) == {"-rw-r--r--"}


@pytest.mark.parametrize(
    ("python", "architecture"), [("3.11", "arm64"), ("3.12", "x86_64"), ("3.13", "arm64"), ("3.14", "x86_64")]
)
def test_wheels_and_bytecode_are_those_of_the_platform(
    python: str, architecture: str, project: Path, tmp_path: Path, bridge: Bridge
) -> None:
    try:
        find(Platform(python, architecture))
    except PackagingError as error:
        pytest.skip(str(error))
    output = tmp_path / "function.zip"
    assert bridge("package", project, "-o", output, "--python", python, "--arch", architecture) == 0
    machine = {"arm64": "aarch64"}.get(architecture, architecture)
    number = python.replace(".", "")
    (found,) = [name for name in names(output) if name.endswith(".so")]
    assert found == f"native/_native.cpython-{number}-{machine}-linux-gnu.so"
    assert {name.split(".")[-2] for name in names(output) if name.endswith(".pyc")} == {f"cpython-{number}"}
    assert bridge("check", output, "--python", python, "--arch", architecture) == 0


def test_what_reads_metadata_still_finds_it(archive: Path, tmp_path: Path) -> None:
    unpacked(archive, tmp_path / "out")
    (found,) = importlib.metadata.distributions(name="greeting", path=[str(tmp_path / "out")])
    assert found.version == "1.0"
    assert [point.name for point in found.entry_points if point.group == "greetings"] == ["hello"]
    assert {str(file) for file in found.files or ()} >= {"greeting/words.py", "greeting/data.txt"}
    assert all((tmp_path / "out" / str(file)).exists() for file in found.files or ())


def test_a_layer_has_what_the_project_needs_and_not_the_project(project: Path, tmp_path: Path, bridge: Bridge) -> None:
    bridge("package", project, "-o", tmp_path / "layer.zip", "--layer")
    found = names(tmp_path / "layer.zip")
    assert all(name.startswith("python/") for name in found)
    assert "python/greeting/words.py" in found
    assert "python/app.py" not in found
    compiled = zipfile.ZipFile(tmp_path / "layer.zip").read(f"python/greeting/__pycache__/words.{TAG}.pyc")
    assert b"/opt/python/greeting/words.py" in compiled


def test_a_layer_of_nothing_is_refused(tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text("")
    assert bridge("package", tmp_path, "-o", tmp_path / "layer.zip", "--layer") == 2
    assert "there is nothing for a layer" in capsys.readouterr().err


def test_a_project_without_needs_is_its_own_files(
    tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installer, "Installer", None)  # nothing is to be installed
    (tmp_path / "app.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert bridge("package", "-o", "function.zip") == 0
    assert names(Path("function.zip")) == [f"__pycache__/app.{TAG}.pyc", "app.py"]
    assert "from its own files alone" in capsys.readouterr().out
    assert bridge("package", "-o", "function.zip") == 0  # what it has written is no input
    assert "function.zip" not in names(Path("function.zip"))


def test_a_folder_without_files_is_refused(tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".env").write_text("SECRET=1")
    assert bridge("package", tmp_path, "-o", tmp_path / "function.zip") == 2
    assert "has no files for a function" in capsys.readouterr().err


def test_a_dry_run_lists_and_writes_nothing(
    made: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = built(tmp_path / "App", made)
    before = sorted(tmp_path.rglob("*"))
    assert bridge("package", "--finish", folder, "--dry-run", "-o", tmp_path / "function.zip") == 0
    assert sorted(tmp_path.rglob("*")) == before
    said = capsys.readouterr().out
    assert "  greeting/words.py\n" in said
    assert "  left out  greeting/words.pyi (type stubs)\n" in said
    assert f"nothing is written: Python {RUNNING} on x86_64, from {folder}" in said


def test_what_is_only_the_project_s_does_not_go(bare: Path, tmp_path: Path, bridge: Bridge) -> None:
    left_out = [
        ".env",
        ".git/config",
        ".venv/lib/x.py",
        "environment/pyvenv.cfg",
        "node_modules/x.js",
        "tests/test_app.py",
        "template.yaml",
        "terraform.tfstate",
        "main.tf",
        "infrastructure/main.tf",
        "infrastructure/module/x.py",
        "stack/cdk.json",
        "stack/app.py",
        "package/production.tfvars",
        "package/__pycache__/x.cpython-27.pyc",
        "package/.env.production",
        "package/local.env",
        "dist/project-1.0.tar.gz",
        "build/lib/app.py",
        "secret/keys.txt",
        "notes.txt",
        "package/notes.txt",
    ]
    kept = ["package/template.yaml", "static/.well-known/x.txt", "web/dist/index.html", "web/build/index.js", "LICENSE"]
    for name in [*left_out, *kept]:
        (bare / name).parent.mkdir(parents=True, exist_ok=True)
        (bare / name).write_text("")
    output = tmp_path / "function.zip"
    assert bridge("package", bare, "-o", output, "--exclude", "secret/", "--exclude", "*.txt") == 0
    assert set(names(output)) & set(left_out) == set()
    assert set(kept) - set(names(output)) == {"static/.well-known/x.txt"}
    assert "app.py" in names(output)


def test_a_frontend_that_was_built_goes(bare: Path, tmp_path: Path, bridge: Bridge) -> None:
    for name in ("dist/index.html", "build/index.html"):
        (bare / name).parent.mkdir()
        (bare / name).write_text("")
    bridge("package", bare, "-o", tmp_path / "function.zip")
    assert {"dist/index.html", "build/index.html"} <= set(names(tmp_path / "function.zip"))


def test_links_are_followed_and_a_circle_ends(bare: Path, tmp_path: Path, bridge: Bridge) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "common.py").write_text("")
    (bare / "shared").symlink_to(shared)
    (bare / "circle").symlink_to(bare)
    (bare / "broken").symlink_to(bare / "nowhere")
    bridge("package", bare, "-o", tmp_path / "function.zip")
    found = sources(tmp_path / "function.zip")
    assert "shared/common.py" in found
    assert not [name for name in found if name.startswith(("circle", "broken"))]


def test_a_package_without_a_wheel_is_named(
    project: Path, wheels: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in wheels.glob("native-*aarch64.whl"):
        file.unlink()
    assert bridge("package", project, "-o", tmp_path / "function.zip", "--arch", "arm64") == 2
    said = capsys.readouterr().err
    assert f"there is no wheel of native for Python {RUNNING} on arm64 (glibc 2." in said
    assert "PIP_FIND_LINKS" in said
    assert not (tmp_path / "function.zip").exists()


def test_another_failure_of_pip_is_shown(
    project: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "requirements.txt").write_text("this is no requirement\n")
    assert bridge("package", project, "-o", tmp_path / "function.zip") == 2
    said = capsys.readouterr().err
    assert "could not install:" in said
    assert "Invalid requirement" in said


def test_a_version_without_an_interpreter_is_refused_before_anything_is_done(
    project: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bridge("package", project, "-o", tmp_path / "function.zip", "--python", "3.99") == 2
    assert "bytecode for Python 3.99 takes a Python 3.99" in capsys.readouterr().err


def test_a_mistake_in_own_code_is_told(
    bare: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (bare / "broken.py").write_text("def\n")
    assert bridge("package", bare, "-o", tmp_path / "function.zip") == 0
    assert "broken.py has no bytecode: invalid syntax (broken.py, line 1)" in capsys.readouterr().err


def test_too_much_for_lambda_is_an_error_that_names_the_heaviest(
    bare: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "UNPACKED", 3_000_000)
    (bare / "model.bin").write_bytes(bytes(4_000_000))
    assert bridge("package", bare, "-o", tmp_path / "function.zip") == 2
    assert "3.8 MB unpacked, and Lambda takes 2.9 MB" in (said := capsys.readouterr().err)
    assert "Heaviest: model.bin 3.8 MB, " in said
    assert bridge("package", bare, "--dry-run") == 2
    assert " 4,000,000  model.bin\n" in capsys.readouterr().out


def test_too_much_for_an_upload_is_told(
    bare: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "ZIPPED", 100)
    assert bridge("package", bare, "-o", tmp_path / "function.zip") == 0
    assert "too large for a direct upload" in capsys.readouterr().out


def test_the_limits_are_lambda_s() -> None:
    assert (sizes.UNPACKED, sizes.ZIPPED) == (262_144_000, 52_428_800)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere", "-o", "x.zip"], "there is no folder 'nowhere'"),
        (["project/app.py", "-o", "x.zip"], "there is no folder 'project/app.py'"),
        (["project"], "where to?"),
        (["project", "-o", "x.zip", "--python", "3"], "a version such as 3.13, not '3'"),
        (["project", "-o", "x.zip", "-r", "absent.txt"], "there is no 'absent.txt'"),
        (["project", "--finish", "--layer"], "--finish takes FOLDER as it is"),
        (["project", "-o", "wheels"], "'wheels' is there already, and is no empty folder"),
        (["project", "-o", "project/app.py"], "is there already, and is no empty folder"),
        (["project/app.py", "--finish"], "is neither a folder nor a zip archive"),
    ],
)
def test_a_command_line_that_cannot_work_is_refused(
    arguments: list[str],
    complaint: str,
    project: Path,
    bridge: Bridge,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(project.parent)
    assert bridge("package", *arguments) == 2
    assert complaint in capsys.readouterr().err


def built(folder: Path, wheels: Path, architecture: str = "x86_64") -> Path:
    """A folder as `sam build` leaves it: wheels unpacked, own code beside them, no bytecode."""
    machine = {"arm64": "aarch64"}.get(architecture, architecture)
    number = RUNNING.replace(".", "")
    for file in (*wheels.glob("greeting*.whl"), *wheels.glob(f"native-1.0-cp{number}*{machine}.whl")):
        with zipfile.ZipFile(file) as opened:
            opened.extractall(folder)
    (folder / "app.py").write_text("import greeting\n")
    return folder


def test_a_folder_that_sam_left_is_finished_in_place(
    wheels: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = built(tmp_path / "App", wheels, "arm64")
    stale = folder / "greeting" / "__pycache__" / "gone.cpython-27.pyc"
    stale.parent.mkdir()
    stale.write_bytes(b"")
    assert bridge("check", folder) == 1
    assert bridge("package", "--finish", folder) == 0
    assert f"{folder}: Python {RUNNING} on arm64, from {folder}" in capsys.readouterr().out
    assert bridge("check", folder) == 0
    assert not stale.exists()
    assert not (folder / "greeting" / "tests").exists()
    assert (folder / "greeting" / "data.txt").exists()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert bridge("package", "--finish", folder, "-o", folder) == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_an_archive_is_finished_in_place(wheels: Path, tmp_path: Path, bridge: Bridge) -> None:
    folder = built(tmp_path / "App", wheels)
    archive = Path(shutil.make_archive(str(tmp_path / "function"), "zip", folder))
    assert bridge("check", archive) == 1
    assert bridge("package", "--finish", archive) == 0
    assert bridge("check", archive) == 0
    assert compiled_on_import(unpacked(archive, tmp_path / "task")) == []


def test_a_folder_is_finished_elsewhere(wheels: Path, tmp_path: Path, bridge: Bridge) -> None:
    folder = built(tmp_path / "App", wheels)
    assert bridge("package", "--finish", folder, "-o", tmp_path / "deep" / "function.zip") == 0
    assert bridge("check", tmp_path / "deep" / "function.zip") == 0
    assert bridge("check", folder) == 1
    assert bridge("package", "--finish", folder, "-o", tmp_path / "function") == 0
    assert bridge("check", tmp_path / "function") == 0


def test_a_folder_for_another_platform_is_left_as_it_is(
    wheels: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = built(tmp_path / "App", wheels)
    before = sorted(folder.rglob("*"))
    assert bridge("package", "--finish", folder, "--arch", "arm64", "--python", RUNNING) == 2
    assert "native is from a wheel for" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


def test_an_archive_with_a_name_that_leads_out_is_refused(
    tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("../evil.py", "/evil.py"):
        with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
            opened.writestr(name, "")
        assert bridge("package", "--finish", tmp_path / "evil.zip") == 2
        assert "leads out of its folder" in capsys.readouterr().err


def test_bytecode_without_a_source_stays(tmp_path: Path, bridge: Bridge) -> None:
    folder = tmp_path / "App"
    folder.mkdir()
    (folder / "secret.pyc").write_bytes(b"compiled")
    (folder / "bare-1.0.dist-info").mkdir()
    (folder / "bare-1.0.dist-info" / "METADATA").write_text("Name: bare\n")  # and no RECORD, as some builds leave it
    (folder / "app.py").write_text("")
    bridge("package", "--finish", folder)
    assert (folder / "secret.pyc").read_bytes() == b"compiled"


def test_the_command_is_installed(bare: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bridge", "package", str(bare), "-o", str(tmp_path / "function.zip")]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""


def test_a_library_without_a_wheel_is_looked_at(
    tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / "own.so").write_bytes(library("x86_64"))
    assert bridge("package", tmp_path, "--dry-run", "--arch", "arm64") == 2
    assert "own.so is for x86_64" in capsys.readouterr().err
