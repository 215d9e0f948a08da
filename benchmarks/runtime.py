"""Runtimes: Lambda's own with an adapter, and Bridge's, each a process that takes events from a Runtime API.

Every contender of a setting is started, answers once and is looked at, and then has one turn in every round: the others
wait for their next event meanwhile. A turn's time is the median of its events, since one that the machine has put off
for milliseconds would be most of a mean. Starts are interleaved too.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from .cold import ASGI_APP, FASTAPI_APP, FLASK_APP
from .contender import answer_of
from .environment import CYCLES, FLOOR, SIDECAR as SIDECAR_RUNTIME, Environment
from .least import RUNTIME
from .request import Request, payload
from .rounds import WARM_UP, Effort, Figure, figure, said

SOURCE = "function URL"
BUFFERED = "bridge.runtime, buffered"
STREAMED = "bridge.runtime, streamed"
MANGUM = "awslambdaric + Mangum"
MANGUM_OFF = "awslambdaric + Mangum, lifespan off"
BRIDGE = "awslambdaric + Bridge"
APIG_WSGI = "awslambdaric + apig-wsgi"

LEAST = "least in Python, no app"
LEAST_C = "least in C, no app, no JSON"
SIDECAR = "least sidecar in C + uvicorn"
_KINDS = {LEAST: "least", LEAST_C: FLOOR, SIDECAR: SIDECAR_RUNTIME}
"""What has no adapter."""

MAKERS = {
    MANGUM: "from mangum import Mangum\nhandler = Mangum(app)",
    MANGUM_OFF: 'from mangum import Mangum\nhandler = Mangum(app, lifespan="off")',
    APIG_WSGI: "from apig_wsgi import make_lambda_handler\nhandler = make_lambda_handler(app)",
    BRIDGE: "from bridge import Bridge\nhandler = Bridge(app)",
    BUFFERED: "from bridge import Bridge\nhandler = Bridge(app)",
    STREAMED: 'from bridge import Bridge\nhandler = Bridge(app, streaming="on")',
}
"""What makes a handler of `app`. The name begins with the runtime."""

_BINARY = bytes(range(256)), 17_188
_TEXT = b'{"name": "a text of some length", "price": 12.5, "stock": 3},\n', 70_968
_LARGE_APP = """
body = {!r} * {}
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
        await send({{"type": "lifespan.shutdown.complete"}})
        return
    headers = [(b"content-type", {!r})]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": body}})
"""

PRELUDE_END = b"\0" * 8
"""Between the status with the headers and the body, in a stream."""


@dataclass(frozen=True)
class Setting:
    """One app.

    Attributes:
        source: its text.
        names: who takes part.
        peer: whom Bridge's runtime is to be compared with.
        aim: at most how many times the peer's full cycle Bridge's is to take; None: no aim.
        answer: the body.
        events: the most events of a turn.
        starts: whether starts are measured too.
        managed: whether this is a managed runtime's environment, or else a container's, where awslambdaric starts no
            thread for each event.
    """

    source: str
    names: tuple[str, ...]
    peer: str
    aim: float | None
    answer: bytes = b"{}"
    events: int = 30
    starts: bool = True
    managed: bool = True


def _large(part: bytes, count: int, content_type: bytes, aim: float | None) -> Setting:
    """A body of some part, so many times."""
    source = _LARGE_APP.format(part, count, content_type)
    return Setting(source, _ASGI, MANGUM, aim, part * count, events=5, starts=False)


_ASGI = (MANGUM, MANGUM_OFF, BRIDGE, BUFFERED, STREAMED)
_FLOORS = (LEAST_C, LEAST, SIDECAR)
SETTINGS = {
    "ASGI app": Setting(ASGI_APP, (*_FLOORS, *_ASGI), MANGUM, 0.5),
    "ASGI app, in a container": Setting(ASGI_APP, (*_FLOORS, *_ASGI), MANGUM, 0.7, starts=False, managed=False),
    "FastAPI": Setting(FASTAPI_APP, (SIDECAR, *_ASGI), MANGUM, 0.5),
    "FastAPI, in a container": Setting(FASTAPI_APP, (SIDECAR, *_ASGI), MANGUM, 0.7, starts=False, managed=False),
    "Flask": Setting(FLASK_APP, (APIG_WSGI, BRIDGE, BUFFERED, STREAMED), APIG_WSGI, None),
    "4.4 MB, binary": _large(*_BINARY, b"application/octet-stream", 0.2),
    "4.4 MB, text": _large(*_TEXT, b"application/json", None),
}

Row = dict[str, Any]
"""setting, figures (by contender: `first_byte`, `cycle`, `cpu` and perhaps `start`, each a figure, `memory` and
`system_calls`; these and `cpu` are None where nothing tells them), aims (each: contender, peer, what, limit, ratio),
errors."""


def measure(effort: Effort, say: Callable[[str], None] = print, only: str | None = None) -> list[Row]:
    """Run every setting, or the one that is called `only`."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name, setting in SETTINGS.items():
            if only in (None, name):
                say(f"runtime: {name}")
                rows.append({"setting": name, **row(setting, effort, cache)})
    return rows


