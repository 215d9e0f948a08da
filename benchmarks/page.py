"""What a run puts on pages: docs/benchmark.md, README.md and the chart. No figure there is written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import report
from .chart import Bar, Group, chart
from .contender import BRIDGE
from .report import cell
from .runtime import APIG_WSGI, BUFFERED, MANGUM, STREAMED
from .table import LEGEND, LOSS, Table, size

BEGIN, END = "<!-- benchmark:begin -->", "<!-- benchmark:end -->"

HEADLINES = (
    ("FastAPI", "cycle", "full cycle"),
    ("FastAPI", "first_byte", "event to first byte"),
    ("FastAPI", "cpu", "processor time"),
    ("FastAPI, in a container", "cycle", "full cycle"),
    ("Flask", "cycle", "full cycle"),
    ("4.4 MB, binary", "cycle", "full cycle"),
    ("FastAPI", "start", "start to first `/next`"),
    ("FastAPI", "memory", "peak memory"),
)
"""What README.md shows of the runtimes: setting, figure, and what it is called."""

REASONS = (
    (
        "response, text, ",
        "Bridge counts what JSON makes of a text that may go over Lambda's limit, since such a result ends the "
        "runtime. The others do not look.",
    ),
    (
        "request, text, ",
        "The body is encoded once, by either. What is left is the noise of copying megabytes.",
    ),
    (
        " loaded",
        "An adapter of one file beside a loaded framework. Bridge's own modules, one for each kind of event and "
        "rule, are read from bytecode here.",
    ),
    (
        "Cold start",
        "What is started is the same but for the adapter, which is a small part of it.",
    ),
    (
        "start to first /next",
        "A start is the import of the app, and the adapter is a small part of it.",
    ),
    ("Bridge on uvloop", "uvloop does not show its queue, so an app that merely yields pays for a whole turn."),
)
"""Why Bridge loses, by what stands in the titles of table and row. A loss without a reason here is shown as such."""

USUAL = "Mangum, or apig-wsgi for Flask"

Results = dict[str, Any]


def rewrite(path: Path, figures: str) -> None:
    """Put figures between the markers of a page.

    Raises:
        ValueError: the page has no markers.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no place for figures: {BEGIN} ... {END}")
    path.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


def fragment(results: Results) -> str:
    """Return the Markdown of all that has been measured, how it was made, and where Bridge loses."""
    parts = [LEGEND, _origin(results)]
    for part in report.PARTS:
        if part in results:
            parts += [table.markdown() for table in report.tables(part, results[part]["rows"])]
    return "\n\n".join([*parts, "## Where Bridge loses", *_losses(results)])


def _losses(results: Results) -> list[str]:
    """Return one paragraph for each reason, with the rows that it explains."""
    found: dict[str, list[str]] = {}
    for part in report.PARTS:
        for table in report.tables(part, results[part]["rows"]) if part in results else ():
            for label, *cells in table.rows:
                for header, shown in zip(table.header[1:], cells, strict=True):
                    if LOSS in shown:
                        where = f"{table.title}, {label}"
                        why = (reason for key, reason in REASONS if key in where or key == header)
                        found.setdefault(next(why, "Not explained yet."), []).append(f"{where}: {header} {shown}")
    lines = ["\n".join([why, "", *(f"* {row}" for row in rows)]) for why, rows in found.items()]
    return lines or ["In no row of this run."]


def _origin(results: Results) -> str:
    """Return where the figures come from: each part may come from another run."""
    made = {part: each["made"] for part, each in results.items()}
    lines = []
    for machine in dict.fromkeys(_text(each["machine"]) for each in made.values()):
        there = {part: each for part, each in made.items() if _text(each["machine"]) == machine}
        commands = " and ".join(dict.fromkeys(f"`{each['command']}`" for each in there.values()))
        rounds = ", ".join(f"{part} {each['rounds']}" for part, each in there.items())
        lines.append(f"Made by {commands} on {machine}. Rounds: {rounds}.")
    return " ".join(lines)


def _text(machine: dict[str, str]) -> str:
    peers = ("mangum", "asgi-aws", "apig-wsgi", "serverless-wsgi", "a2wsgi", "awslambdaric", "uvicorn")
    versions = ", ".join(f"{name} {machine[name]}" for name in peers if name in machine)
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['python']}, with {versions}"


def headline(results: Results) -> str:
    """Return the Markdown for a reader in a hurry: cold starts as shipped, and cycles of the runtimes."""
    cells = [
        [row["setting"], *(cell(row["figures"].get(name, {}).get("first_event"), name) for name in (usual, BRIDGE))]
        for row in _shipped_examples(results)
        for usual in ("Mangum" if row["interface"] == "asgi" else "apig-wsgi",)
    ]
    starts = Table("Cold start, to the first answer", ["", USUAL, BRIDGE], list(cells))
    cells = []
    figures = {row["setting"]: row["figures"] for row in results["runtime"]["rows"]}
    for setting, kind, called in HEADLINES:
        if setting in figures:
            peer = APIG_WSGI if setting == "Flask" else MANGUM
            shown = [_shown(figures[setting].get(name, {}).get(kind)) for name in (peer, BUFFERED, STREAMED)]
            cells.append([f"{setting}: {called}", *shown])
    header = ["", f"awslambdaric + {USUAL}", BUFFERED, STREAMED]
    cycles = Table(f"An invocation (×: to {BUFFERED})", header, list(cells))
    origin = _origin({part: results[part] for part in ("cold", "runtime")})
    return "\n\n".join([starts.markdown(), cycles.markdown(), f"{LEGEND} {origin}"])


def _shown(figure: dict[str, Any] | None) -> str:
    return size(figure["peak"]) if figure and "peak" in figure else cell(figure)


def picture(results: Results) -> str:
    """Return the chart: what a user feels."""
    groups = [
        _group(f"Cold start to the first answer: {row['setting']}", row["figures"], "first_event")
        for row in _shipped_examples(results)
    ]
    groups += [
        _group(f"Full cycle of an invocation: {row['setting']}", row["figures"], "cycle")
        for row in results["runtime"]["rows"]
        if row["setting"] in ("FastAPI", "Flask")
    ]
    made = results["runtime"]["made"]
    footer = f"Medians. {made['command']}, {made['machine']['python']}, {made['machine']['cpu']}"
    return chart("What a user feels", footer, [group for group in groups if group.bars])


def _group(title: str, figures: Results, kind: str) -> Group:
    found = {name: each[kind] for name, each in figures.items() if each.get(kind)}
    bars = [Bar(name, each["median"], cell(each, name), "ridge" in name) for name, each in found.items()]
    return Group(title, bars)


def _shipped_examples(results: Results) -> list[Results]:
    return [row for row in results["cold"]["rows"] if row["shipped"] and "example" in row["setting"]]
