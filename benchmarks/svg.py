"""SVG in as few words as the charts need. The colours follow the reader's light or dark theme."""

from __future__ import annotations

from html import escape

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
.title { font-size: 17px; font-weight: 600 }
.group { font-weight: 600 }
.small { font-size: 11px; fill: #636c76 }
.axis { stroke: #8c959f; fill: none }
.grid { stroke: #8c959f; stroke-opacity: .3; fill: none }
.bridge { fill: #1f6feb; stroke: #1f6feb }
.floor { fill: #8c959f; stroke: #8c959f }
.peer { fill: #d4845f; stroke: #d4845f }
.other { fill: #5a9e6f; stroke: #5a9e6f }
.second { fill: #8250df; stroke: #8250df }
.bar { stroke: none }
.line { fill: none; stroke-width: 2 }
.gap { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .gap { fill: #0d1117 }
}
"""


def document(width: float, height: float, title: str, subtitle: str, footer: str, body: list[str]) -> str:
    """A whole picture. The title is also what a screen reader says."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img" aria-label="{escape(title)}">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            text(16, 28, title, "title"),
            text(16, 47, subtitle, "small"),
            *body,
            text(16, height - 12, footer, "small"),
            "</svg>\n",
        ]
    )


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    """One line of text; `anchor` is "start", "middle" or "end"."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}"/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def polyline(points: list[tuple[float, float]], kind: str) -> str:
    """A line through points."""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" class="{kind}"/>'


def dot(x: float, y: float, kind: str) -> str:
    """A point of a line."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="{kind}"/>'
