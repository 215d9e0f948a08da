"""Results as tables: the same for a terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .bodies import FLOOR as PASSES
from .contender import ASGI, BRIDGE, FLOOR, WSGI
from .gateway import ALONE
from .least import LEAST
from .runtime import BRIDGE as BRIDGE_THERE, BUFFERED, LEAST as LEAST_RUNTIME, LEAST_C, STREAMED
from .table import LOSS, Table, ratio, seconds, size

INTERFACES = {"asgi": ASGI, "wsgi": WSGI}
ONE_PASS = "one pass over the bytes"
UNRATED = {BRIDGE, FLOOR, LEAST, ONE_PASS, LEAST_RUNTIME, LEAST_C}
OWN = {BRIDGE_THERE, STREAMED, *(name for name in ASGI if name.startswith(BRIDGE))}
"""The first have no ratio, and the second no mark: to take longer than nothing at all, or than oneself, is no loss."""

GROWTH_PEERS = {"Mangum, lifespan off": "Bridge, ASGI", "apig-wsgi": "Bridge, WSGI"}
"""Whose growth is compared with which series."""

Row = dict[str, Any]


def cell(figure: dict[str, Any] | None, name: str = "") -> str:
    """Return a median, and how many times Bridge's it is."""
    if figure is None:
        return "-"
    rated = "ratio" in figure and name not in UNRATED
    if not rated:
        return seconds(figure["median"])
    shown = ratio(figure)
    return f"{seconds(figure['median'])} ({shown.replace(LOSS, '') if name in OWN else shown})"


def cold(rows: Sequence[Row]) -> list[Table]:
    """Return starts as they are shipped, and what an adapter adds to what is loaded already."""
    tables = []
    for shipped, title in ((True, "Cold start as shipped"), (False, "Cold start, bytecode valid")):
        for interface, makers in INTERFACES.items():
            found = [row for row in rows if row.get("shipped", False) == shipped and row["interface"] == interface]
            lines = [
                (row["setting"], {name: figures.get("first_event") for name, figures in row["figures"].items()})
                for row in found
            ]
            whole = f"{title}, {interface.upper()}: import and first event"
            tables.append(_compared(whole, lines, [*makers], _remarks(found)))
    return tables


def runtime(rows: Sequence[Row]) -> list[Table]:
    """Return one table for each setting; who takes part stands at the left."""
    columns = {"first byte": "first_byte", "full cycle": "cycle", "processor": "cpu", "start to first /next": "start"}
    tables = []
    for row in rows:
        cells = [
            [
                name,
                *(cell(figures.get(kind), name) for kind in columns.values()),
                str(figures.get("system_calls") or "-"),
                size(figures["memory"]["peak"]) if figures["memory"] else "-",
            ]
            for name, figures in row["figures"].items()
        ]
        header = ["", *columns, "system calls", "peak memory"]
        notes = [*map(aim, row["aims"]), *(f"{name}: {text}" for name, text in row["errors"].items())]
        if any(figures.get("system_calls") is None for figures in row["figures"].values()):
            notes.append("system calls: there is no strace, or it may not trace here")
        tables.append(Table(f"Runtimes, {row['setting']} (×: to {BUFFERED})", header, list(cells), notes))
    return tables


def events(rows: Sequence[Row]) -> list[Table]:
    """Return one table for each interface."""
    tables = []
    for interface, makers in INTERFACES.items():
        found = [row for row in rows if row["interface"] == interface]
        lines = [(f"{row['title']}, {row['source']}", row["figures"]) for row in found]
        names = [FLOOR, LEAST, *makers]
        tables.append(_compared(f"One event, {interface.upper()}", lines, names, _remarks(found)))
    return tables


def bodies(rows: Sequence[Row]) -> list[Table]:
    """Return times with memory, one table for each interface."""
    tables = []
    for interface in INTERFACES:
        found = [row for row in rows if row["interface"] == interface]
        names = list(dict.fromkeys(name for row in found for name in row["figures"] if name not in PASSES.values()))
        cells = []
        for row in found:
            figures = {(ONE_PASS if name in PASSES.values() else name): each for name, each in row["figures"].items()}
            shown = [
                f"{cell(figures[name], name)}, {size(figures[name]['memory'])}" if name in figures else "-"
                for name in (ONE_PASS, *names)
            ]
            cells.append([f"{row['direction']}, {row['kind']}, {size(row['size'])}", *shown])
        header = ["", ONE_PASS, *names]
        tables.append(Table(f"Bodies, {interface.upper()}: time, peak memory", header, list(cells), _remarks(found)))
    return tables


