"""The rows whose words are found by running the adapters."""

from collections.abc import Callable
from typing import TypeAlias

from .adapters import ADAPTERS, Adapter

Probe: TypeAlias = Callable[[Adapter], str]

ROWS: dict[str, Probe] = {}

NOT_APPLICABLE = "–"


def row(label: str) -> Callable[[Probe], Probe]:
    """Make a function the probe of a row."""

    def registered(probe: Probe) -> Probe:
        assert label not in ROWS
        ROWS[label] = probe
        return probe

    return registered


def word(label: str, name: str) -> str:
    """The word for an adapter. Bridge has two interfaces: a word that holds for one of them says so."""
    found = {adapter.interface: ROWS[label](adapter) for adapter in ADAPTERS if adapter.name == name}
    words = set(found.values()) - {NOT_APPLICABLE} or {NOT_APPLICABLE}
    if len(words) == 1:
        return words.pop()
    assert "no" in words, found
    return next(f"{text} ({interface.upper()})" for interface, text in found.items() if text != "no")


def yes(holds: bool) -> str:
    return "yes" if holds else "no"


def where(works: dict[str, bool], everywhere: str) -> str:
    """A word for what works in some places only: the places, or those where it does not, whichever are fewer."""
    good = [place for place, holds in works.items() if holds]
    bad = [place for place, holds in works.items() if not holds]
    if not bad:
        return everywhere
    if not good:
        return "no"
    return ", ".join(good) if len(good) <= len(bad) else f"not on {', '.join(bad)}"
