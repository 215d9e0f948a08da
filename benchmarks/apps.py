"""The apps that are served: as little as there can be, and the same little in each framework."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

JSON = b'{"hello":"world"}'
ANSWER = {"hello": "world"}
COOKIES = 2
"""Set-Cookie lines that the apps without a framework send."""

StartResponse = Callable[[str, list[tuple[str, str]]], object]

_ASGI_HEADERS = ((b"content-type", b"application/json"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))
_WSGI_HEADERS = (("content-type", "application/json"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app with a lifespan: 17 bytes of JSON and two cookies."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(_ASGI_HEADERS)})
    await send({"type": "http.response.body", "body": JSON})


async def asgi_awaits(scope: Any, receive: Any, send: Any) -> None:
    """The same, but it gives the event loop a turn first."""
    if scope["type"] == "http":
        await asyncio.sleep(0)
    await asgi(scope, receive, send)


async def asgi_counts(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app that reads the request's body and says how many bytes it has."""
    if scope["type"] == "lifespan":
        await asgi(scope, receive, send)
        return
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": list(_ASGI_HEADERS)})
    await send({"type": "http.response.body", "body": b'{"bytes":%d}' % size})


def wsgi(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """A WSGI app: 17 bytes of JSON and two cookies."""
    start_response("200 OK", list(_WSGI_HEADERS))
    return [JSON]


def wsgi_counts(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """A WSGI app that reads the request's body and says how many bytes it has."""
    size = len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    start_response("200 OK", list(_WSGI_HEADERS))
    return [b'{"bytes":%d}' % size]


def with_lines(interface: str, lines: Sequence[tuple[str, str]]) -> Any:
    """An app that sends 17 bytes of JSON, with header lines."""
    make = sends_asgi if interface == "asgi" else sends_wsgi
    return make(JSON, "application/json", lines)


def sends_asgi(body: bytes, content_type: str, lines: Sequence[tuple[str, str]] = ()) -> Any:
    """An ASGI app that sends a body."""
    headers = [(b"content-type", content_type.encode())]
    headers += [(name.encode(), value.encode()) for name, value in lines]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await asgi(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def sends_wsgi(body: bytes, content_type: str, lines: Sequence[tuple[str, str]] = ()) -> Any:
    """A WSGI app that sends a body."""
    headers = [("content-type", content_type), *lines]

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [body]

    return app


def starlette() -> Any:
    """Starlette: one route, JSON."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def item(request: Request) -> JSONResponse:
        return JSONResponse(ANSWER)

    return Starlette(routes=[Route("/items/{number:int}", item)])


def fastapi() -> Any:
    """FastAPI: one route with a pydantic body, which it sends back."""
    from fastapi import FastAPI
    from pydantic import create_model

    model: Any = create_model("Item", name=(str, ...), price=(float, ...), tags=(list[str], ...))
    app = FastAPI()

    async def item(number: int, item: Any) -> Any:
        return item

    item.__annotations__ = {"number": int, "item": model, "return": model}
    app.post("/items/{number}")(item)
    return app


def fastapi_thread() -> Any:
    """FastAPI: one route that is no coroutine, so that FastAPI runs it in a thread."""
    from fastapi import FastAPI

    app = FastAPI()

    def item(number: int) -> dict[str, str]:
        return ANSWER

    app.get("/items/{number}")(item)
    return app


def flask() -> Any:
    """Flask: one route, JSON."""
    from flask import Flask, Response, jsonify

    app = Flask("benchmark")

    def item(number: int) -> Response:
        return jsonify(ANSWER)

    app.get("/items/<int:number>")(item)
    return app
