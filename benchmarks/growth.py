"""How the cost of an event grows with what it carries. Linear is right; anything more would be an attack to come.

Counted in processor time: another process that takes the processor meanwhile is not in it. The least of the rounds
counts, since whatever disturbs a call makes it longer.
"""

from __future__ import annotations

import gc
import math
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time, time
from typing import Any

from bridge.websocket import FileStore, MemoryStore

from . import apps
from .contender import ASGI, BRIDGE, WSGI, adapter
from .request import HEADERS, Request, payload
from .rounds import Effort, check, said, thread_loop

NUMBERS = (0, 10, 100, 1_000, 10_000)
SERIES = {
    "Bridge, ASGI": ("asgi", ASGI, BRIDGE),
    "Bridge, WSGI": ("wsgi", WSGI, BRIDGE),
    "Mangum, lifespan off": ("asgi", ASGI, "Mangum, lifespan off"),
    "apig-wsgi": ("wsgi", WSGI, "apig-wsgi"),
}
TURN = 2_000
"""Calls of one turn, times what an event carries: a turn of many small events, or of a few large ones."""


@dataclass(frozen=True)
class Dimension:
    """What grows.

    Attributes:
        source: what sends the event.
        request: the request that has so many.
        answered: header lines of the response to it.
    """

    source: str
    request: Callable[[int], Request]
    answered: Callable[[int], Sequence[tuple[str, str]]] = lambda _: ()


def _headers(count: int) -> Request:
    return Request(headers=HEADERS + tuple((f"x-header-{number}", f"value {number}") for number in range(count)))


def _cookies(count: int) -> Request:
    return Request(cookies=tuple(f"cookie{number}=value{number}" for number in range(count)))


def _query(count: int) -> Request:
    return Request(query=tuple((f"name{number}", f"a value {number}") for number in range(count)))


def _path(count: int) -> Request:
    return Request(path="/items" + "/a%20b" * count)


DIMENSIONS = {
    "request headers": Dimension("HTTP API 2.0", _headers),
    "cookies": Dimension("HTTP API 2.0", _cookies),
    "query parameters": Dimension("REST API 1.0", _query),
    "segments of the path": Dimension("HTTP API 2.0", _path),
    "response headers": Dimension(
        "HTTP API 2.0", lambda _: Request(), lambda count: [(f"x-header-{number}", "value") for number in range(count)]
    ),
    "response headers of one name": Dimension(
        "HTTP API 2.0", lambda _: Request(), lambda count: [("link", f"</{number}>") for number in range(count)]
    ),
}
"""An HTTP API's query string arrives ready to use, so the query parameters are a REST API's."""

STORES = ("MemoryStore", "FileStore")

Row = dict[str, Any]
"""dimension, series, points (number, seconds of processor time), exponent, error."""


def measure(effort: Effort, say: Callable[[str], None] = print, numbers: Sequence[int] = NUMBERS) -> list[Row]:
    """Run every dimension."""
    rounds = max(1, effort.rounds // 4)
    rows = []
    for dimension in DIMENSIONS:
        say(f"growth: {dimension}")
        rows += [_row(dimension, series, numbers, rounds) for series in SERIES]
    say("growth: stores")
    return rows + [row for name in STORES for row in _store(name, numbers, rounds)]


def _row(dimension: str, series: str, numbers: Sequence[int], rounds: int) -> Row:
    grown = DIMENSIONS[dimension]
    interface, makers, name = SERIES[series]
    calls: dict[int, Callable[[], float]] = {}
    error = None
    with thread_loop():
        for number in numbers:
            lines = grown.answered(number)
            sent = payload(grown.source, grown.request(number))
            try:
                contender = adapter(series, makers[name](apps.with_lines(interface, lines)))
                check(contender, sent, apps.JSON)
            except Exception as raised:
                error = f"{number:,}: {said(raised)}"
                break
            calls[number] = _turn(contender.call, contender.prepare, sent, number)
        points = _least(calls, rounds)
    return row(dimension, series, points, error)


def _turn(call: Callable[..., Any], prepare: Callable[[bytes], Any], sent: bytes, number: int) -> Callable[[], float]:
    """Return what gives the seconds of one call: each has an event of its own, which is parsed before."""
    count = max(1, min(100, TURN // (number + 1)))

    def turn() -> float:
        arguments = [prepare(sent) for _ in range(count)]
        gc.collect()
        begin = process_time()
        for argument in arguments:
            call(*argument)
        return (process_time() - begin) / count

    return turn


def _store(name: str, numbers: Sequence[int], rounds: int) -> list[Row]:
    """Return what a store that has so many connections in a group takes for one of them, and for the list of all."""
    expires = int(time()) + 3600
    writes: dict[int, Callable[[], float]] = {}
    lists: dict[int, Callable[[], float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            store = MemoryStore() if name == "MemoryStore" else FileStore(Path(folder, str(number)))
            for member in range(number):
                store.put("group", str(member), {"name": "value"}, version=0, expires=expires)

            def write(store: Any = store) -> None:
                store.put("group", "one", {"name": "value"}, version=0, expires=expires)
                store.get("group", "one")
                store.delete("group", "one")

            writes[number] = _turn(write, lambda _: (), b"", 0)
            lists[number] = _turn(lambda store=store: store.sorts("group"), lambda _: (), b"", number)
        found = [(f"{name}: one of them", _least(writes, rounds)), (f"{name}: list", _least(lists, rounds))]
    return [row("connections of a group", series, points) for series, points in found]


def _least(turns: dict[int, Callable[[], float]], rounds: int) -> list[tuple[int, float]]:
    """Return the least seconds of each turn over all rounds."""
    times: dict[int, list[float]] = {number: [turn()] for number, turn in turns.items()}
    draw = random.Random(0)
    for _ in range(rounds):
        for number in draw.sample(list(turns), len(turns)):
            times[number].append(turns[number]())
    return [(number, float(f"{min(found):.3g}")) for number, found in times.items()]


def row(dimension: str, series: str, points: Sequence[tuple[int, float]], error: str | None = None) -> Row:
    """Return a row with its exponent: 1 is linear, 2 is quadratic, None is a growth that drowns in the noise.

    It is that of the last step, over what the first number takes.
    """
    exponent = None
    if len(points) > 2:
        (_, base), (before, less), (after, more) = points[0], *points[-2:]
        if more > base * 1.5 and less > base:
            exponent = round(math.log((more - base) / (less - base)) / math.log(after / before), 2)
    return {"dimension": dimension, "series": series, "points": list(points), "exponent": exponent, "error": error}
