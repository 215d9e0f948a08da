"""One cycle of Bridge's runtime, counted: in this process without sockets, and in one of its own with system calls."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from typing import Any

from .cold import ASGI_APP, FASTAPI_APP, FLASK_APP, WSGI_APP
from .environment import CYCLES, Environment
from .request import Request, payload

APPS = {"asgi": ASGI_APP, "wsgi": WSGI_APP, "fastapi": FASTAPI_APP, "flask": FLASK_APP}
SOURCE = "function URL"

_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-000000000001\r\n"
    "Lambda-Runtime-Deadline-Ms: {}\r\n"
    "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:benchmark\r\n"
    "Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0\r\n"
    "Content-Length: {}\r\n\r\n"
)
_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status": "OK"}'


class Socket:
    """What a connection takes for a socket. Each request has its reply at once."""

    def __init__(self) -> None:
        event = payload(SOURCE, Request())
        self._event = _HEAD.format(int(time.time() * 1000) + 600_000, len(event)).encode() + event
        self._reply = b""

    def send(self, data: bytes, flags: int = 0) -> int:
        """Take a request."""
        self._reply = self._event if data.startswith(b"GET") else _ACCEPTED
        return len(data)

    sendall = send

    def recv_into(self, buffer: memoryview, count: int = 0, flags: int = 0) -> int:
        """Give the reply."""
        buffer[: len(self._reply)] = self._reply
        return len(self._reply)

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        """Find nothing, as a look before a request should."""
        return []

    def close(self) -> None:
        """Do nothing."""


def turn(app: Callable[..., Any]) -> Callable[[], object]:
    """Return what takes one invocation and answers it, as the runtime's worker does, without a wait for the next."""
    import asyncio

    from bridge import Bridge
    from bridge._app.asgi.loop import Runner
    from bridge.runtime._alone import LoneProcess
    from bridge.runtime._api import RuntimeApi
    from bridge.runtime._connection import BlockingConnection, run
    from bridge.runtime._direct_connection import DirectConnection
    from bridge.runtime._function import Function
    from bridge.runtime._worker import Worker

    function = Function(Bridge(app), "off")
    connection = BlockingConnection("127.0.0.1:1")
    respond = function.respond
    if function.is_async:
        runner = Runner(asyncio.new_event_loop)
        process = LoneProcess(runner, function)
        process.do(function.bridge.startup())  # type: ignore[union-attr]
        runner._next_turn = math.inf  # as after the first wait for an event
        connection = DirectConnection("127.0.0.1:1", runner)
        respond = process.respond
    connection._wait = None
    stand_in: Any = Socket()
    connection._socket = connection._poll = stand_in
    worker = Worker(RuntimeApi(connection), respond, alone=True)
    return lambda: run(worker.turn())


def system_calls(app: str) -> float | None:
    """Return how many system calls a cycle takes; None where there is no strace, or it may not trace."""
    source = f"{APPS[app]}\nfrom bridge import Bridge\nhandler = Bridge(app)\n"
    event = payload(SOURCE, Request())
    with tempfile.TemporaryDirectory() as folder, Environment("bridge.runtime", source, folder) as environment:
        for _ in range(CYCLES):
            environment.api.invoke(event)
        return environment.system_calls(event)
