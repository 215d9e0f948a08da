"""The same endpoint in each framework, in one instance of a function and in several."""

from collections.abc import Callable
from typing import Any

import litestar
import pytest
import quart
import starlette.applications
import starlette.routing
import starlette.websockets
from fastapi import FastAPI, WebSocket as FastAPIWebSocket

from bridge.websocket import connection, suspending

from .api import Api, RefusedError, api_of

Log = list[object]


def starlette_app(log: Log) -> Any:
    async def endpoint(websocket: starlette.websockets.WebSocket) -> None:
        if websocket.query_params.get("token") != "good":
            await websocket.close()
            return
        await websocket.accept("chat")
        await websocket.send_text("welcome")
        try:
            while True:
                text = await websocket.receive_text()
                if text == "crash":
                    raise ZeroDivisionError
                if text == "bye":
                    await websocket.close(4001)
                    return
                mine = connection(websocket)
                await mine.set_attachment([*(mine.attachment or []), text])
                await websocket.send_text(" ".join(mine.attachment))
        except starlette.websockets.WebSocketDisconnect:
            log.append("goodbye")
        finally:
            log.append(suspending(websocket))

    return starlette.applications.Starlette(routes=[starlette.routing.WebSocketRoute("/", endpoint)])


def fastapi_app(log: Log) -> Any:
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: FastAPIWebSocket, token: str) -> None:
        if token != "good":
            await websocket.close()
            return
        await websocket.accept("chat")
        await websocket.send_text("welcome")
        try:
            async for text in websocket.iter_text():
                if text == "crash":
                    raise ZeroDivisionError
                if text == "bye":
                    await websocket.close(4001)
                    return
                mine = connection(websocket)
                await mine.set_attachment([*(mine.attachment or []), text])
                await websocket.send_text(" ".join(mine.attachment))
            log.append("goodbye")
        finally:
            log.append(suspending(websocket))

    return app


def litestar_app(log: Log) -> Any:
    @litestar.websocket("/")
    async def endpoint(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        if socket.query_params.get("token") != "good":
            await socket.close()
            return
        await socket.accept("chat")
        await socket.send_text("welcome")
        try:
            while True:
                text = await socket.receive_text()
                if text == "crash":
                    raise ZeroDivisionError
                if text == "bye":
                    await socket.close(4001)
                    return
                mine = connection(socket)
                await mine.set_attachment([*(mine.attachment or []), text])
                await socket.send_text(" ".join(mine.attachment))
        except litestar.exceptions.WebSocketDisconnect:
            log.append("goodbye")
        finally:
            log.append(suspending(socket))

    return litestar.Litestar([endpoint], logging_config=None)


def quart_app(log: Log) -> Any:
    app = quart.Quart(__name__)

    @app.websocket("/")
    async def endpoint() -> None:
        if quart.websocket.args.get("token") != "good":
            quart.abort(403)
        await quart.websocket.accept(subprotocol="chat")
        await quart.websocket.send("welcome")
        try:
            while True:
                text = await quart.websocket.receive()
                if text == "crash":
                    raise ZeroDivisionError
                if text == "bye":
                    await quart.websocket.close(4001)
                    return
                mine = connection(quart.websocket)
                await mine.set_attachment([*(mine.attachment or []), text])
                await quart.websocket.send(" ".join(mine.attachment))
        finally:
            # Quart cancels its endpoints when the client leaves, and has no exception that would tell.
            if not suspending(quart.websocket):
                log.append("goodbye")
            log.append(suspending(quart.websocket))

    return app


@pytest.fixture(params=[starlette_app, fastapi_app, litestar_app, quart_app], ids=lambda app: app.__name__)
def make(request: pytest.FixtureRequest) -> Callable[[Log], Any]:
    chosen: Callable[[Log], Any] = request.param
    return chosen


@pytest.fixture
def log() -> Log:
    return []


@pytest.fixture(params=[1, 2], ids=["one instance", "two instances in turn"])
def api(request: pytest.FixtureRequest, make: Callable[[Log], Any], log: Log) -> Api:
    return api_of(*[make(log) for _ in range(request.param)])


GOOD = [("token", "good")]


def test_a_conversation(api: Api, log: Log, caplog: pytest.LogCaptureFixture) -> None:
    client = api.connect(query=GOOD, headers=[("Sec-WebSocket-Protocol", "chat")])
    assert client.result == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat"}}
    assert client.say("a", "b", "c") == ["welcome", "a", "a b", "a b c"]
    assert log == [True] * 4
    assert client.leave() == 200
    assert log[4:] == ["goodbye", False]
    assert not client.closed
    assert caplog.text == ""


def test_two_clients_at_a_time(api: Api) -> None:
    one, other = api.connect(query=GOOD), api.connect(query=GOOD)
    one.say("a")
    other.say("x")
    assert one.say("b") == ["welcome", "a", "a b"]
    assert other.say("y") == ["welcome", "x", "x y"]


def test_a_refusal(api: Api, log: Log) -> None:
    with pytest.raises(RefusedError) as refused:
        api.connect(query=[("token", "bad")])
    assert refused.value.status == 403
    assert log in ([], ["goodbye", False])


def test_a_crash(api: Api, log: Log) -> None:
    client = api.connect(query=GOOD)
    # Quart answers its own errors, and then closes.
    assert client.send("crash") in (500, 200)
    assert client.closed
    assert client.leave() == 200
    assert log.count(False) == 1


def test_a_close(api: Api, log: Log) -> None:
    client = api.connect(query=GOOD)
    assert client.send("bye") == 200
    assert client.closed
    assert client.leave() == 200
    assert log.count(False) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_the_goodbye_is_said_when_the_client_leaves_without_a_word(
    make: Callable[[Log], Any], log: Log, kept: bool
) -> None:
    client = api_of(make(log), kept=kept).connect(query=GOOD)
    log.clear()
    # Without a store, later events have no query string, and so no token: the app refuses, and nobody says goodbye.
    assert client.leave() == 200
    assert log == (["goodbye", False] if kept else [])


async def test_a_conversation_on_a_running_loop(make: Callable[[Log], Any], log: Log) -> None:
    api = api_of(make(log))
    bridge: Any = next(iter(api.handlers))
    events = api.record()
    client = api.connect(query=GOOD)
    assert await bridge.handle_async(events[0]) == {
        "statusCode": 200,
        "headers": {"Sec-WebSocket-Protocol": "chat"},
    }
    assert await bridge.handle_async(client.message("a")) == {"statusCode": 200}
    assert await bridge.handle_async(client.message("b")) == {"statusCode": 200}
    assert client.received == ["welcome", "a", "a b"]
    assert await bridge.handle_async(client.event("DISCONNECT")) == {"statusCode": 200}
    assert log == [True, True, True, "goodbye", False]
