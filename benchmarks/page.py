"""The figures in docs/benchmark.md: written from results.json between two markers, never by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .bodies import FLOOR as PASSES, SIZES
from .contender import BRIDGE, FLOOR
from .report import cell
from .table import LOSS, NOISY, Table, size

BEGIN = "<!-- benchmark:begin -->"
END = "<!-- benchmark:end -->"

PEERS = {
    "asgi": ("Mangum", "Mangum, lifespan off", "asgi-aws"),
    "wsgi": ("apig-wsgi", "serverless-wsgi", "Mangum + a2wsgi"),
}


def rewrite(path: Path, results: dict[str, Any]) -> bool:
    """Put the figures between the markers. Whether the markers are there."""
    if not path.exists():
        return False
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        return False
    path.write_text(f"{before}{BEGIN}\n{fragment(results)}\n{END}{after}", encoding="utf-8")
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
    parts = [table.markdown() for table in tables if table.rows]
    made = [results[part]["made"] for part in ("events", "cold", "bodies") if part in results]
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
        f"{name} {machine[name]}" for name in ("mangum", "asgi-aws", "apig-wsgi", "serverless-wsgi", "a2wsgi")
    )
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['python']}, with {peers}"


def _events(rows: Sequence[dict[str, Any]], interface: str) -> Table:
    names = [BRIDGE, *PEERS[interface]]
    cells = [
        [
            f"{row['title']}, {row['source']}",
            cell(row["figures"].get(FLOOR), FLOOR, brief=True),
            *(cell(row["figures"].get(name), name, brief=True) for name in names),
        ]
        for row in rows
        if row["interface"] == interface and (row["source"] == "HTTP API 2.0" or row["case"] == interface)
    ]
    return Table(f"One event through {interface.upper()} apps", ["", FLOOR, *names], list(cells))


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
