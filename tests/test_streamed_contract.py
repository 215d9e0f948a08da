"""Streamed or in one piece: a client gets the same response."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge import Bridge
from bridge.sources import _v1 as v1, _v2 as v2
from bridge.types import Wire

from .apps import StartResponse
from .responders import Responder, Steps, SyncResponder
from .samples import sample

NAMES = st.one_of(
    st.text("abcxyz0123456789-", min_size=1, max_size=6),
    st.sampled_from(["Set-Cookie", "set-cookie", "Content-Type", "content-length", "Connection", "X-A", "x-a"]),
)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=8).filter(
    lambda value: value.isprintable()
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
PARTS = st.lists(st.binary(max_size=6), max_size=4)
SOURCES: dict[str, Callable[[object], Wire]] = {"function_url": v2.response, "rest": v1.response}


def asgi(status: int, headers: list[tuple[str, str]], parts: list[bytes]) -> Any:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": lines})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})

    return app


def wsgi(status: int, headers: list[tuple[str, str]], parts: list[bytes]) -> Any:
    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response(f"{status} Said", headers)
        yield from parts

    return app


def streamed(app: Any, event: Any) -> Steps:
    handler = Bridge(app, lifespan="off", streaming="on", errors="raise")
    if handler.is_asgi:
        responder = Responder()
        asyncio.run(handler.respond(event, None, responder))
        return responder.steps
    plain = SyncResponder()
    handler.respond_sync(event, None, plain)
    return plain.steps


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("make", [asgi, wsgi])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    status=st.one_of(st.integers(200, 599), st.sampled_from([204, 304])),
    headers=HEADERS,
    parts=PARTS,
)
def test_a_stream_says_what_a_result_says(
    name: str, make: Any, method: str, status: int, headers: list[tuple[str, str]], parts: list[bytes]
) -> None:
    event = sample(name)
    if name == "rest":
        event["httpMethod"] = method
    else:
        event["requestContext"]["http"]["method"] = method
    app = make(status, headers, parts)
    result = Bridge(app, lifespan="off", errors="raise")(event)
    assert streamed(app, event).wire(event) == SOURCES[name](result)
