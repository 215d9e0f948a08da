"""Results as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .bodies import FLOOR as PASSES
from .cold import BARE
from .contender import ASGI, BRIDGE, FLOOR, WSGI
from .growth import Row
from .least import LEAST
from .request import SOURCES
from .runtime import BUFFERED, LEAST as RUNTIME_LEAST, STREAMED
from .table import LEGEND, Table, ratio, seconds, size

INTERFACES = {"asgi": ASGI, "wsgi": WSGI}
OWN = {FLOOR, LEAST, RUNTIME_LEAST, STREAMED, *(name for name in ASGI if name.startswith(BRIDGE)), *PASSES.values()}
"""Whose ratio is not marked: to be beaten by the app alone, or by Bridge itself, is no loss."""

PARTS = ("events", "bodies", "cold", "growth", "runtime")


def cell(figure: dict[str, Any] | None, name: str, brief: bool = False) -> str:
    """A figure: its min and median, or for a brief table its median, and the ratio to Bridge."""
    if figure is None:
        return "-"
    times = seconds(figure["median"]) if brief else f"{seconds(figure['min'])} / {seconds(figure['median'])}"
    if name == BRIDGE or "ratio" not in figure or (brief and name in OWN):
        return times
    shown = f"{figure['ratio']:.2f}×" if name in OWN else ratio(figure)
    return f"{times} ({shown})"


def events(rows: Iterable[Row]) -> list[Table]:
    """One table for each kind of event and interface."""
    rows = list(rows)
    tables = []
    for source in SOURCES:
        for interface, makers in INTERFACES.items():
            found = [row for row in rows if row["source"] == source and row["interface"] == interface]
            names = [FLOOR, LEAST, *makers]
            cells = [[row["title"], *(cell(row["figures"].get(name), name) for name in names)] for row in found]
            if found:
                title = f"One event, {source}, {interface.upper()}: min / median"
                tables.append(Table(title, ["", *names], list(cells), remarks(found)))
    return tables


def remarks(rows: Iterable[Row]) -> list[str]:
    """Who takes no part and why, and who loses something: each said once."""
    said: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name, text in {**row["errors"], **row.get("notes", {})}.items():
            said.setdefault((name, text), []).append(row["title"])
    return [f"{name}: {text} ({', '.join(titles)})" for (name, text), titles in said.items()]


def bodies(rows: Iterable[Row]) -> list[Table]:
    """One table of times and memory for each interface, direction and kind."""
    tables = []
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["interface"], row["direction"], row["kind"]), []).append(row)
    for (interface, direction, kind), found in groups.items():
        names = list(dict.fromkeys(name for row in found for name in row["figures"]))
        cells = [
            [size(row["size"]), *(_with_memory(row["figures"].get(name), name) for name in names)] for row in found
        ]
        title = f"{direction.capitalize()} body, {kind}, {interface.upper()}: min / median, peak memory"
        notes = [f"{name}: {text} ({size(row['size'])})" for row in found for name, text in row["errors"].items()]
        tables.append(Table(title, ["", *names], list(cells), notes))
    return tables


def _with_memory(figure: dict[str, Any] | None, name: str) -> str:
    return "-" if figure is None else f"{cell(figure, name)}, {size(figure['memory'])}"


def cold(rows: Iterable[Row]) -> list[Table]:
    """One table for each setting."""
    tables = []
    for row in rows:
        cells = [
            [
                name,
                cell(figures.get("import"), name),
                cell(figures.get("first_event"), name),
                str(figures.get("modules", "-")),
                cell(figures["process"], FLOOR if name == BARE else name),
            ]
            for name, figures in row["figures"].items()
        ]
        header = [row["setting"], "import", "import and first event", "modules", "whole process"]
        notes = [f"{name}: {text}" for name, text in row["errors"].items()]
        if row.get("aim"):
            notes.append(import_aim(row["aim"]))
        tables.append(Table(f"Cold start, {row['setting']}: min / median", header, list(cells), notes))
    return tables


def growth(rows: Iterable[Row]) -> list[Table]:
    """One table: the line through each series, how well it fits, and the exponent."""
    cells = []
    notes = []
    for row in rows:
        if row["fit"] is None:
            notes.append(f"{row['series']}: {row['error']} ({row['dimension']})")
            continue
        exponent = row["fit"]["exponent"]
        cells.append(
            [
                f"{row['dimension']} ({row['source']}), {row['series']}",
                seconds(max(row["fit"]["seconds_at_0"], 0)),
                seconds(max(row["fit"]["seconds_each"], 0)),
                f"{row['fit']['r2']:.4f}",
                "in the noise" if exponent is None else f"{exponent:.2f}",
            ]
        )
    return [Table("Growth: a line through the mins", ["", "at 0", "each more", "R²", "exponent"], list(cells), notes)]


def runtime(rows: Iterable[Row]) -> list[Table]:
    """One table for each setting."""
    tables = []
    header = ["", "first byte", "full cycle", "processor", "start to first /next", "memory: now / peak"]
    for row in rows:
        cells = [
            [
                name,
                *(cell(figures.get(kind), name) for kind in ("first_byte", "cycle", "cpu", "start")),
                _memory(figures["memory"]),
            ]
            for name, figures in row["figures"].items()
        ]
        notes = [*map(aim, row["aims"]), *(f"{name}: {text}" for name, text in row["errors"].items())]
        if any(figures["memory"] is None for figures in row["figures"].values()):
            notes.append("memory: measured on Linux only")
        tables.append(Table(f"Runtime, {row['setting']}: min / median, × to {BUFFERED}", header, list(cells), notes))
    return tables


def aim(aim: dict[str, Any]) -> str:
    """Whether an aim has been reached."""
    verdict = "reached" if aim["ratio"] <= aim["limit"] else "missed"
    return (
        f"{aim['contender']}: full cycle {aim['ratio']:.2f} of {aim['peer']}'s; "
        f"the aim, at most {aim['limit']:.2f}, is {verdict}"
    )


def import_aim(aim: dict[str, Any]) -> str:
    """Whether the aim for an import that has its bytecode has been reached."""
    verdict = "reached" if aim["ratio"] <= aim["limit"] else "missed"
    return (
        f"{aim['contender']}: import {aim['ratio']:.2f} of what `sam build` ships; "
        f"the aim, at most {aim['limit']:.2f}, is {verdict}"
    )


def _memory(memory: dict[str, int] | None) -> str:
    return "-" if memory is None else f"{size(memory['resident'])} / {size(memory['peak'])}"


def tables(part: str, rows: Iterable[Row]) -> list[Table]:
    """The tables of one part."""
    makers = {"events": events, "bodies": bodies, "cold": cold, "growth": growth, "runtime": runtime}
    return makers[part](rows)


def text(part: str, rows: Iterable[Row]) -> str:
    """All tables of one part, for a terminal."""
    return "\n\n".join([*(table.text() for table in tables(part, rows)), LEGEND])
