"""Uses of Bridge that type checkers have to accept. It is checked, not run."""

# pyright: strict

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import Any, assert_type

import a2wsgi
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from fastapi import FastAPI, WebSocket
from flask import Flask
from litestar import Litestar
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge import Bridge, BridgeError, EventError
from bridge._http import to_lists
from bridge.sources import CustomIntegration, http_request
from bridge.types import Request, ResponseHeaders
from bridge.websocket import Connections, DynamoDBStore, MemoryStore, connection, suspending

# Frameworks

Bridge(FastAPI())
Bridge(Starlette())
Bridge(GZipMiddleware(Starlette()))
Bridge(Litestar([]))
Bridge(Quart(__name__))
Bridge(Flask(__name__))
Bridge(Flask(__name__).wsgi_app)
Bridge(get_asgi_application())
Bridge(get_wsgi_application())


# What people write themselves


async def asgi_of_starlette(scope: Scope, receive: Receive, send: Send) -> None: ...


async def asgi_of_anything(scope: Any, receive: Any, send: Any) -> None: ...


async def asgi_in_detail(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None: ...


async def asgi_of_dicts(scope: dict[str, Any], receive: Any, send: Any) -> None: ...


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return [b""]


def wsgi_list(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return [b""]


async def asgi_with_more(name: str, scope: Scope, receive: Receive, send: Send) -> None: ...


def wsgi_of_django(environ: Any, start_response: Any) -> list[bytes] | Coroutine[Any, Any, Any]:
    """Django's, as pyright infers it without django-stubs."""
    return [b""]


class Middleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    async def method(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class WSGIMiddleware:
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return [b""]


Bridge(asgi_of_starlette)
Bridge(asgi_of_anything)
Bridge(asgi_in_detail)
Bridge(a2wsgi.ASGIMiddleware(asgi_of_anything))
Bridge(asgi_of_dicts)
Bridge(wsgi)
Bridge(wsgi_list)
Bridge(wsgi_of_django)
Bridge(functools.partial(asgi_with_more, "name"))
Bridge(Middleware(Starlette()))
Bridge(Middleware(Starlette()).method)
Bridge(WSGIMiddleware())

# Options

Bridge(
    FastAPI(),
    interface="asgi",
    lifespan="on",
    base_path=["/v1", "/v2"],
    strip_root_path=True,
    exclude_headers={"server"},
    is_text=lambda media_type: media_type.startswith("text/"),
    errors="raise",
    streaming="auto",
    loop_factory=asyncio.SelectorEventLoop,
    events_path="/events",
    warm_up=True,
    forwarded_hosts=["www.example.com", "*.example.com/shop"],
    forwarded_host_header="x-viewer-host",
)
Bridge(FastAPI(), base_path="/v1", exclude_headers=("server", "via"), loop_factory=asyncio.new_event_loop)

# Sources


class Source:
    LIMIT = 1_000_000

    def accepts(self, event: object) -> bool:
        return True

    def request(self, event: dict[str, Any]) -> Request:
        http_request(query="a=1", headers={"a": "1"}, cookies=["a=1"], client="203.0.113.7", body=b"")
        http_request(query={"a": ["1", "2"]}, headers={"a": None}, cookies="a=1", client=("::1", 7), body="")
        return http_request(query=[("a", "1")], headers=[("a", "1"), ("a", "2")], path="/")

    def result(
        self, made_of: dict[str, Any], status: int, headers: ResponseHeaders, body: str, is_base64: bool
    ) -> dict[str, Any]:
        return {"headers": to_lists(headers)}


Bridge(FastAPI(), sources=[Source()])
Bridge(FastAPI(), sources=(Source(), CustomIntegration("passthrough")))
Bridge(FastAPI(), sources=[CustomIntegration(), CustomIntegration("serverless", envelope=True, raise_from=None)])
Bridge(FastAPI(), sources=[CustomIntegration(None, method="PUT", path="/orders", shared=True, raise_from=400)])


def on_event(event: dict[str, Any], context: object) -> dict[str, list[str]]:
    return {"batchItemFailures": []}


async def on_event_async(event: Any, context: Any) -> None: ...


Bridge(FastAPI(), on_event=on_event, forwarded_hosts="www.example.com")
Bridge(Flask(__name__), on_event=on_event_async)
Bridge(Flask(__name__), on_event=lambda event, context: event["Records"])

# Calls

handler = Bridge(FastAPI())
assert_type(handler, Bridge)
assert_type(handler({}, None), dict[str, Any])
assert_type(handler({"version": "2.0"}), dict[str, Any])
assert_type(handler.close(), None)


class Context:
    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 1000


def own_handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    try:
        return handler(event, context)
    except EventError as error:
        assert_type(error, EventError)
        raise
    except BridgeError:
        return {"statusCode": 500}


async def in_a_loop() -> None:
    assert_type(await handler.handle_async({}, None), dict[str, Any])
    await asyncio.gather(handler.handle_async({}), handler.handle_async({}))


class Responder:
    async def result(self, result: Any) -> None: ...
    async def start(self, content_type: str, prelude: bytes) -> None: ...
    async def write(self, data: bytes) -> None: ...
    async def end(self, data: bytes) -> None: ...
    async def fail(self, error: BaseException) -> None: ...


class SyncResponder:
    def result(self, result: object) -> None: ...
    def start(self, content_type: str, prelude: bytes) -> None: ...
    def write(self, data: bytes) -> None: ...
    def end(self, data: bytes) -> None: ...
    def fail(self, error: BaseException) -> None: ...


async def in_a_runtime() -> None:
    await handler.startup()
    if handler.is_asgi:
        await handler.respond({}, Context(), Responder())
    else:
        handler.respond_sync({}, None, SyncResponder())
    await handler.shutdown()


lambda_handler: Callable[[dict[str, Any], Any], dict[str, Any]] = handler


# WebSockets

Bridge(FastAPI(), websocket_path="/ws", connections=Connections())
Bridge(FastAPI(), websocket_path=lambda event: "/" + str(event["queryStringParameters"]["path"]))
Bridge(FastAPI(), websocket_binary="base64", websocket_linger=1)
Connections(MemoryStore(), after_connect=True)


async def endpoint(websocket: WebSocket, connections: Connections) -> None:
    mine = connection(websocket)
    await mine.set_attachment({"user": "ann"})
    assert_type(suspending(websocket), bool)
    result = await connections.broadcast("room", "text", exclude=[mine.id])
    assert_type(result.reached, list[str])
    connections.sync.send(mine.id, "text")


Bridge(FastAPI(), connections=Connections(DynamoDBStore("connections")))

Bridge(FastAPI(), is_text=["text/*", "image/svg+xml"])
Bridge(FastAPI(), is_text="text/*")
