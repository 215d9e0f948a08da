"""How the time of an event grows with what it carries. Linear is right; anything more would be an attack to come."""

from __future__ import annotations

import json
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from . import apps
from .contender import ASGI, BRIDGE, WSGI, Contender, adapter
from .request import HEADERS, Request, payload
from .rounds import Effort, check, race, said, thread_loop

COUNTS = (0, 20, 40, 80, 120, 160)
MEGABYTES = (0, 1, 2, 3, 4)
SERIES = {
    "Bridge, ASGI": (ASGI, BRIDGE, apps.asgi_counts),
    "Bridge, WSGI": (WSGI, BRIDGE, apps.wsgi_counts),
    "Mangum, lifespan off": (ASGI, "Mangum, lifespan off", apps.asgi_counts),
    "apig-wsgi": (WSGI, "apig-wsgi", apps.wsgi_counts),
}


def _headers(count: int) -> Request:
    return Request(headers=HEADERS + tuple((f"x-header-{number}", f"value {number}") for number in range(count)))


def _cookies(count: int) -> Request:
    return Request(cookies=tuple(f"cookie{number}=value{number}" for number in range(count)))


def _query(count: int) -> Request:
    return Request(query=tuple((f"name{number}", f"a value {number}") for number in range(count)))


def _body(megabytes: int) -> Request:
    return Request(method="POST", body=random.Random(0).randbytes(megabytes * 1_000_000), binary=True)


DIMENSIONS: dict[str, tuple[str, Sequence[int], Callable[[int], Request]]] = {
    "headers": ("HTTP API 2.0", COUNTS, _headers),
    "cookies": ("HTTP API 2.0", COUNTS, _cookies),
    "query parameters": ("REST API 1.0", COUNTS, _query),
    "MB of request body": ("HTTP API 2.0", MEGABYTES, _body),
}
"""What grows: in which event, over which numbers, and the request that has so many. An HTTP API's query string arrives
ready to use, so the query parameters are a REST API's."""

Row = dict[str, Any]
"""dimension, source, series, points (number, seconds), fit, error."""


def measure(effort: Effort, say: Callable[[str], None] = print) -> list[Row]:
    """Run every dimension. All its numbers run in the same rounds."""
    effort = replace(effort, rounds=max(1, effort.rounds // 2), calls=min(100, effort.calls))
    rows = []
    for dimension in DIMENSIONS:
        say(f"growth: {dimension}")
        rows += _rows(dimension, effort)
    return rows


def _rows(dimension: str, effort: Effort) -> list[Row]:
    source, numbers, make = DIMENSIONS[dimension]
    sent = {number: payload(source, make(number)) for number in numbers}
    ready: list[Contender] = []
    errors = {}
    with thread_loop() as loop:
        for series, (makers, name, app) in SERIES.items():
            try:
                contender = adapter(series, makers[name](app))
                for number in numbers:
                    check(contender, sent[number], {"bytes": len(make(number).body)})
            except Exception as error:
                errors[series] = said(error)
                continue
            ready += [_fixed(contender, f"{series}/{number}", sent[number]) for number in numbers]
        figures = race(ready, b"", effort, loop)
    rows: list[Row] = []
    for series in SERIES:
        points = [] if series in errors else [(number, figures[f"{series}/{number}"]["min"]) for number in numbers]
        rows.append(
            {
                "dimension": dimension,
                "source": source,
                "series": series,
                "points": points,
                "fit": fit(points) if points else None,
                "error": errors.get(series),
            }
        )
    return rows


def _fixed(contender: Contender, label: str, sent: bytes) -> Contender:
    context = contender.prepare(b"{}")[1]
    return Contender(label, lambda _: (json.loads(sent), context), contender.call, contender.read)


def fit(points: Sequence[tuple[float, float]]) -> dict[str, float | None]:
    """The line through the points: seconds at 0 and for each more, R² of that line; and the exponent of the growth.

    The exponent is the slope of log(time - time of the first point) over log(number). 1 is linear, 2 is quadratic, and
    None is a growth that drowns in the noise.
    """
    numbers = [float(number) for number, _ in points]
    times = [time for _, time in points]
    slope, intercept = statistics.linear_regression(numbers, times)
    r2 = statistics.correlation(numbers, times) ** 2 if len(set(times)) > 1 else 1.0
    above = [(math.log(number), math.log(time - times[0])) for number, time in points[1:] if time > times[0]]
    exponent = None
    if len(above) == len(points) - 1 > 1 and times[-1] > times[0] * 1.1:
        exponent = round(statistics.linear_regression(*zip(*above, strict=True)).slope, 2)
    return {
        "seconds_at_0": float(f"{intercept:.3g}"),
        "seconds_each": float(f"{slope:.3g}"),
        "r2": round(r2, 4),
        "exponent": exponent,
    }
