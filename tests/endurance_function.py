"""The apps that live long: each way that an event can take, and go wrong, is a path."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from bridge import Bridge
from bridge.types import Receive, Scope, Send
from bridge.websocket import Connections, MemoryStore

OK: Any = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


async def _numbers() -> AsyncIterator[bytes]:
    for number in range(1000):
        yield b"%d" % number
        await asyncio.sleep(0)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Do what the path says: `/plain` answers."""
    if scope["type"] == "websocket":
        await _talk(receive, send)
        return
    path = scope["path"].rpartition("/")[2]
    await receive()
    if path == "error":
        raise LookupError("no such thing")
    if path == "hang":
        await asyncio.sleep(60)
    if path == "cancel":
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
    if path == "thread":
        await asyncio.to_thread(threading.get_ident)
    await send(OK)
    if path == "stream":
        async for part in _numbers():
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if part == b"20":
                break  # and leaves the generator, for the collector to find
    await send({"type": "http.response.body", "body": b"ok"})
    if path == "background":
        scope["state"]["task"] = asyncio.create_task(asyncio.sleep(0.001))
    if path == "late":
        raise LookupError("after the response")


async def _talk(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "error":
            raise LookupError("no such message")


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Do what the path says, as far as WSGI has it."""
    path = environ["PATH_INFO"].rpartition("/")[2]
    if path == "error":
        raise LookupError("no such thing")
    if path == "thread":
        thread = threading.Thread(target=threading.get_ident)
        thread.start()
        thread.join()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter([b"o", b"k"]) if path == "stream" else [b"ok"]


handler = Bridge(app, lifespan="off", streaming="auto", on_event=lambda event, context: {"other": True})
wsgi_handler = Bridge(wsgi_app)
websocket_handler = Bridge(app, lifespan="off", connections=Connections(MemoryStore()))
