"""What a Runtime API can do wrong: the runtime says what has happened or goes on. It never hangs."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from bridge.runtime._connection import ApiConnection, BlockingConnection, RuntimeApiError
from bridge.runtime._loop_connection import LoopConnection

from ..samples import sample
from .api import RuntimeApi
from .conftest import Runtimes

REQUEST = b"GET /next HTTP/1.1\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n"


class Faulty:
    """A server that answers one request with the pieces it is given, and closes the connection, or resets it."""

    def __init__(self, pieces: list[bytes], reset: bool) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, args=(pieces, reset), daemon=True)
        self._thread.start()

    def _run(self, pieces: list[bytes], reset: bool) -> None:
        connection, _ = self._listener.accept()
        with connection, suppress(ConnectionError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(1000)
            for piece in pieces:
                connection.sendall(piece)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        self._listener.close()
        self._thread.join(20)


@pytest.fixture
def faulty() -> Iterator[Callable[..., Faulty]]:
    servers: list[Faulty] = []

    def start(*pieces: bytes, reset: bool = False) -> Faulty:
        servers.append(Faulty([*pieces], reset))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


CLOSED = "has closed the connection"
NO_HTTP = "sent no HTTP"
FAULTS: dict[str, tuple[list[bytes], str]] = {
    "nothing": ([b""], CLOSED),
    "half a status line": ([b"HTTP/1.1 20"], CLOSED),
    "half a head": ([HEAD + b"Content-Le"], CLOSED),
    "an interim reply and no more": ([b"HTTP/1.1 100 Continue\r\n\r\n"], CLOSED),
    "half a body": ([HEAD + b"Content-Length: 10\r\n\r\n", b"abc"], CLOSED),
    "a length beyond all memory": ([HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", b"abc"], CLOSED),
    "half a chunk": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nab"], CLOSED),
    "no last chunk": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n"], CLOSED),
    "no end of the trailers": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0\r\na: b\r\n"], CLOSED),
    "a chunk beyond all memory": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"f" * 30 + b"\r\nab"], CLOSED),
    "a chunk's size that is no number": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\nabcx\r\n"], NO_HTTP),
    "a chunk's size below zero": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"], NO_HTTP),
    "a chunk that is longer than it says": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"], NO_HTTP),
    "a length below zero": ([HEAD + b"Content-Length: -1\r\n\r\n"], NO_HTTP),
    "a length that is no number": ([HEAD + b"Content-Length: ten\r\n\r\n"], NO_HTTP),
    "two lengths in one": ([HEAD + b"Content-Length: 2, 3\r\n\r\nabc"], NO_HTTP),
    "a head without end": ([HEAD] + [b"x: " + b"y" * 60_000 + b"\r\n"] * 6, NO_HTTP),
    "a chunk's line without end": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"] + [b"1" * 60_000] * 6, NO_HTTP),
    "a header without a colon": ([HEAD + b"x\r\n\r\n"], NO_HTTP),
    "HTTP/2": ([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], NO_HTTP),
    "TLS": ([b"\x15\x03\x03\x00\x02\x02\x28\r\n\r\n"], NO_HTTP),
    "two replies": ([HEAD + b"Content-Length: 0\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n"], NO_HTTP),
    "bytes after the reply": ([HEAD + b"Content-Length: 2\r\n\r\nabc"], NO_HTTP),
}


@pytest.fixture(params=[BlockingConnection, LoopConnection])
def kind(request: pytest.FixtureRequest) -> type[ApiConnection]:
    chosen: type[ApiConnection] = request.param
    return chosen


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_reply_that_is_none_is_an_error_that_says_why(
    name: str, reset: bool, kind: type[ApiConnection], faulty: Callable[..., Faulty]
) -> None:
    pieces, complaint = FAULTS[name]
    connection = kind(faulty(*pieces, reset=reset).address)
    # A reset may overtake what was sent before it.
    with pytest.raises(RuntimeApiError, match=f"{complaint}|{CLOSED}" if reset else complaint):
        await connection.exchange(REQUEST)
    connection.close()


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + b"Content-Length: 3\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\na: b\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + HEAD
        + b"Content-Length: 3\r\n\r\nabc",
        b"HTTP/1.0 200 OK\r\n\r\nabc",
    ],
)
async def test_a_reply_that_drips_is_a_reply(
    reply: bytes, kind: type[ApiConnection], faulty: Callable[..., Faulty]
) -> None:
    connection = kind(faulty(*[bytes([byte]) for byte in reply]).address)
    answer = await connection.exchange(REQUEST)
    assert (answer.status, bytes(answer.body)) == (200, b"abc")
    connection.close()


EVENTS: dict[str, tuple[Any, dict[str, str]]] = {
    "no JSON": (b"{", {}),
    "no event at all": (b"", {}),
    "no UTF-8": (b'"\xff\xfe"', {}),
    "JSON that is 200,000 deep": (b"[" * 200_000 + b"]" * 200_000, {}),
    "JSON that is deep and has no end": (b'{"a":' * 100_000, {}),
    "a number of 100,000 digits": (b"9" * 100_000, {}),
    "a deadline of text": (1, {"Lambda_Runtime_Deadline_Ms": "soon"}),
    "a deadline of 400 digits": (1, {"Lambda_Runtime_Deadline_Ms": "9" * 400}),
    "a deadline of 10,000 digits": (1, {"Lambda_Runtime_Deadline_Ms": "9" * 10_000}),
    "a deadline that is no number": (1, {"Lambda_Runtime_Deadline_Ms": "NaN"}),
    "a client context that is no JSON": (1, {"Lambda_Runtime_Client_Context": "{"}),
    "an identity that is a list": (1, {"Lambda_Runtime_Cognito_Identity": "[]"}),
}


@pytest.mark.parametrize("target", ["plain.handler", "asgi.handler"])
def test_an_event_that_cannot_be_read_is_that_invocation_s_error_and_the_next_one_works(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(target)
    for number, (body, headers) in enumerate(EVENTS.values()):
        api.invoke(body, f"bad-{number}", **headers)
        refused = api.post()
        assert refused.path.endswith(f"/bad-{number}/error")
        assert refused.json()["errorType"]
        api.invoke(sample("http_api"), f"good-{number}")
        answered = api.post()
        assert answered.path.endswith(f"/good-{number}/response")
        assert answered.json()
    assert process.process.poll() is None


def test_a_large_event_in_small_pieces_is_an_event(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.handler")
    event = sample("http_api_post")
    event["body"] = "x" * 6_000_000
    api.invoke(event)
    assert len(api.post().json()["event"]["body"]) == 6_000_000
    chunks = json.dumps(event).encode()
    pieces = [chunks[start : start + 997] for start in range(0, len(chunks), 997)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-2\r\nTransfer-Encoding: chunked\r\n"
    api.reply_to_next(head + b"Lambda-Runtime-Deadline-Ms: 9999999999999\r\n\r\n" + body)
    assert len(api.post().json()["event"]["body"]) == 6_000_000
    assert process.process.poll() is None