def row(setting: Setting, effort: Effort, cache: str) -> Row:
    """Everyone of a setting."""
    event = payload(SOURCE, Request())
    errors = {}
    with ExitStack() as stack:
        ready: dict[str, Environment] = {}
        for name in setting.names:
            try:
                environment = stack.enter_context(_environment(name, setting, cache))
                check(environment.api.invoke(event, keep=True).answer, setting.answer)
                ready[name] = environment
            except (OSError, RuntimeError, ValueError) as error:
                errors[name] = str(error) if isinstance(error, RuntimeError) else said(error)
        rounds = max(1, effort.rounds // 2)
        columns, failed = race(ready, event, rounds, min(setting.events, effort.calls))
        errors |= failed
        first_bytes, cycles, processors = columns
        figures = {
            name: {
                "first_byte": compared(first_bytes, name, setting.events),
                "cycle": compared(cycles, name, setting.events),
                "cpu": compared(processors, name, setting.events) if all(processors[name]) else None,
                "memory": environment.memory(),
                "system_calls": environment.system_calls(event, min(CYCLES, effort.calls)),
            }
            for name, environment in ready.items()
            if name not in errors
        }
    if setting.starts:
        starts = _starts(list(figures), setting, effort.launches, cache)
        for name in figures:
            figures[name]["start"] = compared(starts, name, 1)
    return {"figures": figures, "aims": _aims(setting, cycles), "errors": errors}


def check(posted: bytes, answer: bytes) -> None:
    """Look at what was posted for an event: a result, or a stream.

    Raises:
        ValueError: it is not what the app has answered.
    """
    prelude, mark, streamed = posted.partition(PRELUDE_END)
    if mark:
        status, body = json.loads(prelude)["statusCode"], streamed
    else:
        status, body, _ = answer_of(json.loads(posted))
    if status != 200 or body.strip() != answer.strip():
        raise ValueError(f"answers {status}: {body[:80]!r}")


def race(
    ready: dict[str, Environment], event: bytes, rounds: int, events: int
) -> tuple[tuple[dict[str, list[float]], ...], dict[str, str]]:
    """Let each contender have its turn in each round.

    Returns:
        Seconds to the first byte, of the full cycle, and of processor time, by contender; and the errors of those that
        failed on the way, who are not among them.
    """
    columns: tuple[dict[str, list[float]], ...] = tuple({name: [] for name in ready} for _ in range(3))
    errors: dict[str, str] = {}
    draw = random.Random(0)
    for number in range(rounds + 1):
        names = list(columns[0])
        for name in draw.sample(names, len(names)):
            try:
                turn = _turn(ready[name], event, events)
            except (OSError, ValueError) as error:
                errors[name] = said(error)
                for column in columns:
                    del column[name]
            else:
                for column, seconds in zip(columns, turn, strict=True):
                    if number:  # the first round warms up
                        column[name].append(seconds)
    return columns, errors


def _turn(environment: Environment, event: bytes, events: int) -> tuple[float, float, float]:
    invoke = environment.api.invoke
    for _ in range(WARM_UP):
        invoke(event)
    before = environment.cpu()
    found = [invoke(event) for _ in range(events)]
    after = environment.cpu()
    cpu = 0.0 if before is None or after is None else (after - before) / events
    first_bytes, cycles = ([getattr(each, name) for each in found] for name in ("first_byte", "cycle"))
    return statistics.median(first_bytes), statistics.median(cycles), cpu


def _starts(names: Sequence[str], setting: Setting, launches: int, cache: str) -> dict[str, list[float]]:
    starts: dict[str, list[float]] = {name: [] for name in names}
    draw = random.Random(0)
    for _ in range(launches):
        for name in draw.sample(names, len(names)):
            with _environment(name, setting, cache) as environment:
                starts[name].append(environment.started)
    return starts


def _environment(name: str, setting: Setting, cache: str) -> Environment:
    if name in _KINDS:
        return Environment(_KINDS[name], RUNTIME if name == LEAST else setting.source, cache)
    runtime = name.split()[0].rstrip(",")
    return Environment(runtime, f"{setting.source}\n{MAKERS[name]}\n", cache, setting.managed)


def compared(times: dict[str, list[float]], name: str, calls: int) -> Figure:
    """The figures of one contender, and how many times those of Bridge's runtime they are."""
    return figure(times[name], times.get(BUFFERED) if name != BUFFERED else None, calls)


def _aims(setting: Setting, cycles: dict[str, list[float]]) -> list[dict[str, Any]]:
    if setting.aim is None or setting.peer not in cycles:
        return []
    return [
        {
            "contender": name,
            "peer": setting.peer,
            "what": "full cycle",
            "limit": setting.aim,
            "ratio": figure(cycles[name], cycles[setting.peer], setting.events)["ratio"],
        }
        for name in (BUFFERED, STREAMED)
        if name in cycles
    ]
