"""Apps that break ASGI and WSGI in any order: what goes out is a response all the same, one beginning and one end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from bridge import Bridge
from bridge.sources import detect
from bridge.types import Receive, Scope, Send

from ..responders import Responder, SyncResponder
from ..samples import HTTP, sample
from .events import read
from .mutation import text, value

TYPES = ["http.response.start", "http.response.body", "http.response.trailers", "http.disconnect", "", None]
STATUSES = [200, 204, 304, 404, 500, 100, 101, 199, 600, 999, 0, -1, "200", None, 200.0, True, [], "200 OK", "abc", ""]
ERRORS = {
    error.__name__: error for error in (ValueError, OSError, asyncio.CancelledError, RecursionError, StopIteration)
}


def make(random: Random) -> Any:
    """Return an app's steps, and the event that it gets."""
    step = _asgi_step if random.randrange(2) else _wsgi_step
    return {
        "interface": "asgi" if step is _asgi_step else "wsgi",
        "steps": [step(random) for _ in range(random.randrange(6))],
        "sample": random.choice([*HTTP]),
        "streams": random.choice(["off", "on"]),
    }


def _bytes(random: Random) -> Any:
    """Return what `_real` makes bytes of, as a rule."""
    return {"bytes": text(random)} if random.randrange(6) else value(random, 1)


def _asgi_step(random: Random) -> Any:
    kind = random.randrange(8)
    if kind == 0:
        return ["raise", random.choice([*ERRORS])]
    if kind == 1:
        return ["receive"]
    if kind == 2:
        return ["send", value(random)]
    message: dict[str, Any] = {"type": TYPES[0 if kind < 5 else 1]}
    if random.randrange(8) == 0:
        message["type"] = random.choice(TYPES)
    if kind < 5:
        message["status"] = random.choice(STATUSES) if random.randrange(3) == 0 else 200
        message["headers"] = [[_bytes(random), _bytes(random)] for _ in range(random.randrange(3))]
        if random.randrange(6) == 0:
            message["headers"] = value(random)
    else:
        message["body"] = _bytes(random)
        message["more_body"] = random.choice([True, False, None, 1, ""])
    for key in [*message]:
        if random.randrange(12) == 0:
            del message[key]
    return ["send", message]


def _wsgi_step(random: Random) -> Any:
    kind = random.randrange(8)
    if kind == 0:
        return ["raise", random.choice([*ERRORS])]
    if kind < 4:
        status = random.choice(
            ["200 OK", "404", "204 No", "99 x", "600 x", "abc", "", "200\r\nx: y", None, 200, "999 x"]
        )
        headers = [[text(random), text(random)] for _ in range(random.randrange(3))]
        return ["start", "200 OK" if random.randrange(2) else status, headers if random.randrange(6) else value(random)]
    return [random.choice(["yield", "write"]), _bytes(random)]


def _real(given: Any) -> Any:
    """Return what a step stands for: JSON has no bytes and no tuples."""
    if isinstance(given, dict):
        if [*given] == ["bytes"]:
            return str(given["bytes"]).encode("utf-8", "surrogatepass")
        return {key: _real(part) for key, part in given.items()}
    return [_real(part) for part in given] if isinstance(given, list) else given


class Asgi:
    """An ASGI app that takes steps."""

    def __init__(self, steps: list[Any]) -> None:
        self.steps = steps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        done: set[str] = set()
        for kind, *rest in self.steps:
            if kind == "raise":
                raise ERRORS[rest[0]]
            if kind == "receive":
                # Once: there is no other message to wait for but the client's end, and the deadline that would end it.
                await (receive() if kind not in done else asyncio.sleep(0))
            else:
                await send(_real(rest[0]))
            done.add(kind)


class Wsgi:
    """A WSGI app that takes steps."""

    def __init__(self, steps: list[Any]) -> None:
        self.steps = steps

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[Any]:
        write: Any = None
        for kind, *rest in self.steps:
            if kind == "raise":
                raise ERRORS[rest[0]]
            if kind == "start":
                lines = [tuple(line) if isinstance(line, list) else line for line in rest[1]] if rest[1] else rest[1]
                write = start_response(rest[0], lines)
            elif kind == "yield":
                yield _real(rest[0])
            elif write is not None:
                write(_real(rest[0]))


@functools.cache
def _handler(interface: str, streams: Any) -> tuple[Bridge, Any]:
    app: Any = Asgi([]) if interface == "asgi" else Wsgi([])
    return Bridge(app, interface=interface, lifespan="off", streaming=streams), app  # type: ignore[arg-type]


def check(given: Any) -> None:
    """Send an event to the app: the plain way, and the streaming one."""
    handler, app = _handler(given["interface"], given["streams"])
    app.steps = given["steps"]
    event = sample(given["sample"])
    source = detect(event)
    assert source is not None
    read(source, event, handler(event, None))
    if given["interface"] == "asgi":
        responder = Responder()
        asyncio.run(handler.respond(event, None, responder))
        steps = responder.steps
    else:
        synchronous = SyncResponder()
        handler.respond_sync(event, None, synchronous)
        steps = synchronous.steps
    first, *others = steps.names
    if first == "result":
        assert not others, steps.names
        read(source, event, steps.result)
    else:
        assert first == "start"
        assert others[-1] in ("end", "fail"), steps.names
        assert set(others[:-1]) <= {"write"}, steps.names
        assert steps.head["statusCode"] in range(200, 600), steps.head
