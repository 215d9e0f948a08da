"""The local gateway beside uvicorn alone: requests and messages on connections that are kept.

One thread asks, over as many connections as there are clients; each sends its next request when it has its answer.
All servers run, as processes, and take turns.
"""

from __future__ import annotations

import os
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

from .rounds import Effort, figure

APP = """
from fastapi import FastAPI, WebSocket
from bridge import Bridge
app = FastAPI()
@app.get("/items/{number}")
async def item(number: int):
    return {}
@app.websocket("/dev")
async def echo(websocket: WebSocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)
handler = Bridge(app, websocket_path="/dev")
"""
ALONE = "uvicorn alone"
SERVE = "bridge serve"
_SERVE = ("-m", "bridge", "serve", "app:handler")
HTTP = {
    ALONE: ("-m", "uvicorn", "app:app", "--no-access-log"),
    SERVE: _SERVE,
    "bridge serve --concurrency 16": (*_SERVE, "--concurrency", "16"),
    "bridge serve --processes 2 --concurrency 2": (*_SERVE, "--processes", "2", "--concurrency", "2"),
}
WEBSOCKET = {ALONE: HTTP[ALONE], "bridge serve --api websocket": (*_SERVE, "--api", "websocket")}

ASK = b"GET /items/42 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
TEXT = b"hello"
MESSAGE = b"\x81" + bytes([0x80 | len(TEXT)]) + bytes(4) + TEXT  # a text frame, masked with zeros
OPENING = (
    b"GET /dev HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
SETTINGS = {
    "HTTP": (HTTP, b"", ASK, b"{}"),
    "WebSocket": (WEBSOCKET, OPENING, MESSAGE, TEXT),
}
"""Servers; what opens a connection, what is sent over and over, and what ends each answer."""

CLIENTS = (1, 16)
EXCHANGES = 200
"""In one turn."""

SECONDS = 30
"""After which a server has failed that says nothing."""

Row = dict[str, Any]
"""setting, clients, figures (by server: `p50`, a figure, and `rate`, exchanges a second), errors."""


def measure(effort: Effort, say: Callable[[str], None] = print) -> list[Row]:
    """Run every setting, with every number of clients."""
    rows = []
    for setting in SETTINGS:
        say(f"gateway: {setting}")
        rows += _rows(setting, max(1, effort.rounds // 4), min(EXCHANGES, effort.calls))
    return rows


def _rows(setting: str, rounds: int, exchanges: int) -> list[Row]:
    commands, opening, sent, end = SETTINGS[setting]
    times: dict[tuple[str, int], list[tuple[float, float]]] = {}
    errors = {}
    with started(commands) as ports:
        for name, port in ports.items():
            try:
                for clients in CLIENTS:
                    turn(port, clients, opening, sent, end, clients)
            except (OSError, ValueError) as error:
                errors[name] = str(error)
            else:
                times |= {(name, clients): [] for clients in CLIENTS}
        draw = random.Random(0)
        for _ in range(rounds):
            for name, clients in draw.sample(list(times), len(times)):
                times[name, clients].append(turn(ports[name], clients, opening, sent, end, exchanges))
    return [_row(setting, clients, times, errors) for clients in CLIENTS]


def _row(setting: str, clients: int, times: dict[tuple[str, int], list[tuple[float, float]]], errors: Any) -> Row:
    figures = {}
    reference = [p50 for p50, _ in times.get((ALONE, clients), ())]
    for (name, number), found in times.items():
        if number == clients:
            p50 = figure([each for each, _ in found], reference, 1)
            figures[name] = {"p50": p50, "rate": round(statistics.median(rate for _, rate in found))}
    return {"setting": setting, "clients": clients, "figures": figures, "errors": errors}


@contextmanager
def started(commands: dict[str, tuple[str, ...]]) -> Iterator[dict[str, int]]:
    """Start servers, and give the port of each. They end with the block."""
    processes = []
    ports = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(APP, encoding="utf-8")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COVERAGE_"))}
        environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            for name, command in commands.items():
                ports[name] = _free_port()
                whole = [sys.executable, *command, "--port", str(ports[name])]
                processes.append(
                    subprocess.Popen(
                        whole, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                    )
                )
            for port in ports.values():
                _wait(port)
            yield ports
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def turn(port: int, clients: int, opening: bytes, sent: bytes, end: bytes, exchanges: int) -> tuple[float, float]:
    """Exchange what is sent and its answers; return the median seconds of an exchange, and exchanges a second.

    Raises:
        ValueError: an answer is not the right one.
        OSError: there is none.
    """
    connections = [socket.create_connection(("127.0.0.1", port), SECONDS) for _ in range(clients)]
    try:
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if opening:
                connection.sendall(opening)
                _answer(connection, b"\r\n\r\n")
            connection.sendall(sent)  # not timed: it has the first lookups of all in it
            _answer(connection, end)
        return _exchange(connections, sent, end, exchanges)
    finally:
        for connection in connections:
            connection.close()


def _exchange(connections: Sequence[socket.socket], sent: bytes, end: bytes, exchanges: int) -> tuple[float, float]:
    begun: dict[socket.socket, float] = {}
    taken: list[float] = []
    count = len(connections)
    with selectors.DefaultSelector() as selector:
        start = perf_counter()
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
            begun[connection] = perf_counter()
            connection.sendall(sent)
        while len(taken) < count:
            ready = selector.select(SECONDS)
            if not ready:
                raise TimeoutError(f"no answer in {SECONDS} s")
            for key, _ in ready:
                answered: Any = key.fileobj
                _answer(answered, end)
                now = perf_counter()
                taken.append(now - begun[answered])
                if count < exchanges:
                    count += 1
                    begun[answered] = perf_counter()
                    answered.sendall(sent)
        seconds = perf_counter() - start
    return statistics.median(taken), len(taken) / seconds


def _answer(connection: socket.socket, end: bytes) -> bytes:
    """Read until an answer has its end."""
    answer = b""
    while not answer.endswith(end):
        received = connection.recv(65536)
        if not received:
            raise ValueError(f"the server closed the connection after {answer[-100:]!r}")
        answer += received
        if len(answer) > 100 and answer.startswith(b"HTTP/1.1 ") and answer[9:12] not in (b"200", b"101"):
            raise ValueError(f"answered {answer[:100]!r}")
    return answer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(port: int) -> None:
    deadline = monotonic() + SECONDS
    while monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        sleep(0.05)