def growth(rows: Sequence[Row]) -> list[Table]:
    """Return one table: the time of each series over the numbers, and how it grows."""
    numbers = sorted({number for row in rows for number, _ in row["points"]})
    bridge = {(row["dimension"], row["series"]): dict(map(tuple, row["points"])) for row in rows}
    cells = []
    for row in rows:
        if row["points"]:
            times = bridge[row["dimension"], row["series"]]
            own = bridge.get((row["dimension"], GROWTH_PEERS.get(row["series"])), {})
            shown = [
                f"{seconds(times[number])}{LOSS if times[number] < own.get(number, 0) * 0.995 else ''}"
                if number in times
                else "-"
                for number in numbers
            ]
            exponent = "in the noise" if row["exponent"] is None else f"{row['exponent']:.2f}"
            cells.append([f"{row['dimension']}, {row['series']}", *shown, exponent])
    notes = [f"{row['series']}: {row['error']} ({row['dimension']})" for row in rows if row["error"]]
    return [Table("Growth", ["", *(f"{number:,}" for number in numbers), "exponent"], list(cells), notes)]


def gateway(rows: Sequence[Row]) -> list[Table]:
    """Return one table: exchanges a second, and the median time of one."""
    cells = [
        [
            f"{row['setting']}, {row['clients']} client{'s' * (row['clients'] > 1)}, {name}",
            f"{figures['rate']:,}",
            seconds(figures["p50"]["median"]),
            f"{figures['p50']['ratio']:.2f}×" if name != ALONE and "ratio" in figures["p50"] else "",
        ]
        for row in rows
        for name, figures in row["figures"].items()
    ]
    header = ["", "exchanges a second", "median", f"of {ALONE}"]
    return [Table("The local gateway, connections kept", header, list(cells), _remarks(rows))]


def _compared(title: str, lines: Iterable[tuple[str, Row]], names: Sequence[str], notes: list[str]) -> Table:
    """Return a table of figures, with a column for each of `names` that has any."""
    lines = list(lines)
    there = [name for name in names if any(figures.get(name) for _, figures in lines)]
    cells = [[label, *(cell(figures.get(name), name) for name in there)] for label, figures in lines]
    return Table(title, ["", *there], list(cells), notes)


def _remarks(rows: Iterable[Row]) -> list[str]:
    """Return who takes no part and why, who loses something, and which aims are reached: each said once."""
    said: dict[str, list[str]] = {}
    for row in rows:
        title = row.get("title") or row.get("setting") or size(row["size"])
        for name, text in {**row["errors"], **row.get("notes", {})}.items():
            said.setdefault(f"{name}: {text}", []).append(title)
        if row.get("aim"):
            said.setdefault(aim(row["aim"]), []).append(title)
    return [f"{text} ({', '.join(dict.fromkeys(titles))})" for text, titles in said.items()]


def aim(aim: Row) -> str:
    """Return whether an aim has been reached."""
    verdict = "reached" if aim["ratio"] <= aim["limit"] else "missed"
    return (
        f"{aim['contender']}: {aim['what']} {aim['ratio']:.2f} of that of {aim['peer']}; "
        f"the aim, at most {aim['limit']:.2f}, is {verdict}"
    )


PARTS: dict[str, Callable[[Sequence[Row]], list[Table]]] = {
    "cold": cold,
    "runtime": runtime,
    "events": events,
    "bodies": bodies,
    "growth": growth,
    "gateway": gateway,
}
"""Each part's tables, in the order of the page: first what a user feels, then the microseconds."""


def tables(part: str, rows: Sequence[Row]) -> list[Table]:
    """Return the tables of one part that have rows."""
    return [table for table in PARTS[part](rows) if table.rows]
