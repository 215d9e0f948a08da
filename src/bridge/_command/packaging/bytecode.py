"""What Python makes of the bytecode that lies beside a module (PEP 3147, PEP 552)."""

from __future__ import annotations

import _imp
import warnings
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .platforms import RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .entries import Entry
    from .platforms import Platform

_HEADER = 16
_HASHED = 1
_CHECKED = 2


class Bytecode(Enum):
    """The state of a module's bytecode; the value says it in words."""

    GOOD = "bytecode that Lambda uses"
    DATED = "bytecode that is good as long as the packer keeps the date of the source"
    MISSING = "no bytecode"
    STALE = "bytecode with another date or size of its source"
    FOREIGN = "bytecode of another version of Python"
    CHANGED = "bytecode of another source, which Python would not notice"


def states(entries: Iterable[Entry], platform: Platform, magic_number: bytes) -> dict[str, Bytecode]:
    """Return the state of every module among some files, by name.

    A file that is not Python to begin with (a template, say) is no module.

    Args:
        entries: the files.
        platform: where they are to run.
        magic_number: what bytecode begins with there.
    """
    files = {entry.name: entry for entry in entries}
    foreign = {_module(name) for name in files if name.endswith(".pyc")}
    found = {}
    for name, entry in files.items():
        if not name.endswith(".py"):
            continue
        compiled = files.get(cached(name, platform.cache_tag))
        if compiled is not None:
            found[name] = _state(entry, compiled.read(), magic_number)
        elif name in foreign:
            found[name] = Bytecode.FOREIGN
        elif is_python(entry, platform):
            found[name] = Bytecode.MISSING
    return found


def cached(name: str, cache_tag: str) -> str:
    """Return where Python looks for the bytecode of a module."""
    path = PurePosixPath(name)
    return str(path.parent / "__pycache__" / f"{path.stem}.{cache_tag}.pyc")


def _module(name: str) -> str:
    path = PurePosixPath(name)
    stem = path.name.partition(".")[0]
    return str(path.parent.parent / f"{stem}.py") if path.parent.name == "__pycache__" else ""


def _state(source: Entry, compiled: bytes, magic_number: bytes) -> Bytecode:
    if len(compiled) < _HEADER:
        return Bytecode.STALE
    if compiled[:4] != magic_number:
        return Bytecode.FOREIGN
    flags = int.from_bytes(compiled[4:8], "little")
    if flags & _HASHED:
        # The standard library's function has the key of its own version; this takes the key of any.
        raw = int.from_bytes(magic_number, "little")
        if compiled[8:16] == _imp.source_hash(raw, source.read()):
            return Bytecode.GOOD
        return Bytecode.STALE if flags & _CHECKED else Bytecode.CHANGED
    date_and_size = (source.modified & 0xFFFFFFFF).to_bytes(4, "little") + (source.size & 0xFFFFFFFF).to_bytes(
        4, "little"
    )
    return Bytecode.DATED if compiled[8:16] == date_and_size else Bytecode.STALE


def is_python(entry: Entry, platform: Platform) -> bool:
    """Return whether a file named *.py is Python. Where only another version of Python could tell, it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(entry.read(), entry.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return platform.python != RUNNING
    return True
