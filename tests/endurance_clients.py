"""Clients that read slowly, or vanish: streams and WebSockets on real sockets, through the local gateway."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from random import Random
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bridge import Bridge
from bridge.gateway import Gateway, Server, WebSocketGateway
from bridge.types import Receive, Scope, Send
from bridge.websocket import Connections, MemoryStore

from .endurance import State, state

SECONDS = 30
"""The longest anything is waited for."""

PART = b"x" * 65_536
PARTS = 64
"""A stream is larger than what sockets keep for a client that does not read."""

BURST = 20
"""Messages that are sent to a client which reads none of them: a socket keeps so much."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing resets the connection."""

lives = Counter[str]()
"""What has begun and ended in the apps below."""

left: set[str] = set()
"""Ids of the WebSocket connections that the app has been told the end of."""


async def _parts() -> AsyncIterator[bytes]:
    lives["begun"] += 1
    try:
        for _ in range(PARTS):
            yield PART
            await asyncio.sleep(0)
    finally:
        lives["ended"] += 1


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Stream to HTTP clients; send WebSocket clients as many messages as they ask for."""
    if scope["type"] == "websocket":
        await _count(scope, receive, send)
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    async for part in _parts():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _count(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    # A client that has gone is told by what comes, or by what `send` raises.
    with suppress(OSError):
        while (message := await receive())["type"] == "websocket.receive":
            for number in range(int(message["text"])):
                await send({"type": "websocket.send", "text": f"{number}"})
    left.add(scope["aws.event"]["requestContext"]["connectionId"])


# ---------------------------------------------------------------- clients of a stream


def _all(client: socket.socket) -> int:
    size = 0
    while data := client.recv(65_536):
        size += len(data)
    return size


def reads(client: socket.socket) -> None:
    """Read all of it."""
    assert _all(client) > PARTS * len(PART)


def pauses(client: socket.socket) -> None:
    """Read a little, wait, and read the rest."""
    client.recv(100)
    time.sleep(0.02)
    assert _all(client) > (PARTS - 1) * len(PART)


def vanishes(client: socket.socket) -> None:
    """Read a little, and leave."""
    client.recv(100)


def resets(client: socket.socket) -> None:
    """Read a little, and leave without a word."""
    client.recv(100)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def leaves(client: socket.socket) -> None:
    """Read nothing."""


STREAMS = [reads, pauses, vanishes, resets, leaves]


def streams(count: int) -> tuple[State, State]:
    """Serve a stream to so many clients: states after the first tenth and at the end."""
    handler = Bridge(app, lifespan="off", streaming="on")
    random = Random(0)
    with Server().serving(Gateway(handler, api="url", streaming=True, concurrency=4)) as url:
        address = urlsplit(url).hostname, urlsplit(url).port

        def one() -> None:
            with socket.create_connection(address, SECONDS) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                random.choice(STREAMS)(client)

        return _life(count, one, lambda: lives["begun"] == lives["ended"])


# ---------------------------------------------------------------- clients of a WebSocket


def talks(client: ClientConnection) -> None:
    """Ask and read, and say good-bye."""
    client.send("3")
    assert [client.recv(timeout=SECONDS) for _ in range(3)] == ["0", "1", "2"]
    client.close()


def goes(client: ClientConnection) -> None:
    """Ask, read a part, and leave without a word."""
    client.send("3")
    assert client.recv(timeout=SECONDS) == "0"
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.socket.shutdown(socket.SHUT_RDWR)


def asks(client: ClientConnection) -> None:
    """Ask for much, read nothing, and leave."""
    with suppress(ConnectionClosed):
        client.send(f"{BURST}")
    client.socket.shutdown(socket.SHUT_RDWR)


SOCKETS = [talks, goes, asks]


def sockets(count: int) -> tuple[State, State]:
    """Serve so many WebSocket clients: states after the first tenth and at the end, when no connection is left."""
    handler = Bridge(app, lifespan="off", connections=Connections(MemoryStore()))
    gateway = WebSocketGateway(handler, concurrency=4)
    random = Random(0)
    with Server().serving(gateway) as url:

        def one() -> None:
            lives["came"] += 1
            with connect(url.replace("http", "ws") + "/dev", open_timeout=SECONDS, close_timeout=SECONDS) as client:
                random.choice(SOCKETS)(client)

        # The app is told of each end, once: its connections are not kept for ever.
        return _life(count, one, lambda: lives["came"] == len(left) and not gateway._connections)


def _life(count: int, one: Callable[[], None], is_over: Callable[[], bool]) -> tuple[State, State]:
    before = state()
    for number in range(count):
        one()
        if number == count // 10:
            _settled(is_over, lambda: True)
            before = state()
    _settled(is_over, lambda: not state().grown(before))
    return before, state()


def _settled(is_over: Callable[[], bool], is_small: Callable[[], bool]) -> None:
    """Wait until all that has begun is over, or fail; and for what is being closed, as long as that may help."""
    end = time.monotonic() + SECONDS
    while not is_over():
        assert time.monotonic() < end, lives
        time.sleep(0.05)
    while not is_small() and time.monotonic() < end:
        time.sleep(0.2)
