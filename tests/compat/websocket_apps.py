"""WebSocket apps of many frameworks, each of which answers every message as its framework's own pages would have it.

Packages are imported where an app is made: each app needs its own alone.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

PING, PONG = json.dumps({"type": "ping"}), {"type": "pong"}


class WebSocketApp(NamedTuple):
    """An app, and how to talk to it.

    Attributes:
        name: what the page calls it.
        make: an ASGI app that answers each text with the same in capitals, and appends to a list at its goodbyes.
        speaks: "text", or a subprotocol, in which a ping is answered with a pong.
    """

    name: str
    make: Callable[[list[object]], Any]
    speaks: str = "text"

    @property
    def subprotocols(self) -> list[str]:
        """Return what a client offers."""
        return [] if self.speaks == "text" else [self.speaks]

    def message(self, number: int) -> str:
        """Return the message of a number."""
        return f"m{number}" if self.speaks == "text" else PING

    def key(self, answer: str | bytes) -> str:
        """Return what is to be compared in an answer."""
        return str(answer) if self.speaks == "text" else json.dumps(json.loads(answer))

    def answer(self, number: int) -> str:
        """Return the key of the answer to the message of a number."""
        return f"M{number}" if self.speaks == "text" else json.dumps(PONG)


def fastapi(log: list[object]) -> Any:
    from fastapi import FastAPI, WebSocket, WebSocketDisconnect

    app = FastAPI()

    @app.websocket("/")
    async def shout(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text((await websocket.receive_text()).upper())
        except WebSocketDisconnect:
            log.append("left")

    return app


def fastapi_dependencies(log: list[object]) -> Any:
    from fastapi import Depends, FastAPI, WebSocket

    app = FastAPI()

    async def session() -> AsyncIterator[str]:
        try:
            yield "session"
        finally:
            log.append("session closed")

    def transaction(session: Annotated[str, Depends(session)]) -> Iterator[str]:
        try:
            yield session
        finally:
            log.append("transaction ended")

    @app.websocket("/")
    async def shout(websocket: WebSocket, transaction: Annotated[str, Depends(transaction)]) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())

    return app


def starlette_endpoint(log: list[object]) -> Any:
    from starlette.applications import Starlette
    from starlette.endpoints import WebSocketEndpoint
    from starlette.routing import WebSocketRoute

    from bridge.websocket import suspending

    class Shout(WebSocketEndpoint):
        encoding = "text"

        async def on_receive(self, websocket: Any, data: Any) -> None:
            await websocket.send_text(data.upper())

        async def on_disconnect(self, websocket: Any, close_code: int) -> None:
            if not suspending(websocket):
                log.append("left")

    return Starlette(routes=[WebSocketRoute("/", Shout)])


def litestar_listener(log: list[object]) -> Any:
    import litestar

    from bridge.websocket import suspending

    def goodbye(socket: litestar.WebSocket) -> None:  # type: ignore[type-arg]
        if not suspending(socket):
            log.append("left")

    @litestar.websocket_listener("/", on_disconnect=goodbye)
    def shout(data: str) -> str:
        return data.upper()

    return litestar.Litestar([shout], logging_config=None)


def quart(log: list[object]) -> Any:
    from quart import Quart, websocket

    from bridge.websocket import suspending

    app = Quart(__name__)

    @app.websocket("/")
    async def shout() -> None:
        try:
            while True:
                await websocket.send((await websocket.receive()).upper())
        finally:
            if not suspending(websocket):
                log.append("left")

    return app


def falcon(log: list[object]) -> Any:
    import falcon.asgi

    class Shout:
        async def on_websocket(self, request: Any, socket: Any) -> None:
            await socket.accept()
            try:
                while True:
                    await socket.send_text((await socket.receive_text()).upper())
            except falcon.WebSocketDisconnected:
                log.append("left")

    app = falcon.asgi.App()
    app.add_route("/", Shout())
    return app


def sanic(log: list[object]) -> Any:
    from sanic import Sanic

    Sanic.test_mode = True  # one process may make several apps of one name
    app = Sanic("shout")

    @app.websocket("/")
    async def shout(request: Any, websocket: Any) -> None:
        with suppress(asyncio.CancelledError):  # when the event is over; else Sanic logs an error of its own
            while (text := await websocket.recv()) is not None:
                await websocket.send(text.upper())
            log.append("left")

    return app


def _django() -> None:
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)
        django.setup()


urlpatterns: list[object] = []


def channels(log: list[object]) -> Any:
    _django()
    from channels.generic.websocket import AsyncWebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.urls import path

    class Shout(AsyncWebsocketConsumer):  # type: ignore[misc]
        async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
            await self.send(text_data.upper())

        async def disconnect(self, code: int) -> None:
            log.append("left")

    return ProtocolTypeRouter({"websocket": URLRouter([path("", Shout.as_asgi())])})


def channels_in_a_thread(log: list[object]) -> Any:
    _django()
    from channels.generic.websocket import WebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.urls import path

    class Shout(WebsocketConsumer):  # type: ignore[misc]
        def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
            self.send(text_data.upper())

        def disconnect(self, code: int) -> None:
            log.append("left")

    return ProtocolTypeRouter({"websocket": URLRouter([path("", Shout.as_asgi())])})


def strawberry(log: list[object]) -> Any:
    import strawberry
    from strawberry.asgi import GraphQL

    @strawberry.type
    class Query:
        hello: str = "world"

    return GraphQL(strawberry.Schema(Query))


def ariadne(log: list[object]) -> Any:
    import ariadne
    from ariadne.asgi import GraphQL
    from ariadne.asgi.handlers import GraphQLTransportWSHandler

    schema = ariadne.make_executable_schema("type Query { hello: String }")
    return GraphQL(schema, websocket_handler=GraphQLTransportWSHandler())


def socket_io() -> Any:
    import socketio

    return socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))


def fan_out(log: list[object]) -> Any:
    """As broadcaster's memory backend: a queue for each subscriber, which a task reads."""
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute

    async def room(websocket: Any) -> None:
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def read() -> None:
            async for text in websocket.iter_text():
                queue.put_nowait(text)
            log.append("left")

        async def write() -> None:
            while True:
                await websocket.send_text((await queue.get()).upper())

        reading, writing = asyncio.create_task(read()), asyncio.create_task(write())
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            writing.cancel()

    return Starlette(routes=[WebSocketRoute("/", room)])


APPS = [
    WebSocketApp("FastAPI", fastapi),
    WebSocketApp("FastAPI, dependencies with `yield`", fastapi_dependencies),
    WebSocketApp("Starlette, `WebSocketEndpoint`", starlette_endpoint),
    WebSocketApp("Starlette, a queue between two tasks, as broadcaster's", fan_out),
    WebSocketApp("Litestar, `websocket_listener`", litestar_listener),
    WebSocketApp("Quart", quart),
    WebSocketApp("Falcon", falcon),
    WebSocketApp("Sanic", sanic),
    WebSocketApp("Channels, `AsyncWebsocketConsumer`", channels),
    WebSocketApp("Channels, `WebsocketConsumer`", channels_in_a_thread),
    WebSocketApp("strawberry, graphql-transport-ws: `ping`", strawberry, "graphql-transport-ws"),
    WebSocketApp("ariadne, graphql-transport-ws: `ping`", ariadne, "graphql-transport-ws"),
]
