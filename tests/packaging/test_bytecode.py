"""Bytecode: made so that no packer spoils it, and judged as Python judges it."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import py_compile
import runpy
import shutil
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge._command.packaging import compiler
from bridge._command.packaging.bytecode import Bytecode, states
from bridge._command.packaging.entries import of, of_folder
from bridge._command.packaging.errors import PackagingError
from bridge._command.packaging.interpreter import compile_folder, find
from bridge._command.packaging.platforms import MAGIC_NUMBERS, RUNNING, Platform

HERE = Platform(RUNNING, "x86_64")
MODES = py_compile.PycInvalidationMode
MODULES = {"app.py": "import package.module\n", "package/__init__.py": "", "package/module.py": "X = {'a', 'b', 'c'}\n"}


def tree(folder: Path, mode: py_compile.PycInvalidationMode | None) -> Path:
    """Modules, with bytecode of some mode, changed at odd and even seconds."""
    for number, (name, source) in enumerate(MODULES.items()):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
        os.utime(file, (1_700_000_001 + number, 1_700_000_001 + number))
        if mode is not None:
            py_compile.compile(str(file), doraise=True, invalidation_mode=mode)
    return folder


def judged(path: Path, platform: Platform = HERE) -> list[Bytecode]:
    magic_number = platform.magic_number
    assert magic_number is not None
    found = states(of(path), platform, magic_number)
    assert list(found) == sorted(MODULES)
    return list(found.values())


def compiled_on_import(folder: Path) -> list[str]:
    """What a start compiles of a folder, as Python's own audit events say."""
    script = (
        "import sys\n"
        "found = []\n"
        "def hook(event, arguments):\n"
        f"    if event == 'compile' and str(arguments[1]).startswith({str(folder)!r}): found.append(arguments[1])\n"
        "sys.addaudithook(hook)\n"
        f"sys.path.insert(0, {str(folder)!r})\n"
        "import app\n"
        "print(*found)\n"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    environ["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout.split()


def unpacked(archive: Path, folder: Path) -> Path:
    """An archive as unzip leaves it: with the dates that it says."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
        for info in opened.infolist():
            if not info.is_dir() and info.date_time[1]:
                seconds = time.mktime((*info.date_time, 0, 0, -1))
                os.utime(folder / info.filename, (seconds, seconds))
    return folder


def dated(date: tuple[int, int, int, int, int, int]) -> Callable[[Path, Path], None]:
    def pack(folder: Path, archive: Path) -> None:
        with zipfile.ZipFile(archive, "w") as opened:
            for entry in of_folder(folder):
                opened.writestr(zipfile.ZipInfo(entry.name, date), entry.read())

    return pack


def by_zipfile(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as opened:
        for entry in of_folder(folder):
            opened.write(folder / entry.name, entry.name)


def by_zip(*options: str) -> Callable[[Path, Path], None]:
    def pack(folder: Path, archive: Path) -> None:
        if shutil.which("zip") is None:
            pytest.skip("there is no zip command here")
        subprocess.run(["zip", "-qr", *options, archive, "."], cwd=folder, check=True)

    return pack


PACKERS: dict[str, Callable[[Path, Path], None]] = {
    "sam, cdk: all of 1980": dated((1980, 1, 1, 0, 0, 0)),
    "terraform: all of 2049": dated((2049, 1, 1, 0, 0, 0)),
    "no date at all": dated((1980, 0, 0, 0, 0, 0)),
    "zipfile: even seconds": by_zipfile,
    "zip": by_zip(),
    "zip -X: even seconds": by_zip("-X"),
}


@pytest.mark.parametrize("packer", PACKERS)
def test_a_start_compiles_nothing_whoever_packed(packer: str, tmp_path: Path) -> None:
    folder = tree(tmp_path / "function", None)
    assert compile_folder(sys.executable, folder, list(MODULES), "/var/task/") == {}
    PACKERS[packer](folder, tmp_path / "function.zip")
    assert judged(tmp_path / "function.zip") == [Bytecode.GOOD] * 3
    assert compiled_on_import(unpacked(tmp_path / "function.zip", tmp_path / "task")) == []


@pytest.mark.parametrize(
    ("packer", "good"),
    [
        ("sam, cdk: all of 1980", 0),
        ("terraform: all of 2049", 0),
        ("no date at all", 0),
        ("zipfile: even seconds", 1),
        ("zip", 3),
        ("zip -X: even seconds", 1),
    ],
)
def test_bytecode_with_dates_is_judged_as_a_start_judges_it(
    packer: str, good: int, tmp_path: Path, in_utc: None
) -> None:
    folder = tree(tmp_path / "function", MODES.TIMESTAMP)
    PACKERS[packer](folder, tmp_path / "function.zip")
    found = judged(tmp_path / "function.zip")
    assert (found.count(Bytecode.DATED), found.count(Bytecode.STALE)) == (good, 3 - good)
    if packer != "zip":  # its dates to the second are in an extra field, which Python's zipfile does not read
        compiled = compiled_on_import(unpacked(tmp_path / "function.zip", tmp_path / "task"))
        assert len(compiled) == 3 - good


@pytest.mark.parametrize("mode", [MODES.CHECKED_HASH, MODES.UNCHECKED_HASH])
def test_a_hash_is_compared_with_the_source(mode: py_compile.PycInvalidationMode, tmp_path: Path) -> None:
    folder = tree(tmp_path, mode)
    assert judged(folder) == [Bytecode.GOOD] * 3
    (folder / "app.py").write_text("import package\n")
    expected = Bytecode.STALE if mode is MODES.CHECKED_HASH else Bytecode.CHANGED
    assert judged(folder) == [expected, Bytecode.GOOD, Bytecode.GOOD]
    assert len(compiled_on_import(folder)) == (mode is MODES.CHECKED_HASH)


@pytest.mark.parametrize("python", MAGIC_NUMBERS)
def test_bytecode_of_another_version_is_made_and_judged_here(python: str, tmp_path: Path) -> None:
    platform = Platform(python, "arm64")
    try:
        interpreter = find(platform)
    except PackagingError as error:
        pytest.skip(str(error))
    folder = tree(tmp_path, None)
    assert compile_folder(interpreter, folder, list(MODULES), "/var/task/") == {}
    assert judged(folder, platform) == [Bytecode.GOOD] * 3
    other = Platform("3.12" if python != "3.12" else "3.13", "arm64")
    assert judged(folder, other) == [Bytecode.FOREIGN] * 3


def test_bytecode_that_is_cut_short_or_of_another_version_is_not_used(tmp_path: Path) -> None:
    folder = tree(tmp_path, MODES.UNCHECKED_HASH)
    cache = Path(importlib.util.cache_from_source(str(folder / "app.py")))
    data = cache.read_bytes()
    cache.write_bytes(data[:15])
    assert judged(folder)[0] is Bytecode.STALE
    cache.write_bytes(b"\x00\x00\r\n" + data[4:])
    assert judged(folder)[0] is Bytecode.FOREIGN
    cache.unlink()
    assert judged(folder)[0] is Bytecode.MISSING


def test_a_template_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "template.py").write_text("{{ name }} = not Python\n")
    (tmp_path / "zeros.py").write_bytes(b"x = 1\x00\n")
    magic_number = HERE.magic_number
    assert magic_number is not None
    assert states(of(tmp_path), HERE, magic_number) == {}
    other = Platform("3.99", "arm64")  # which may know more words
    assert set(states(of(tmp_path), other, b"\x00\x00\r\n").values()) == {Bytecode.MISSING}


def test_the_compiler_says_what_it_cannot_compile(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("x = '\\d'\n")  # a warning, which is an error in these tests
    (tmp_path / "bad.py").write_text("def\n")
    (tmp_path / "deep.py").write_text("x = " + "-" * 100_000 + "1\n")
    (tmp_path / "zeros.py").write_bytes(b"x = 1\x00\n")
    names = ["good.py", "bad.py", "deep.py", "zeros.py", "absent.py"]
    errors = compiler.compile_files(str(tmp_path), names, "/var/task/")
    assert set(errors) == {"bad.py", "deep.py", "zeros.py", "absent.py"}
    assert "invalid syntax" in errors["bad.py"]
    assert sorted(file.name for file in tmp_path.glob("__pycache__/*")) == [f"good.{sys.implementation.cache_tag}.pyc"]


def test_the_compiler_reads_and_writes_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.py").write_text("def\n")
    order = {"root": str(tmp_path), "names": ["bad.py"], "prefix": "/var/task/"}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(order)))
    runpy.run_path(compiler.__file__, run_name="__main__")
    assert list(json.loads(capsys.readouterr().out)) == ["bad.py"]


def test_tracebacks_name_the_place_on_lambda(tmp_path: Path) -> None:
    folder = tree(tmp_path, None)
    compile_folder(sys.executable, folder, list(MODULES), "/var/task/")
    for name in MODULES:
        data = Path(importlib.util.cache_from_source(str(folder / name))).read_bytes()
        assert f"/var/task/{name}".encode() in data
        assert str(tmp_path).encode() not in data


def test_an_interpreter_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="could not compile"):
        compile_folder(shutil.which("false") or "false", tmp_path, ["app.py"], "/var/task/")


def test_a_date_to_the_second_is_found_among_other_fields(tmp_path: Path) -> None:
    seconds = 1_700_000_001
    stamp = struct.pack("<HHBi", 0x5455, 5, 1, seconds)
    fields = {
        "alone.py": stamp,
        "after.py": struct.pack("<HHI", 0x7875, 4, 0) + stamp,
        "accessed.py": struct.pack("<HHBi", 0x5455, 5, 2, seconds),
    }
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as opened:
        for name, extra in fields.items():
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.extra = extra
            opened.writestr(info, "")
    found = {entry.name: entry.modified for entry in of(tmp_path / "function.zip")}
    assert found == {"alone.py": seconds, "after.py": seconds, "accessed.py": 1_577_836_800}
