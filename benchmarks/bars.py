"""A chart of horizontal bars in groups. Each group has a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import svg

WIDTH = 760
LABELS = 230
"""Room for the names, left of the bars."""
LETTER = 7.3
"""Room for one letter of the figures, right of the bars."""
ROW = 22
HEAD = 34
LONGEST = 20
"""Bars longer than so many times the reference are cut, with a gap that shows it."""


@dataclass
class Bar:
    """One bar: its name, its length, what stands behind it, and its class of colour."""

    name: str
    value: float
    shown: str
    kind: str


@dataclass
class Group:
    """Bars that are compared with each other. `reference` is the length that bounds how much is drawn."""

    title: str
    bars: list[Bar]
    reference: float | None = None


def chart(title: str, subtitle: str, footer: str, groups: Sequence[Group]) -> str:
    """The picture."""
    room = WIDTH - LABELS - 16 - LETTER * max((len(bar.shown) for group in groups for bar in group.bars), default=0)
    y = 62.0
    body = []
    for group in groups:
        longest = max(bar.value for bar in group.bars)
        if group.reference:
            longest = min(longest, group.reference * LONGEST)
        y += HEAD
        body.append(svg.text(16, y - 10, group.title, "group"))
        body.append(svg.line(LABELS, y - 2, LABELS, y + ROW * len(group.bars) - 2, "axis"))
        for bar in group.bars:
            length = max(min(bar.value / longest, 1.0) * room, 1.0)
            body.append(svg.text(LABELS - 8, y + 13, bar.name, anchor="end"))
            body.append(svg.rect(LABELS, y, length, ROW - 5, f"bar {bar.kind}"))
            if bar.value > longest:
                body.append(svg.rect(LABELS + length - 26, y - 1, 5, ROW - 3, "gap"))
                body.append(svg.rect(LABELS + length - 16, y - 1, 5, ROW - 3, "gap"))
            body.append(svg.text(LABELS + length + 8, y + 13, bar.shown))
            y += ROW
    return svg.document(WIDTH, y + 36, title, subtitle, footer, body)
