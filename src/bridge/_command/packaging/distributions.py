"""The installed distributions among some files, by their metadata.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import configparser
import csv
import posixpath
import re
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .entries import Entry


@dataclass(frozen=True)
class Distribution:
    """What has been installed from one wheel.

    Attributes:
        name: in its normal form, as in "typing-extensions".
        root: where it has been installed: "" or a folder such as "python/".
        folder: of its metadata, with a slash at the end.
        files: the names that its RECORD has, as seen from the function's folder.
        scripts: the names of its commands.
        requires: the normal names of what it needs without any extra.
        tags: of its wheel, as in "cp313-cp313-manylinux_2_17_aarch64".
    """

    name: str
    root: str
    folder: str
    files: frozenset[str]
    scripts: tuple[str, ...]
    requires: frozenset[str]
    tags: tuple[str, ...]


def distributions(files: Mapping[str, Entry]) -> list[Distribution]:
    """Return the distributions whose metadata is among some files."""
    ending = ".dist-info/METADATA"
    return [_distribution(name.removesuffix("METADATA"), files) for name in sorted(files) if name.endswith(ending)]


def _distribution(folder: str, files: Mapping[str, Entry]) -> Distribution:
    def text(name: str) -> bytes:
        entry = files.get(folder + name)
        return entry.read() if entry else b""

    root = folder.rstrip("/").rpartition("/")[0]
    root = root + "/" if root else ""
    headers = BytesHeaderParser().parsebytes(text("METADATA"))
    requirements = [line for line in headers.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = [re.match(r"[\w.-]*", requirement) for requirement in requirements]
    return Distribution(
        name=normal_name(headers.get("Name", "")),
        root=root,
        folder=folder,
        files=frozenset(posixpath.normpath(root + row[0]) for row in rows(text("RECORD"))),
        scripts=_scripts(text("entry_points.txt").decode("utf-8", "replace")),
        requires=frozenset(normal_name(name[0]) for name in names if name),
        tags=tuple(BytesHeaderParser().parsebytes(text("WHEEL")).get_all("Tag", [])),
    )


def normal_name(name: str) -> str:
    """Return a distribution's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def rows(record: bytes) -> list[list[str]]:
    """Return the rows of a RECORD: path, hash, size."""
    return [row for row in csv.reader(record.decode("utf-8", "replace").splitlines()) if row]


def _scripts(entry_points: str) -> tuple[str, ...]:
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    try:
        parser.read_string(entry_points)
    except configparser.Error:
        return ()
    return tuple(
        name for kind in ("console_scripts", "gui_scripts") if parser.has_section(kind) for name in parser[kind]
    )


def trimmed_record(record: bytes, root: str, names: Mapping[str, object]) -> bytes:
    """Return a RECORD of what is there, without hashes and sizes.

    `importlib.metadata.files` reads the paths. The rest is for those who uninstall.

    Args:
        record: as it was installed.
        root: where.
        names: what there is in the function's folder.
    """
    kept = sorted(row[0] for row in rows(record) if posixpath.normpath(root + row[0]) in names)
    return "".join(f'"{path}",,\n' if "," in path else f"{path},,\n" for path in kept).encode()
