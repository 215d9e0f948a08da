"""What a run puts on pages: docs/benchmark.md, README.md and the chart. No figure there is written by hand."""

from __future__ import annotations

import re
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
        "Bodies, .*: response, text, ",
        "Bridge counts what JSON makes of a text that may go over Lambda's limit, since such a result ends the "
        "runtime. The others do not look. `bridge.runtime` encodes the text once, and counts nothing besides.",
    ),
    (
        "Bodies, .*: request, text, ",
        "Everyone encodes the text once. What differs is where the copy of some megabytes lands.",
    ),
    (
        " as `sam build` ships it: ",
        "Without bytecode, a start compiles every module that it imports. Bridge has more source than an adapter of "
        "one file. `bridge package` ships the bytecode.",
    ),
    (
        " as `bridge package` ships it: ",
        "The adapter is the small part of this start. Bridge has more modules to read than an adapter of one file.",
    ),
    (
        " loaded: | alone: ",
        "Bridge has more modules to read than an adapter of one file. `python -m benchmarks.loaded` shows what each "
        "takes; [the hot path](hot-path.md#what-was-done) has the figures.",
    ),
    (
        "One event, WSGI: Flask, ",
        "Flask takes nearly all of this event. Bridge spends the few microseconds between the adapters on checks.",
    ),
    (
        "Growth: cookies",
        "To join the cookies to one line takes nearly all of this, for everyone.",
    ),
    (
        "Growth: re[a-z]+ headers",
        "The tables of names are bounded, so that a client cannot fill the memory. An event with more names than they "
        "hold puts them into form anew. API Gateway passes on 10,240 bytes of header lines, which are some hundreds.",
    ),
    (
        "Runtimes, .*: least sidecar",
        "This is a bound, and no sidecar: it reads no JSON, makes no request of the event, and checks nothing.",
    ),
    (
        "Runtimes, .*: start to first /next [^,]*$",
        "The import of the app is nearly all of this start.",
    ),
)
"""Why Bridge loses: a pattern of "table: row: columns", and the reason. A loss without a reason is shown as such."""

USUAL = {"asgi": "Mangum", "wsgi": "apig-wsgi"}
ADAPTERS = "Mangum, or apig-wsgi for Flask"

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
                lost = [f"{of} {cell}" for of, cell in zip(table.header[1:], cells, strict=True) if LOSS in cell]
                if lost:
                    row = f"{table.title.partition(' (')[0]}: {label}: {', '.join(lost)}"
                    why = next((reason for key, reason in REASONS if re.search(key, row)), "Not explained yet.")
                    found.setdefault(why, []).append(row)
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
        [
            row["setting"],
            *(
                cell(row["figures"].get(name, {}).get("first_event"), name)
                for name in (USUAL[row["interface"]], BRIDGE)
            ),
        ]
        for row in _shipped_examples(results)
    ]
    starts = Table("Cold start, to the first answer", ["", ADAPTERS, BRIDGE], list(cells))
    cells = []
    figures = {row["setting"]: row["figures"] for row in results["runtime"]["rows"]}
    for setting, kind, called in HEADLINES:
        if setting in figures:
            peer = APIG_WSGI if setting == "Flask" else MANGUM
            shown = [_shown(figures[setting].get(name, {}).get(kind)) for name in (peer, BUFFERED, STREAMED)]
            cells.append([f"{setting}: {called}", *shown])
    header = ["", f"awslambdaric + {ADAPTERS}", BUFFERED, STREAMED]
    cycles = Table(f"An invocation (×: to {BUFFERED})", header, list(cells))
    origin = _origin({part: results[part] for part in ("cold", "runtime")})
    return "\n\n".join([starts.markdown(), cycles.markdown(), f"{LEGEND} {origin}"])


def _shown(figure: dict[str, Any] | None) -> str:
    return size(figure["peak"]) if figure and "peak" in figure else cell(figure)


def picture(results: Results) -> str:
    """Return the chart: what a user feels."""
    starts: dict[str, list[Bar]] = {}
    for row in _shipped_examples(results):
        example, _, way = row["setting"].partition(" as ")
        for name in (USUAL[row["interface"]], BRIDGE):
            figure = row["figures"].get(name, {}).get("first_event")
            if figure:
                starts.setdefault(example, []).append(_bar(f"{name}, as {way.replace('`', '')}", figure, name))
    groups = [Group(f"Cold start to the first answer: {example}", bars) for example, bars in starts.items()]
    for row in results["runtime"]["rows"]:
        if row["setting"] in ("FastAPI", "Flask"):
            bars = [_bar(name, figures["cycle"], name) for name, figures in row["figures"].items()]
            groups.append(Group(f"Full cycle of an invocation: {row['setting']}", bars))
    made = results["runtime"]["made"]
    footer = f"Medians. {made['command']}, {made['machine']['python']}, {made['machine']['cpu']}"
    return chart("What a user feels", footer, [group for group in groups if group.bars])


def _bar(label: str, figure: dict[str, Any], name: str) -> Bar:
    return Bar(label, figure["median"], cell(figure, name), "ridge" in name)


def _shipped_examples(results: Results) -> list[Results]:
    return [row for row in results["cold"]["rows"] if row["shipped"] and "example" in row["setting"]]
