"""Versions of Python, architectures, and what fits them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.tags import cpython_tags, parse_tag

from bridge._command.packaging.distributions import Distribution
from bridge._command.packaging.entries import Entry
from bridge._command.packaging.errors import PackagingError
from bridge._command.packaging.extensions import guess, misfits
from bridge._command.packaging.interpreter import find
from bridge._command.packaging.platforms import (
    MAGIC_NUMBERS,
    RUNNING,
    Platform,
    elf_architecture,
    version,
)

from .wheels import library


def entry(name: str, data: bytes = b"") -> Entry:
    return Entry(name, len(data), 0, False, lambda: data)


@pytest.mark.parametrize("python", MAGIC_NUMBERS)
def test_the_magic_number_is_that_of_an_interpreter(python: str) -> None:
    try:
        interpreter = find(Platform(python, "arm64"))
    except PackagingError as error:
        pytest.skip(str(error))
    script = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
    said = subprocess.run([interpreter, "-c", script], capture_output=True, text=True, check=True).stdout
    assert MAGIC_NUMBERS[python].to_bytes(2, "little").hex() + "0d0a" == said.strip()


def test_a_future_version_has_no_magic_number_that_is_known() -> None:
    assert Platform("3.99", "arm64").magic_number is None


@pytest.mark.parametrize(("python", "newest"), [("3.11", 26), ("3.12", 34), ("3.13", 34), ("3.14", 34)])
@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_wheels_may_be_as_new_as_the_glibc_of_the_runtime(
    python: str, newest: int, architecture: str, machine: str
) -> None:
    tags = Platform(python, architecture).wheel_platforms
    assert tags[0] == f"manylinux_2_{newest}_{machine}"
    assert f"manylinux_2_{newest + 1}_{machine}" not in tags
    assert {f"manylinux_2_17_{machine}", f"manylinux2014_{machine}", f"linux_{machine}"} <= set(tags)
    assert ("manylinux1_x86_64" in tags) == (architecture == "x86_64")


@pytest.mark.parametrize("text", ["3.13", "python3.13"])
def test_a_version_may_be_written_as_lambda_writes_it(text: str) -> None:
    assert version(text) == "3.13"


@pytest.mark.parametrize("text", ["", "3", "3.13.1", "2.7", "nodejs22.x"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(PackagingError, match=r"a version such as 3\.13"):
        version(text)


def test_a_library_s_architecture_is_in_its_first_bytes() -> None:
    assert elf_architecture(library("arm64")) == "arm64"
    assert elf_architecture(library("x86_64")[:18] + b"\xf3\x00" + bytes(9)) == "machine 243"
    assert elf_architecture(b"MZ" + bytes(30)) is None
    assert elf_architecture(b"\x7fELF") is None


def test_this_python_s_own_library_has_this_machine_s_architecture() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("ELF is Linux's")
    import platform

    head = Path(sys.executable).resolve().read_bytes()[:20]
    assert elf_architecture(head) == {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def test_files_show_what_they_are_for() -> None:
    files = [
        entry("a/_a.cpython-312-aarch64-linux-gnu.so", library("arm64")),
        entry("b/libb.so.2", library("arm64")),
        entry("b.libs/c.so.1.2.3", library("arm64")),
    ]
    assert guess(files, None, None) == Platform("3.12", "arm64")
    assert guess(files, "3.13", "x86_64") == Platform("3.13", "x86_64")


def test_bytecode_shows_the_version_where_nothing_else_does() -> None:
    stale = [entry(f"a/__pycache__/{name}.cpython-311.pyc") for name in "abc"]
    assert guess(stale, None, None).python == "3.11"
    assert guess([*stale, entry("a/_a.cpython-313-x86_64-linux-gnu.so")], None, None).python == "3.13"


def test_a_wheel_s_tag_shows_the_version_where_libraries_do_not() -> None:
    files = [entry("a-1.dist-info/METADATA", b"Name: a\n"), entry("a-1.dist-info/WHEEL", b"Tag: cp312-cp312-any\n")]
    assert guess(files, None, None) == Platform("3.12", "x86_64")


def test_files_that_show_nothing_are_for_this_python_and_for_lambda_s_default() -> None:
    odd = entry("a/odd.so", library("arm64")[:18] + b"\xf3\x00" + bytes(9))
    for files in ([], [entry("app.py")], [entry("a/data.so", b"text")], [odd]):
        assert guess(files, None, None) == Platform(RUNNING, "x86_64")


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("cp313-cp313-manylinux_2_17_aarch64", True),
        ("cp313-cp313-manylinux2014_aarch64", True),
        ("cp313-cp313-linux_aarch64", True),
        ("cp39-abi3-manylinux_2_34_aarch64", True),
        ("cp37-none-manylinux_2_17_aarch64", True),
        ("py3-none-manylinux_2_17_aarch64", True),
        ("cp314-abi3-manylinux_2_17_aarch64", False),
        ("cp313-cp313-manylinux_2_35_aarch64", False),
        ("cp313-cp313-manylinux_2_17_x86_64", False),
        ("cp312-cp312-manylinux_2_17_aarch64", False),
        ("cp313-cp313-musllinux_1_2_aarch64", False),
        ("cp313-cp313-macosx_11_0_arm64", False),
        ("cp313-cp313-win_amd64", False),
    ],
)
def test_a_wheel_fits_by_its_tag(tag: str, fits: bool) -> None:
    platform = Platform("3.13", "arm64")
    files = [entry("a-1.dist-info/METADATA", b"Name: A_b\n"), entry("a-1.dist-info/WHEEL", f"Tag: {tag}\n".encode())]
    assert misfits(files, platform) == ([] if fits else [f"a-b is from a wheel for {tag}"])
    # The library of the packaging project says the same, for a version of Python that can do with any of its tags.
    known = set(cpython_tags((3, 13), ["cp313"], platform.wheel_platforms)) | parse_tag("py3-none-any")
    known |= {found for each in platform.wheel_platforms for found in parse_tag(f"py3-none-{each}")}
    if "cp37-none" not in tag:
        assert bool(parse_tag(tag) & known) is fits


def test_a_library_is_looked_at_where_no_wheel_is_known() -> None:
    files = [
        entry("good.so", library("arm64")),
        entry("bad.so", library("x86_64")),
        entry("mac.so", b"\xcf\xfa\xed\xfe" + bytes(30)),
    ]
    assert misfits(files, Platform("3.13", "arm64")) == [
        "bad.so is for x86_64",
        "mac.so is for another system than Linux",
    ]


def test_a_wheel_that_does_not_fit_is_blamed_once() -> None:
    files = [
        entry("a/_a.so", library("x86_64")),
        entry("a-1.dist-info/METADATA", b"Name: a\n"),
        entry("a-1.dist-info/RECORD", b"a/_a.so,,\n"),
        entry("a-1.dist-info/WHEEL", b"Tag: cp313-cp313-manylinux_2_17_x86_64\n"),
    ]
    assert len(misfits(files, Platform("3.13", "arm64"))) == 1


def test_a_distribution_says_what_it_needs() -> None:
    from bridge._command.packaging.distributions import distributions

    metadata = (
        b"Name: A.b\nRequires-Dist: c-d>=1; python_version>'3'\nRequires-Dist: e; extra == 'x'\nRequires-Dist: F\n"
    )
    files = {
        each.name: each
        for each in (
            entry("python/a-1.dist-info/METADATA", metadata),
            entry("python/a-1.dist-info/entry_points.txt", b"[console_scripts]\nrun = a:b\n[other]\nx = a:c\n"),
            entry("python/a-1.dist-info/RECORD", b'a.py,sha256=x,1\n"b,c.py",,\n../bin/run,,\n'),
        )
    }
    files |= {name: entry(name) for name in ("x-1.dist-info/METADATA", "no.dist-info/WHEEL")}
    assert distributions(files) == [
        Distribution(
            "a-b",
            "python/",
            "python/a-1.dist-info/",
            frozenset({"python/a.py", "python/b,c.py", "bin/run"}),
            ("run",),
            frozenset({"c-d", "f"}),
            (),
        ),
        Distribution("", "", "x-1.dist-info/", frozenset(), (), frozenset(), ()),
    ]


def test_entry_points_that_cannot_be_read_are_none() -> None:
    from bridge._command.packaging.distributions import distributions

    names = {"METADATA": b"Name: a\n", "entry_points.txt": b"run = without a section"}
    (found,) = distributions({f"a-1.dist-info/{name}": entry(name, data) for name, data in names.items()})
    assert found.scripts == ()
