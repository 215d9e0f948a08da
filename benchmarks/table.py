"""Tables: one shape, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LOSS = "†"
"""Stands after a ratio below 1: there Bridge is the slower one."""

NOISY = "~"
"""Stands before a ratio whose quartiles lie more than a quarter of it apart."""

LEGEND = (
    "× is how many times Bridge's time, the median of the ratios within each round; "
    f"{LOSS}: Bridge is slower; {NOISY}: the rounds differ much."
)


@dataclass
class Table:
    """A title, a header, rows of as many cells, and notes below. The first column is text, the others are figures."""

    title: str
    header: Sequence[str]
    rows: list[Sequence[str]]
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The table for a terminal."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]
        shown = [
            "  ".join(
                cell.ljust(width) if not number else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        shown.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
        return "\n".join([self.title, *shown, *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """The table for Markdown."""
        lines = [self.header, ["---", *["---:"] * (len(self.header) - 1)], *self.rows]
        shown = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
        notes = ["", *(f"* {note}" for note in self.notes)] if self.notes else []
        return "\n".join([f"**{self.title}**", "", *shown, *notes])


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size * 0.9995:  # which is shown as 1.00
            return f"{_short(value / size)} {unit}"
    return f"{value * 1e9:.0f} ns"


def size(value: float) -> str:
    """A number of bytes in the unit that suits it."""
    for unit, limit in (("MB", 1e6), ("kB", 1e3)):
        if value >= limit:
            return f"{_short(value / limit)} {unit}"
    return f"{value:.0f} B"


def ratio(figure: dict[str, Any]) -> str:
    """A ratio to Bridge, marked where Bridge loses, and where the rounds do not agree."""
    value = figure["ratio"]
    low, high = figure.get("ratio_quartiles", (value, value))
    doubt = NOISY if high - low > value / 4 else ""
    return f"{doubt}{value:.2f}×{LOSS}" if round(value, 2) < 1 else f"{doubt}{_short(value)}×"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"
