"""Events of every kind, with texts that a client may choose, or with shapes that no sender has."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from bridge import Bridge
from bridge.errors import EventError
from bridge.sources import _alb as alb, _edge as edge, _lattice as lattice, _v1 as v1, _v2 as v2, detect
from bridge.types import Receive, Scope, Send, Source, Wire

from ..samples import CUT, HTTP, OTHER, sample
from .mutation import misshape, places, text

SAMPLES = [*HTTP, *CUT, *(name for name in OTHER if "websocket" not in name)]
"""A WebSocket event has Bridge call the Management API, for which there are tests of its own."""

CLIENTS = frozenset(
    """
    headers multiValueHeaders queryStringParameters multiValueQueryStringParameters query_string_parameters cookies
    rawPath raw_path path rawQueryString querystring uri value userAgent httpMethod method
    """.split()  # noqa: SIM905
)
"""Keys of what a client writes."""

BODY = b"caf\xc3\xa9 \xff"
_BYTES_NAME = re.compile(rb"[^A-Z]*")


def make(random: Random) -> Any:
    """Return an event, and whether AWS might have sent it: only texts of the client's differ from a real one's."""
    event = sample(random.choice(SAMPLES))
    if random.randrange(2):
        return {"event": misshape(random, event), "is_whole": False}
    for holder, key in random.choices(_of_client(event) or [({}, "")], k=random.randrange(1, 4)):
        holder[key] = text(random)
        if isinstance(holder, dict) and random.randrange(3) == 0 and "headers" in event and holder is event["headers"]:
            holder[text(random)] = text(random)
    return {"event": event, "is_whole": True}


def _of_client(event: Any) -> list[tuple[Any, Any]]:
    """Return where an event has texts of the client's."""
    found = [
        (holder, key)
        for holder, key in places(event)
        if isinstance(holder[key], str) and (key in CLIENTS or not isinstance(key, str))
    ]
    for name in ("headers", "queryStringParameters"):
        if isinstance(event, dict) and isinstance(event.get(name), dict):
            found += [(event[name], key) for key, value in event[name].items() if isinstance(value, str)]
    return found


def check(given: Any) -> None:
    """Send an event to an ASGI and to a WSGI app: a response in the source's dialect, or an EventError.

    What is no HTTP request reaches `on_event`, and the app's `events_path`, or is refused by an EventError.
    """
    event, is_whole = given["event"], given["is_whole"]
    source = detect(event)
    for handler in handlers():
        try:
            result = handler(event, None)
        except EventError:
            # A text that breaks base64 is the only one of a client's that AWS would not have sent.
            assert not is_whole or source is None or "base64" in str(event), (
                "a client's text made an event an EventError"
            )
            continue
        if source is not None:
            read(source, event, result)


def read(source: Source, event: Any, result: Any) -> Wire:
    """Return the response that the sender of an event makes of a result; ResultError: it is no right one."""
    if source is alb:
        wire = alb.response(result, multi_value=event.get("multiValueHeaders") is not None)
    elif source in (v1, v2, lattice):
        wire = source.response(result)
    else:
        assert isinstance(source, edge.Trigger)
        wire = source.response(result)
    assert 200 <= wire[0] <= 599
    return wire


@functools.cache
def handlers() -> list[Callable[[Any, Any], Any]]:
    """Return functions for events: plain ones, with `on_event` and `events_path`, and on a running loop."""
    asynchronous = Bridge(echo, lifespan="off", errors="raise")

    def on_loop(event: Any, context: Any) -> Any:
        return asyncio.run(asynchronous.handle_async(event, context))

    return [
        Bridge(echo, lifespan="off", errors="raise"),
        Bridge(echo_wsgi, errors="raise", on_event=lambda event, context: {"other": 1}),
        Bridge(echo, lifespan="off", errors="raise", events_path="/events", base_path="/v1", forwarded_hosts="*.com"),
        on_loop,
    ]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer, after a look at whether the scope is what ASGI says."""
    assert scope["type"] == "http"
    assert scope["scheme"] in ("http", "https")
    for name, kind in (
        ("method", str),
        ("path", str),
        ("root_path", str),
        ("raw_path", bytes),
        ("query_string", bytes),
    ):
        assert type(scope[name]) is kind, f"{name} is {scope[name]!r}"
    assert scope["raw_path"].isascii()
    assert scope["client"] is None or [type(part) for part in scope["client"]] == [str, int]
    assert [type(part) for part in scope["server"]] == [str, int]
    for name, line in scope["headers"]:
        assert type(name) is type(line) is bytes
        assert _BYTES_NAME.fullmatch(name), f"a header's name is {name!r}"
    more = True
    while more:
        message = await receive()
        assert type(message["body"]) is bytes
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    # At `events_path`, an answer without a body is "nothing".
    await send({"type": "http.response.body", "body": b"" if scope["path"] == "/events" else BODY})


def echo_wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer, after a look at whether the environ is what PEP 3333 says."""
    for key, value in environ.items():
        if isinstance(value, str) and not key.startswith("aws."):
            value.encode("latin-1")
            assert key.isascii()
    assert environ["wsgi.url_scheme"] in ("http", "https")
    assert {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}.isdisjoint(environ)
    length = environ.get("CONTENT_LENGTH") or "0"
    assert length.isdigit()
    assert len(environ["wsgi.input"].read()) == int(length)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [BODY]
