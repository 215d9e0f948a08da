"""What `bridge coldstart` prints: where the time goes, and what to do about it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from .imports import STANDARD_LIBRARY
from .task_root import SHIPPED, WITH, WITHOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .imports import Import
    from .start import Start

PHASES = ("interpreter", "runtime", "imports", "startup", "first event")
"""Of a start, in this order."""

_SHOWN = 10
"""Packages that are shown."""

_INIT = 10
"""Seconds that Lambda gives the init phase.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

_MUCH = 0.1
_WIDE = 20


def report(starts: Mapping[str, Sequence[Start]], packages: Sequence[Import]) -> str:
    """Return the text.

    Args:
        starts: of each kind, with and without bytecode and perhaps as it is.
        packages: what was imported, the heaviest first.
    """
    return "\n".join([*_table(starts), "", *_packages(packages), "", *_advice(starts, packages)])


def _table(starts: Mapping[str, Sequence[Start]]) -> list[str]:
    lines = [_line("milliseconds (medians)", starts)]
    for number, phase in enumerate(PHASES):
        medians = [statistics.median(start.seconds[number] for start in found) for found in starts.values()]
        lines.append(_line(f"  {phase}", map(_milliseconds, medians)))
    sums = [[sum(start.seconds) for start in found] for found in starts.values()]
    lines.append(_line("all", [_milliseconds(statistics.median(found)) for found in sums]))
    lines.append(
        _line("  from ... to", [f"{_milliseconds(min(found))} ... {_milliseconds(max(found))}" for found in sums])
    )
    lines.append(
        _line("processor time", [_milliseconds(statistics.median(_processor(found))) for found in starts.values()])
    )
    return lines


def _line(name: str, cells: Iterable[str]) -> str:
    return name.ljust(_WIDE + 4) + "".join(cell.rjust(_WIDE) for cell in cells)


def _packages(packages: Sequence[Import]) -> list[str]:
    lines = ["imports by package, with bytecode (milliseconds of their own, in one start that was traced)"]
    for package in packages[:_SHOWN]:
        modules = f"{package.modules} module{'s' if package.modules > 1 else ''}"
        lines.append(
            f"  {package.name:<24}{_milliseconds(package.seconds):>8}  {modules:<12} "
            f"most: {package.heaviest} {_milliseconds(package.heaviest_seconds)}"
        )
    rest = packages[_SHOWN:]
    if rest:
        lines.append(f"  {f'{len(rest)} more':<24}{_milliseconds(sum(package.seconds for package in rest)):>8}")
    return lines


def _advice(starts: Mapping[str, Sequence[Start]], packages: Sequence[Import]) -> list[str]:
    lines = ["what to do", _of_bytecode(starts)]
    total = sum(package.seconds for package in packages)
    heavy = [package for package in packages if package.seconds > total * _MUCH]
    lines += [
        f"* {package.name} takes {_milliseconds(package.seconds)} ms to import ({package.heaviest} alone "
        f"{_milliseconds(package.heaviest_seconds)}). What only some events need, import in the function that uses it."
        for package in heavy
        if package.name not in (STANDARD_LIBRARY, "bridge")
    ]
    medians = [statistics.median(start.seconds[number] for start in starts[WITH]) for number in range(len(PHASES))]
    lines += [
        f"* The {PHASES[number]} takes {_milliseconds(medians[number])} ms: see what it does and what it connects to."
        for number in (3, 4)
        if medians[number] > sum(medians) * _MUCH
    ]
    if sum(medians[:-1]) > _INIT:
        lines.append(f"* Lambda gives the init phase {_INIT} seconds, and begins it anew after that: this is too slow.")
    lines.append(
        "* Memory brings processor: 1,769 MB have one vCPU, and less has less. What is left then is for SnapStart or "
        "provisioned concurrency."
    )
    return lines


def _of_bytecode(starts: Mapping[str, Sequence[Start]]) -> str:
    """Return what bytecode is worth. Claim nothing where one kind's slowest start is as slow as another's fastest."""
    without, best = _processor(starts[WITHOUT]), _processor(starts[WITH])
    now = _processor(starts.get(SHIPPED, starts[WITHOUT]))
    if min(now) > max(best):
        gain = statistics.median(now) - statistics.median(best)
        return (
            f"* Ship bytecode, by `bridge package`: it takes {_milliseconds(gain)} of "
            f"{_milliseconds(statistics.median(now))} ms of processor time off a cold start, as measured here."
        )
    if min(without) > max(now):
        gain = statistics.median(without) - statistics.median(now)
        return f"* Bytecode is there, and used: without it a cold start takes {_milliseconds(gain)} ms more."
    return "* Bytecode makes no difference that stands out of these measurements. More of them (--starts) may show one."


def _processor(starts: Sequence[Start]) -> list[float]:
    return [start.processor for start in starts]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}" if seconds >= 0.01 else f"{seconds * 1000:.1f}"
