"""The figures in docs/benchmark.md and README.md: written from results.json between markers, never by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .bodies import FLOOR as PASSES, SIZES
from .contender import BRIDGE, FLOOR
from .least import LEAST
from .report import aim, cell
from .runtime import APIG_WSGI, BRIDGE as BRIDGE_THERE, BUFFERED, LEAST as LEAST_RUNTIME, MANGUM, MANGUM_OFF, STREAMED
from .table import LOSS, NOISY, Table, ratio, seconds, size

MARKERS = ("<!-- benchmark:begin -->", "<!-- benchmark:end -->")
RUNTIME_MARKERS = ("<!-- runtime:begin -->", "<!-- runtime:end -->")

PEERS = {
    "asgi": ("Mangum", "Mangum, lifespan off", "asgi-aws"),
    "wsgi": ("apig-wsgi", "serverless-wsgi", "Mangum + a2wsgi"),
}


RUNTIMES = (LEAST_RUNTIME, BUFFERED, STREAMED, MANGUM, MANGUM_OFF, APIG_WSGI, BRIDGE_THERE)
ADAPTERS = "Mangum, or apig-wsgi for Flask"
HEADLINES = (
    ("ASGI app", "first_byte"),
    ("ASGI app", "cycle"),
    ("FastAPI", "cycle"),
    ("FastAPI", "cpu"),
    ("FastAPI, in a container", "cycle"),
    ("Flask", "cycle"),
    ("4.4 MB, binary", "cycle"),
    ("FastAPI", "start"),
    ("FastAPI", "memory"),
)
"""What README.md shows."""

MEASURES = {
    "first_byte": "event to first byte",
    "cycle": "full cycle",
    "cpu": "processor time",
    "start": "start to first `/next`",
}


def rewrite(path: Path, markers: tuple[str, str], figures: str) -> bool:
    """Put the figures between the markers. Whether the markers are there."""
    opening, closing = markers
    if not path.exists():
        return False
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(opening)
    _, end, after = rest.partition(closing)
    if not (begin and end):
        return False
    path.write_text(f"{before}{opening}\n{figures}\n{closing}{after}", encoding="utf-8")
    return True


def fragment(results: dict[str, Any]) -> str:
    """The Markdown of what has been measured: events, cold start, the largest bodies; and where and how."""
    makers = {"events": _events, "cold": _cold, "bodies": _bodies}
    tables = [
        make(results[part]["rows"], interface)
        for part, make in makers.items()
        if part in results
        for interface in PEERS
    ]
    if "runtime" in results:
        tables += [_runtime(row) for row in results["runtime"]["rows"]]
    parts = [table.markdown() for table in tables if table.rows]
    made = [results[part]["made"] for part in ("events", "cold", "bodies", "runtime") if part in results]
    if made:
        parts.append(_origin(made))
    return "\n\n".join(parts)


def _origin(made: Sequence[dict[str, Any]]) -> str:
    """Where the figures come from. Each part has its own rounds, and may come from another run."""
    lines = [
        f"Medians; in parentheses how many times Bridge's time ({LOSS}: Bridge is slower, {NOISY}: rounds differ much)."
    ]
    for machine in dict.fromkeys(_text(each["machine"]) for each in made):
        parts = [each for each in made if _text(each["machine"]) == machine]
        rounds = " and ".join(dict.fromkeys(str(each["rounds"]) for each in parts))
        commands = " and ".join(dict.fromkeys(f"`{each['command']}`" for each in parts))
        lines.append(f"Made by {commands} in {rounds} interleaved rounds, on {machine}.")
    return " ".join(lines)


def _text(machine: dict[str, str]) -> str:
    peers = ", ".join(
        f"{name} {machine[name]}"
        for name in ("mangum", "asgi-aws", "apig-wsgi", "serverless-wsgi", "a2wsgi", "awslambdaric")
    )
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['python']}, with {peers}"


def _events(rows: Sequence[dict[str, Any]], interface: str) -> Table:
    names = [FLOOR, LEAST, BRIDGE, *PEERS[interface]]
    cells = [
        [f"{row['title']}, {row['source']}", *(cell(row["figures"].get(name), name, brief=True) for name in names)]
        for row in rows
        if row["interface"] == interface and (row["source"] == "HTTP API 2.0" or row["case"] == interface)
    ]
    return Table(f"One event through {interface.upper()} apps", ["", *names], list(cells))


def _cold(rows: Sequence[dict[str, Any]], interface: str) -> Table:
    names = [BRIDGE, *(name for name in PEERS[interface] if not name.endswith("off"))]
    cells = [
        [row["setting"], *(cell(row["figures"].get(name, {}).get("first_event"), name, brief=True) for name in names)]
        for row in rows
        if any(name in row["figures"] or name in row["errors"] for name in PEERS[interface][1:])
    ]
    return Table(f"Cold start, {interface.upper()}: import and first event", ["", *names], list(cells))


def _bodies(rows: Sequence[dict[str, Any]], interface: str) -> Table:
    found = [row for row in rows if row["interface"] == interface and row["size"] == SIZES[-1]]
    names = list(dict.fromkeys(name for row in found for name in row["figures"] if name not in PASSES.values()))
    cells = []
    for row in found:
        line = [f"{row['direction']}, {row['kind']}"]
        for name in (PASSES[row["kind"]], *names):
            figure = row["figures"].get(name)
            line.append(f"{cell(figure, name, brief=True)}, {size(figure['memory'])}" if figure else "-")
        cells.append(line)
    title = f"Bodies of {size(SIZES[-1])}, {interface.upper()}: time, peak memory"
    return Table(title, ["", "one pass over the bytes", *names], list(cells))


def _runtime(row: dict[str, Any]) -> Table:
    cells = []
    for name in RUNTIMES:
        figures = row["figures"].get(name)
        if figures:
            times = [cell(figures.get(kind), name, brief=True) for kind in MEASURES]
            cells.append([name, *times, size(figures["memory"]["peak"]) if figures["memory"] else "-"])
    header = ["", *MEASURES.values(), "peak memory"]
    return Table(f"Runtimes, {row['setting']} (×: to {BUFFERED})", header, list(cells), [*map(aim, row["aims"])])


def runtime_fragment(results: dict[str, Any]) -> str:
    """The Markdown of the runtimes' figures in brief: an awslambdaric with the usual adapter, and Bridge's own."""
    if "runtime" not in results:
        return ""
    rows = {row["setting"]: row["figures"] for row in results["runtime"]["rows"]}
    lines = [
        f"| | awslambdaric + {ADAPTERS} | {BUFFERED} | {STREAMED} |",
        "|---|---:|---:|---:|",
        *(_line(rows.get(setting, {}), setting, kind) for setting, kind in HEADLINES),
    ]
    made = results["runtime"]["made"]
    origin = (
        f"Medians of {made['rounds']} interleaved rounds on {_text(made['machine'])}; in parentheses how many times "
        f"the buffered one's ({LOSS}: Bridge's is slower, {NOISY}: rounds differ much)."
    )
    return "\n".join([*lines, "", origin])


def _line(figures: dict[str, Any], setting: str, kind: str) -> str:
    peer = APIG_WSGI if setting == "Flask" else MANGUM
    shown = []
    for name in (peer, BUFFERED, STREAMED):
        figure = figures.get(name, {}).get(kind)
        if figure is None:
            shown.append("-")
        elif kind == "memory":
            shown.append(size(figure["peak"]))
        else:
            shown.append(seconds(figure["median"]) + (f" ({ratio(figure)})" if name == peer else ""))
    what = "peak memory" if kind == "memory" else MEASURES[kind]
    return f"| {setting}: {what} | {' | '.join(shown)} |"
