"""Compiled modules and wheels: for which Python and architecture they are."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from .distributions import distributions
from .platforms import ARCHITECTURES, RUNNING, Platform, elf_architecture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .entries import Entry

_TAGGED = re.compile(r"\.cpython-3(\d+)")
_LIBRARY = re.compile(r"\.so(\.\d+)*$")


def guess(entries: Sequence[Entry], python: str | None, architecture: str | None) -> Platform:
    """Return the platform that some files are for, as far as they show it.

    Args:
        entries: the files.
        python: the version where it is known. Else compiled modules and wheels decide, else bytecode, else it is
            this Python's.
        architecture: the same. Where there are no libraries it is x86_64, Lambda's own default.
    """
    if python is None:
        seen = Counter(found[1] for entry in _libraries(entries) if (found := _TAGGED.search(entry.name)))
        seen.update(
            found[1]
            for distribution in distributions({entry.name: entry for entry in entries})
            for tag in distribution.tags
            if (found := re.match(r"cp3(\d+)-cp", tag))
        )
        if not seen:  # bytecode may be of whatever Python has run the code last
            seen.update(found[1] for entry in entries if (found := _TAGGED.search(entry.name)))
        python = f"3.{seen.most_common(1)[0][0]}" if seen else RUNNING
    if architecture is None:
        machines = Counter(machine for entry in _libraries(entries) if (machine := elf_architecture(entry.read()[:20])))
        known = [machine for machine, _ in machines.most_common() if machine in ARCHITECTURES]
        architecture = known[0] if known else "x86_64"
    return Platform(python, architecture)


def misfits(entries: Sequence[Entry], platform: Platform) -> list[str]:
    """Return what cannot run on a platform, each in words: wheels by their tags, and libraries by their bytes."""
    files = {entry.name: entry for entry in entries}
    found = []
    blamed: set[str] = set()
    for distribution in distributions(files):
        if distribution.tags and not any(_fits(tag, platform) for tag in distribution.tags):
            found.append(f"{distribution.name} is from a wheel for {distribution.tags[0]}")
            blamed |= distribution.files
    for entry in _libraries(entries):
        if entry.name in blamed:
            continue
        architecture = elf_architecture(entry.read()[:20])
        if architecture != platform.architecture:
            found.append(f"{entry.name} is for {architecture or 'another system than Linux'}")
    return found


def _libraries(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if _LIBRARY.search(entry.name)]


def _fits(tag: str, platform: Platform) -> bool:
    """Return whether a wheel's tag is one that a platform takes (PEP 425)."""
    python, _, rest = tag.partition("-")
    abi, _, system = rest.partition("-")
    if system != "any" and system not in platform.wheel_platforms:
        return False
    if not python.startswith("cp"):
        return True
    number, own = int(python.removeprefix("cp3") or 0), int(platform.python.removeprefix("3."))
    return number <= own if abi in ("abi3", "none") else number == own
