"""The files of a function, in a folder or in a zip archive."""

from __future__ import annotations

import calendar
import os
import struct
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXTENDED_TIMESTAMP = 0x5455
"""The extra field in which Info-ZIP has the time of the last change, in seconds since 1970."""


@dataclass(frozen=True)
class Entry:
    """A file of a function.

    Attributes:
        name: its path in the function's folder, with slashes.
        size: in bytes, unpacked.
        modified: the time of its last change as the function will see it, in seconds since 1970.
        executable: whether its owner may execute it.
        read: returns what it holds.
    """

    name: str
    size: int
    modified: int
    executable: bool
    read: Callable[[], bytes]


def of(path: Path) -> list[Entry]:
    """Return the files of a folder or of a zip archive, sorted by name.

    Raises:
        PackagingError: there is neither.
    """
    if path.is_dir():
        return of_folder(path)
    if not path.exists():
        raise PackagingError(f"there is no {str(path)!r}")
    try:
        return _of_archive(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise PackagingError(f"{str(path)!r} is neither a folder nor a zip archive: {error}") from None


def of_folder(folder: Path, leaves_out: Callable[[str, Path], bool] = lambda name, path: False) -> list[Entry]:
    """Return the files of a folder, sorted by name. Links are followed.

    Args:
        folder: the folder.
        leaves_out: is asked with each file's and each folder's name in `folder` and its path.
    """
    return sorted(_walk(folder, "", (folder.resolve(),), leaves_out), key=lambda entry: entry.name)


def _walk(
    folder: Path, prefix: str, above: tuple[Path, ...], leaves_out: Callable[[str, Path], bool]
) -> Iterator[Entry]:
    for path in folder.iterdir():
        name = prefix + path.name
        if leaves_out(name, path):
            continue
        if path.is_dir():
            real = path.resolve()
            if real not in above:  # a link that leads upward has no end
                yield from _walk(path, name + "/", (*above, real), leaves_out)
        elif path.is_file():
            status = path.stat()
            executable = bool(status.st_mode & 0o100)
            yield Entry(name, status.st_size, int(status.st_mtime), executable, path.read_bytes)


def _of_archive(path: Path) -> list[Entry]:
    archive = zipfile.ZipFile(path)
    found = {}
    for info in archive.infolist():
        if not info.is_dir():
            executable = bool(info.external_attr >> 16 & 0o100)
            # The last of several entries with one name is what is left after unpacking.
            read = partial(archive.read, info)
            found[info.filename] = Entry(info.filename, info.file_size, _modified(info), executable, read)
    return [found[name] for name in sorted(found)]


def _modified(info: zipfile.ZipInfo) -> int:
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == _EXTENDED_TIMESTAMP and length >= 5 and extra[4] & 1:
            return int(struct.unpack_from("<i", extra, 5)[0])
        extra = extra[4 + length :]
    year, month, *rest = info.date_time
    return calendar.timegm((year, min(max(month, 1), 12), *rest))  # some packers leave the date out: month 0


def unpack(path: Path, folder: Path) -> None:
    """Write the files of a folder or archive into another folder, with their times.

    Raises:
        PackagingError: it cannot be read, or has a name that leads out of the folder.
    """
    for entry in of(path):
        parts = Path(entry.name).parts
        if ".." in parts or Path(entry.name).is_absolute():
            raise PackagingError(f"{str(path)!r} has an entry that leads out of its folder: {entry.name!r}")
        file = folder.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(entry.read())
        file.chmod(0o755 if entry.executable else 0o644)
        os.utime(file, (entry.modified, entry.modified))
