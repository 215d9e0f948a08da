"""Zip archives and folders for Lambda: the same files give the same bytes."""

from __future__ import annotations

import os
import shutil
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .entries import Entry

DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file in an archive: the oldest that a zip archive can say."""

_UNIX = 3
_REGULAR = 0o100000


def write_archive(entries: Iterable[Entry], file: Path, prefix: str = "") -> None:
    """Write a zip archive: sorted, dated 1980, readable for all, as Lambda demands.

    Args:
        entries: the files.
        file: where.
        prefix: goes before each name.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".part")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for entry in sorted(entries, key=lambda entry: entry.name):
            info = zipfile.ZipInfo(prefix + entry.name, DATE)
            info.create_system = _UNIX
            info.external_attr = (_REGULAR | (0o755 if entry.executable else 0o644)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.read(), compresslevel=9)
    os.replace(unfinished, file)


def write_folder(entries: Iterable[Entry], folder: Path, prefix: str = "") -> None:
    """Write files into a folder."""
    for entry in entries:
        file = folder / (prefix + entry.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(entry.read())
        file.chmod(0o755 if entry.executable else 0o644)


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files of a folder, and the folders that have nothing in them then."""
    for name in names:
        path = folder / name
        path.unlink()
        parent = path.parent
        while parent != folder and not any(parent.iterdir()):
            shutil.rmtree(parent)
            parent = parent.parent
