"""A folder with all that a function needs, made ready: nothing that never runs, and bytecode for every module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .archive import remove
from .distributions import distributions, trimmed_record
from .entries import of_folder
from .errors import PackagingError
from .extensions import misfits
from .interpreter import compile_folder
from .leftovers import leftovers

if TYPE_CHECKING:
    from pathlib import Path

    from .entries import Entry
    from .platforms import Platform


@dataclass(frozen=True)
class Finished:
    """What has been made of a folder.

    Attributes:
        entries: the files that it has now.
        left_out: what it does not have any more, by name, with what it was.
        modules: how many modules have bytecode.
        failures: files named *.py that could not be compiled, with the reasons.
    """

    entries: list[Entry]
    left_out: dict[str, str]
    modules: int
    failures: dict[str, str]


def finish(folder: Path, platform: Platform, interpreter: str, place: str) -> Finished:
    """Make a folder ready for Lambda.

    Args:
        folder: has the function and all that it imports. It is changed.
        platform: where it is to run.
        interpreter: a Python of that version.
        place: where Lambda will have the folder.

    Raises:
        PackagingError: something in it cannot run there.
    """
    entries = of_folder(folder)
    wrong = misfits(entries, platform)
    if wrong:
        raise PackagingError(f"not for {platform}:\n  " + "\n  ".join(wrong))
    remove(folder, [entry.name for entry in entries if is_cache(entry.name)])
    entries = [entry for entry in entries if not is_cache(entry.name)]
    left_out = leftovers(entries)
    remove(folder, left_out)
    files = {entry.name: entry for entry in entries if entry.name not in left_out}
    for distribution in distributions(files):
        record = distribution.folder + "RECORD"
        if record in files:
            (folder / record).write_bytes(trimmed_record(files[record].read(), distribution.root, files))
    modules = [name for name in files if name.endswith(".py")]
    failures = compile_folder(interpreter, folder, modules, place)
    return Finished(of_folder(folder), left_out, len(modules) - len(failures), failures)


def is_cache(name: str) -> bool:
    """Return whether a file is bytecode of a module that lies beside: it is made anew."""
    return name.endswith(".pyc") and "__pycache__" in name.split("/")
