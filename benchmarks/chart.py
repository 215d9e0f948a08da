"""The one chart, for a reader in a hurry: horizontal bars in groups, each group with a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, ROW, HEAD = 760, 280, 24, 38
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .small { font-size: 11px; fill: #636c76 }
.title { font-size: 17px; font-weight: 600 } .group { font-weight: 600 } .end { text-anchor: end }
.bridge { fill: #1f6feb } .peer { fill: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } }
"""


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length in any unit, what stands behind it, and whether it is Bridge's."""

    name: str
    value: float
    shown: str
    own: bool


@dataclass(frozen=True)
class Group:
    """Bars that are compared with each other."""

    title: str
    bars: Sequence[Bar]


def chart(title: str, footer: str, groups: Sequence[Group]) -> str:
    """Return the picture as SVG. The colours follow the reader's light or dark theme."""
    body = [_text(16, 28, title, "title")]
    y = 34
    for group in groups:
        y += HEAD
        body.append(_text(16, y - 10, group.title, "group"))
        longest = max(bar.value for bar in group.bars)
        for bar in group.bars:
            length = (WIDTH - LABELS - 130) * bar.value / longest
            body.append(_text(LABELS - 8, y + 14, bar.name, "end"))
            kind = "bridge" if bar.own else "peer"
            body.append(f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{ROW - 6}" class="{kind}"/>')
            body.append(_text(LABELS + length + 8, y + 14, bar.shown))
            y += ROW
    body.append(_text(16, y + 22, footer, "small"))
    size = f'viewBox="0 0 {WIDTH} {y + 34}" width="{WIDTH}" height="{y + 34}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>", *body, "</svg>\n"])


def _text(x: float, y: float, content: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(content)}</text>'
