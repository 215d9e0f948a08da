"""The five pictures, from results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import bars, lines
from .bars import Bar, Group
from .bodies import FLOOR as PASSES, SIZES
from .cold import BARE
from .contender import BRIDGE, FLOOR
from .growth import DIMENSIONS
from .least import LEAST
from .runtime import BUFFERED, MANGUM_OFF
from .table import LOSS, NOISY, ratio, seconds, size

HEADLINE = ("asgi", "fastapi", "wsgi", "flask")
SOURCE = "HTTP API 2.0"
LINES = {
    "Bridge, ASGI": "bridge",
    "Bridge, WSGI": "second",
    "Mangum, lifespan off": "peer",
    "apig-wsgi": "other",
}

Part = dict[str, Any]


def events(part: Part) -> str:
    """One event, per app."""
    rows = {row["case"]: row for row in part["rows"] if row["source"] == SOURCE}
    groups = [
        Group(
            rows[case]["title"],
            [_bar(name, figure) for name, figure in rows[case]["figures"].items() if not _is_variant(name)],
            rows[case]["figures"].get(BRIDGE, {}).get("median"),
        )
        for case in HEADLINE
        if case in rows and rows[case]["figures"]
    ]
    title = f"One event from end to end ({SOURCE})"
    return bars.chart(
        title, _subtitle("Median time, event in, result out; each group has its own scale", part), _footer(part), groups
    )


def cold(part: Part) -> str:
    """Cold start, per setting."""
    groups = [
        Group(
            row["setting"],
            [_bar(name, figures["first_event"]) for name, figures in row["figures"].items() if name != BARE],
        )
        for row in part["rows"]
        if row["figures"].keys() - {BARE}
    ]
    title = "Cold start: import and first event"
    return bars.chart(
        title, _subtitle("Median time in a fresh process; each group has its own scale", part), _footer(part), groups
    )


def bodies(part: Part) -> str:
    """The largest bodies: time and memory."""
    groups: dict[str, Group] = {}
    for row in part["rows"]:
        if row["size"] == SIZES[-1]:
            group = groups.setdefault(f"{row['direction']}, {row['kind']}", Group("", []))
            group.title = f"{row['direction'].capitalize()} body, {row['kind']}"
            for name, figure in row["figures"].items():
                label = f"{name}, {row['interface'].upper()}" if name == BRIDGE else name
                bar = _bar(name, figure, label)
                bar.shown += f", {size(figure['memory'])}"
                if label not in [known.name for known in group.bars]:  # the floor is the same for both interfaces
                    group.bars.append(bar)
    title = f"Bodies of {size(SIZES[-1])}, the most that Lambda carries"
    subtitle = _subtitle("Median time per event, peak memory; each group has its own scale", part)
    return bars.chart(title, subtitle, _footer(part), list(groups.values()))


def growth(part: Part) -> str:
    """Time against what an event carries."""
    panels = []
    for dimension, (source, _, _) in DIMENSIONS.items():
        series = [
            lines.Series(row["series"], LINES[row["series"]], row["points"])
            for row in part["rows"]
            if row["dimension"] == dimension and row["points"]
        ]
        if series:
            panels.append(lines.Panel(f"{dimension[0].upper()}{dimension[1:]} ({source})", dimension, series))
    title = "Time per event, as it carries more"
    return lines.chart(title, _subtitle("Least time per event", part), _footer(part), panels)


def runtime(part: Part) -> str:
    """The full cycle of an event, per app."""
    groups = [
        Group(
            row["setting"],
            [_bar(name, figures["cycle"]) for name, figures in row["figures"].items() if name != MANGUM_OFF],
        )
        for row in part["rows"]
        if row["figures"]
    ]
    title = "An event through a runtime, until it asks for the next one"
    subtitle = _subtitle("Median time of the full cycle; each group has its own scale", part)
    return bars.chart(title, subtitle, _footer(part, BUFFERED), groups)


CHARTS: dict[str, Callable[[Part], str]] = {
    "events": events,
    "cold": cold,
    "bodies": bodies,
    "growth": growth,
    "runtime": runtime,
}


def kind(name: str) -> str:
    """The class of colour of a contender."""
    if name in (FLOOR, LEAST, *PASSES.values()):
        return "floor"
    return "bridge" if name.startswith((BRIDGE, "bridge.runtime")) else "peer"


def _bar(name: str, figure: dict[str, Any], label: str | None = None) -> Bar:
    shown = seconds(figure["median"])
    if kind(name) == "peer" and "ratio" in figure:
        shown += f" ({ratio(figure)})"
    return Bar(label or name, figure["median"], shown, kind(name))


def _is_variant(name: str) -> bool:
    return name in ("Bridge, lifespan off", "Bridge on uvloop", "Mangum + a2wsgi, lifespan off")


def _subtitle(what: str, part: Part) -> str:
    machine = part["made"]["machine"]
    return f"{what}. {machine['python']}, {machine['cpu']}"


def _footer(part: Part, reference: str = BRIDGE) -> str:
    rounds = f"{part['made']['rounds']} interleaved rounds"
    marks = f"×: times {reference}'s time. {LOSS}: Bridge is slower. {NOISY}: the rounds differ much."
    return f"{part['made']['command']} ({rounds}). {marks}"
