"""Who takes part: the app alone, Bridge, and its peers, each behind the same two functions."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

from bridge import Bridge

Handler: TypeAlias = Callable[[dict[str, Any], Any], dict[str, Any]]
Answer: TypeAlias = tuple[int, bytes, int]
"""Status, body and number of Set-Cookie lines."""

FLOOR = "the app alone"
BRIDGE = "Bridge"


class Context:
    """Of the Lambda context, what an adapter may ask for."""

    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left."""
        return 30_000


@dataclass
class Contender:
    """One that takes part.

    Attributes:
        name: for tables and charts.
        prepare: makes the arguments of one call from an event's bytes. It is not timed.
        call: is timed.
        read: makes an answer of what `call` returned.
    """

    name: str
    prepare: Callable[[bytes], tuple[Any, ...]]
    call: Callable[..., Any]
    read: Callable[[Any], Answer]


def adapter(name: str, handler: Handler) -> Contender:
    """A Lambda handler. Each call gets an event that was parsed for it alone, as in Lambda."""
    context = Context()
    return Contender(name, lambda payload: (json.loads(payload), context), handler, answer_of)


def answer_of(result: dict[str, Any]) -> Answer:
    """What a gateway would make of a result."""
    body = result.get("body") or ""
    raw = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    cookies = len(result.get("cookies") or ())
    cookies += sum(name.lower() == "set-cookie" for name in result.get("headers") or ())
    multi = result.get("multiValueHeaders") or {}
    cookies += sum(len(values) for name, values in multi.items() if name.lower() == "set-cookie")
    return result["statusCode"], raw, cookies


def _mangum(app: Any, **options: Any) -> Handler:
    from mangum import Mangum

    handler: Handler = Mangum(app, **options)
    return handler


def _asgi_aws(app: Any) -> Handler:
    from asgi_aws import Asgi

    handler: Handler = Asgi.entry_point(app)
    return handler


def _uvloop(app: Any) -> Handler:
    import uvloop

    return Bridge(app, loop_factory=uvloop.new_event_loop)


def _apig_wsgi(app: Any) -> Handler:
    from apig_wsgi import make_lambda_handler

    handler: Handler = make_lambda_handler(app)
    return handler


def _serverless_wsgi(app: Any) -> Handler:
    from serverless_wsgi import handle_request

    handler: Handler = partial(handle_request, app)
    return handler


def _a2wsgi(app: Any, **options: Any) -> Handler:
    from a2wsgi import WSGIMiddleware

    return _mangum(WSGIMiddleware(app), **options)


ASGI: dict[str, Callable[[Any], Handler]] = {
    BRIDGE: Bridge,
    "Bridge on uvloop": _uvloop,
    "Mangum": _mangum,
    "Mangum, lifespan off": partial(_mangum, lifespan="off"),
    "asgi-aws": _asgi_aws,
}
"""Makers of handlers for an ASGI app."""

WSGI: dict[str, Callable[[Any], Handler]] = {
    BRIDGE: Bridge,
    "apig-wsgi": _apig_wsgi,
    "serverless-wsgi": _serverless_wsgi,
    "Mangum + a2wsgi": _a2wsgi,
    "Mangum + a2wsgi, lifespan off": partial(_a2wsgi, lifespan="off"),
}
"""Makers of handlers for a WSGI app."""


def alone(app: Any, interface: str, payload: bytes, by_hand: bool) -> Contender:
    """The app without an adapter: what no adapter can be faster than. Its scope or environ is made before the time."""
    if interface == "wsgi":
        return _wsgi_alone(app, payload)
    caught: list[Any] = []

    async def catch(scope: Any, receive: Any, send: Any) -> None:
        caught.append((scope, (await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    Bridge(catch, lifespan="off")(json.loads(payload), Context())
    scope, body = caught[0]
    drive = _resume if by_hand else asyncio.new_event_loop().run_until_complete

    def call(scope: Any, body: bytes) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        drive(app(scope, receive, send))
        return sent

    def read(sent: list[Any]) -> Answer:
        cookies = sum(name == b"set-cookie" for name, _ in sent[0]["headers"])
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), cookies

    return Contender(FLOOR, lambda _: (scope | {"state": {}}, body), call, read)


def _resume(coroutine: Any) -> None:
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        pass


def _wsgi_alone(app: Any, payload: bytes) -> Contender:
    caught: list[Any] = []

    def catch(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        caught.append((environ, environ["wsgi.input"].read()))
        start_response("200 OK", [])
        return []

    Bridge(catch)(json.loads(payload), Context())
    environ, body = caught[0]

    def call(environ: dict[str, Any]) -> tuple[str, Any, bytes]:
        started: list[Any] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            started.append((status, headers))
            return started.append

        chunks = app(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return (*started[0], content)

    def read(sent: tuple[str, Any, bytes]) -> Answer:
        return int(sent[0][:3]), sent[2], sum(name.lower() == "set-cookie" for name, _ in sent[1])

    return Contender(FLOOR, lambda _: (environ | {"wsgi.input": BytesIO(body)},), call, read)
