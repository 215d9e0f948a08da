"""WebSocket apps of other frameworks, behind a local WebSocket API, with real clients."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from bridge import Bridge
from bridge.gateway import Server, WebSocketGateway
from bridge.websocket import Connections, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from websockets.sync.client import ClientConnection

SECONDS = 20
LINGER = 5.0
"""What an event costs whose app is not seen to have done its work."""


@pytest.fixture
def serve() -> Iterator[Any]:
    """A connected client of an app."""
    servers: list[AbstractContextManager[str]] = []

    def client(app: Any, *, subprotocols: Any = None, **options: Any) -> ClientConnection:
        handler = Bridge(app, connections=Connections(MemoryStore()), **options)
        server = Server().serving(WebSocketGateway(handler))
        servers.append(server)
        return connect(server.__enter__().replace("http", "ws", 1) + "/dev", subprotocols=subprotocols)

    yield client
    for server in servers:
        server.__exit__(None, None, None)


def said(client: ClientConnection, *texts: str) -> list[str | bytes]:
    """What comes back for each of some texts, in less time than lingering would take."""
    started = time.monotonic()
    answers = []
    for text in texts:
        client.send(text)
        answers.append(client.recv(timeout=SECONDS))
    assert time.monotonic() - started < LINGER
    return answers


class Ends:
    """Says when an endpoint has come to its end."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def wait(self, what: str) -> None:
        end = time.monotonic() + SECONDS
        while what not in self.seen:
            assert time.monotonic() < end, self.seen
            time.sleep(0.01)


@pytest.mark.parametrize("queue", [4, 0])
def test_falcon(serve: Any, queue: int) -> None:
    import falcon.asgi

    class Shout:
        async def on_websocket(self, request: Any, socket: Any) -> None:
            await socket.accept()
            try:
                while True:
                    await socket.send_text((await socket.receive_text()).upper())
            except falcon.WebSocketDisconnected:
                ends.seen.append("left")

    ends = Ends()
    app = falcon.asgi.App()
    app.ws_options.max_receive_queue = queue
    app.add_route("/", Shout())
    with serve(app) as client:
        assert said(client, "a", "b", "c") == ["A", "B", "C"]
    ends.wait("left")


@pytest.mark.parametrize("library", ["strawberry", "ariadne"])
def test_graphql_transport_ws_is_greeted_and_then_closed(serve: Any, library: str) -> None:
    app = _strawberry() if library == "strawberry" else _ariadne()
    with serve(app, subprotocols=["graphql-transport-ws"]) as client:
        assert client.subprotocol == "graphql-transport-ws"
        client.send(json.dumps({"type": "connection_init"}))
        assert json.loads(client.recv(timeout=SECONDS))["type"] == "connection_ack"
        # That it has acknowledged is in a variable, which has ended with the event: to the app this is a stranger.
        client.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ hello }"}}))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=SECONDS)


def _strawberry() -> Any:
    import strawberry
    from strawberry.asgi import GraphQL

    @strawberry.type
    class Query:
        hello: str = "world"

    return GraphQL(strawberry.Schema(Query))


def _ariadne() -> Any:
    import ariadne
    from ariadne.asgi import GraphQL
    from ariadne.asgi.handlers import GraphQLTransportWSHandler

    schema = ariadne.make_executable_schema("type Query { hello: String }")
    return GraphQL(schema, websocket_handler=GraphQLTransportWSHandler())


def test_socket_io_is_refused_since_it_wants_an_http_upgrade(serve: Any) -> None:
    import socketio

    app = socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))
    with pytest.raises(InvalidStatus) as refused:
        serve(app, websocket_path="/socket.io/")
    assert refused.value.response.status_code in (403, 500)


def test_fan_out_without_redis(serve: Any) -> None:
    """As broadcaster's memory backend: a queue for each subscriber, which a task reads."""
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute

    async def room(websocket: Any) -> None:
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def read() -> None:
            async for text in websocket.iter_text():
                queue.put_nowait(text)

        async def write() -> None:
            while True:
                await websocket.send_text(await queue.get())

        reading, writing = asyncio.create_task(read()), asyncio.create_task(write())
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            writing.cancel()

    with serve(Starlette(routes=[WebSocketRoute("/", room)])) as client:
        assert said(client, "a", "b") == ["a", "b"]
