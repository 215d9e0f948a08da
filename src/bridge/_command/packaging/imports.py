"""What a start imported and what each package took, by what `python -X importtime` writes."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", re.MULTILINE)

STANDARD_LIBRARY = "the standard library"


@dataclass(frozen=True)
class Import:
    """A package that was imported.

    Attributes:
        name: of the package, or STANDARD_LIBRARY.
        seconds: that its modules took, without what they import in turn.
        modules: how many there are.
        heaviest: the module that took most.
        heaviest_seconds: what it took.
    """

    name: str
    seconds: float
    modules: int
    heaviest: str
    heaviest_seconds: float


def imports(output: str) -> list[Import]:
    """Return the packages that a process says to have imported, the heaviest first."""
    packages: dict[str, dict[str, int]] = {}
    for microseconds, name in _LINE.findall(output):
        top = name.partition(".")[0]
        package = STANDARD_LIBRARY if top in sys.stdlib_module_names else top
        packages.setdefault(package, {})[name] = int(microseconds)
    found = []
    for package, modules in packages.items():
        heaviest = max(modules, key=lambda name: modules[name])
        total = sum(modules.values())
        found.append(Import(package, total / 1e6, len(modules), heaviest, modules[heaviest] / 1e6))
    return sorted(found, key=lambda each: -each.seconds)
