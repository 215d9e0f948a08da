"""A connection and its ASGI channels, without a server."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from bridge.gateway import WebSocketGateway, _client_connection as module
from bridge.gateway._client_connection import ClientConnection, GoneError, SlowClientError, identifier
from bridge.types import Message

from .behind import Recorder

SCOPE = {"type": "websocket", "path": "/dev", "headers": [(b"User-Agent", b"U")], "query_string": b""}


class Channel:
    """What an app sends to: keeps the messages, or fails."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.error: Exception | None = None
        self.waits = False

    async def __call__(self, message: Message) -> None:
        if self.waits:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        self.sent.append(message)


async def opened(channel: Channel, **scope: Any) -> ClientConnection:
    connection = ClientConnection({**SCOPE, **scope}, channel, "1.1.1.1")
    await connection.accept("chat")
    return connection


async def test_what_is_sent() -> None:
    channel = Channel()
    connection = await opened(channel)
    await connection.post("hi")
    await connection.close(1000, "enough")
    await connection.close(1001, "late")
    assert channel.sent == [
        {"type": "websocket.accept", "subprotocol": "chat", "headers": []},
        {"type": "websocket.send", "text": "hi"},
        {"type": "websocket.close", "code": 1000, "reason": "enough"},
    ]
    assert connection.closed.result() == (1000, "enough")
    with pytest.raises(GoneError):
        await connection.post("late")


async def test_nothing_is_sent_before_it_is_open() -> None:
    channel = Channel()
    connection = ClientConnection(SCOPE, channel, "1.1.1.1")
    with pytest.raises(GoneError):
        await connection.post("early")
    await connection.close(1000, "early")
    assert channel.sent == []
    assert not connection.closed.done()


@pytest.mark.parametrize("error", [OSError("left"), RuntimeError("the server has closed it")])
async def test_client_that_has_left(error: Exception) -> None:
    channel = Channel()
    connection = await opened(channel)
    channel.error = error
    with pytest.raises(GoneError):
        await connection.post("hi")
    await connection.close(1000, "enough")
    assert connection.closed.result() == (1000, "enough")


async def test_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.01)
    channel = Channel()
    connection = await opened(channel)
    channel.waits = True
    with pytest.raises(SlowClientError):
        await connection.post("hi")
    await connection.close(1000, "enough")
    assert connection.closed.result() == (1000, "enough")


@pytest.mark.parametrize(
    ("server", "domain"),
    [(("127.0.0.1", 8000), "127.0.0.1:8000"), (("::1", 1), "[::1]:1"), (None, "127.0.0.1:80")],
)
async def test_domain_is_the_servers_address_whatever_the_client_calls_it(server: Any, domain: str) -> None:
    connection = await opened(Channel(), server=server, headers=[(b"host", b"example.com")])
    assert connection.domain == domain
    assert connection.identity == {"sourceIp": "1.1.1.1"}


async def test_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    connection = ClientConnection(SCOPE, Channel(), "1.1.1.1")
    assert connection.seconds_left(600, 7200) == 600
    now += 599
    assert connection.seconds_left(600, 7200) == 1
    await connection.accept(None)
    assert connection.seconds_left(600, 7200) == 600
    now += 599
    await connection.post("hi")
    assert connection.seconds_left(600, 7200) == 600
    now = 100 + 7100
    connection.touch()
    assert connection.seconds_left(600, 7200) == 100
    now += 101
    assert connection.seconds_left(600, 7200) == -1


def test_ids_are_as_api_gateways() -> None:
    ids = {identifier() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{15}=", found) for found in ids)


# Through the gateway


async def run(handler: Recorder, send: Callable[[Message], Any], *messages: Message) -> None:
    """Serve a connection whose client sends these."""
    queue = [{"type": "websocket.connect"}, *messages]

    async def receive() -> Message:
        if not queue:
            await asyncio.Event().wait()
        return queue.pop(0)

    await WebSocketGateway(handler)(SCOPE, receive, send)


async def test_client_that_leaves_just_before_it_is_let_in() -> None:
    handler = Recorder()
    channel = Channel()
    channel.error = OSError("left")
    await run(handler, channel)
    handler.next("CONNECT")
    assert handler.next("DISCONNECT")["requestContext"]["disconnectStatusCode"] == 1006


async def test_client_that_leaves_just_before_it_is_refused() -> None:
    handler = Recorder(lambda event, context: {"statusCode": 403})
    channel = Channel()
    channel.error = OSError("left")
    await run(handler, channel)
    handler.next("CONNECT")


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ({"code": 1000, "reason": None}, (1000, "")),
        ({"code": 1000, "reason": "enough"}, (1000, "enough")),
        ({"code": 1012, "reason": "the client's own"}, (1012, "the client's own")),
        ({"code": 1005, "reason": ""}, (1005, "Client-side close frame status not set")),
        ({"code": 1005}, (1006, "")),
        ({"code": 1006}, (1006, "")),
    ],
)
async def test_ends_of_connections(message: dict[str, Any], end: tuple[int, str]) -> None:
    handler = Recorder()
    await run(handler, Channel(), {"type": "websocket.disconnect", **message})
    handler.next("CONNECT")
    context = handler.next("DISCONNECT")["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == end
