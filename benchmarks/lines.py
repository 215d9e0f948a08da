"""A chart of lines in panels, two in a row, all starting at zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from . import svg
from .table import seconds

WIDTH = 760
PANEL_WIDTH = 364
PANEL_HEIGHT = 230
LEFT = 62
"""Room for the figures of the upright axis."""


@dataclass
class Series:
    """One line: its name, its class of colour and its points (number, seconds)."""

    name: str
    kind: str
    points: Sequence[tuple[float, float]]


@dataclass
class Panel:
    """One pair of axes."""

    title: str
    unit: str
    series: Sequence[Series]


def chart(title: str, subtitle: str, footer: str, panels: Sequence[Panel]) -> str:
    """The picture."""
    body = []
    names = dict.fromkeys((series.name, series.kind) for panel in panels for series in panel.series)
    for place, (name, kind) in enumerate(names):
        body.append(svg.rect(16 + place * 180, 62, 12, 12, f"bar {kind}"))
        body.append(svg.text(34 + place * 180, 73, name))
    for place, panel in enumerate(panels):
        body += _panel(panel, 16 + place % 2 * PANEL_WIDTH, 96 + place // 2 * PANEL_HEIGHT)
    height = 96 + math.ceil(len(panels) / 2) * PANEL_HEIGHT + 24
    return svg.document(WIDTH, height, title, subtitle, footer, body)


def _panel(panel: Panel, x: float, y: float) -> list[str]:
    left, top = x + LEFT, y + 24
    width, height = PANEL_WIDTH - LEFT - 24, PANEL_HEIGHT - 80
    points = [point for series in panel.series for point in series.points]
    most = max((number for number, _ in points), default=1) or 1
    steps = ticks(max((time for _, time in points), default=1e-6))
    top_value = steps[-1]
    body = [svg.text(x, y + 8, panel.title, "group")]
    for step in steps:
        level = top + height - step / top_value * height
        body.append(svg.line(left, level, left + width, level, "axis" if step == 0 else "grid"))
        body.append(svg.text(left - 8, level + 4, _tick(step), "small", "end"))
    body += [
        svg.text(left + number / most * width, top + height + 16, f"{number:g}", "small", "middle")
        for number in sorted({number for number, _ in points})
    ]
    body.append(svg.text(left + width / 2, top + height + 32, panel.unit, "small", "middle"))
    for series in reversed(panel.series):
        placed = [
            (left + number / most * width, top + height - time / top_value * height) for number, time in series.points
        ]
        body.append(svg.polyline(placed, f"{series.kind} line"))
        body += [svg.dot(*point, series.kind) for point in placed]
    return body


def _tick(step: float) -> str:
    number, _, unit = seconds(step).partition(" ")
    return f"{float(number):g} {unit}" if step else "0"


def ticks(most: float) -> list[float]:
    """Round steps from zero to at least `most`, three to six of them."""
    raw = most / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    return [float(f"{step * number:.6g}") for number in range(math.ceil(most / step * 0.999) + 1)]
