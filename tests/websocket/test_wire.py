"""What is read in short cuts is read as http.client reads it."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings, strategies as st

import bridge
from bridge.websocket._api import wire
from bridge.websocket._api.wire import Answer, Line, request, whole

from .server import serving

LINES = [
    "x-amzn-ErrorType: GoneException:http://internal",
    "X-AMZN-ERRORTYPE: LimitExceededException",
    "Content-Type: application/json",
    "Connection: keep-alive",
    "Connection: close",
    "Connection: Upgrade",
    "Transfer-Encoding: chunked",
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: 05",
    "content-length:   2\t",
    "Content-Length: many",
    "Content-Length:",
    "X-Broken: a\nContent-Length: 1",
    " folded",
]
FIRST = ["HTTP/1.1 200 OK", "HTTP/1.1 410 Gone", "HTTP/1.1 204 No Content", "HTTP/1.1 200", "HTTP/1.0 200 OK"]
BROKEN = [
    "HTTP/1.1 99 x",
    "HTTP/1.1 1000 x",
    "HTTP/1.1 2x0 x",
    "HTTP/1.1  200 OK",
    "hello",
    "",
    "HTTP/1.1 100 Continue",
]
BODIES = st.sampled_from([b"", b"{", b"{}", b"hello", b"0\r\n\r\n", b"1\r\n{\r\n0\r\n\r\n", b"\r\n\r\n", b"x" * 20_000])
ANSWERS = st.builds(
    lambda first, lines, body: "\r\n".join([first, *lines, "", ""]).encode() + body,
    st.sampled_from(FIRST) | st.sampled_from(BROKEN),
    st.lists(st.sampled_from(LINES), max_size=4),
    BODIES,
)


def as_http_client_reads_it(sent: bytes) -> Answer | None:
    """None: it is no answer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        response = HTTPResponse(ours, method="POST")
        try:
            response.begin()
            return whole(response)
        except (OSError, HTTPException):
            return None


def as_it_is_read(sent: bytes, at_once: int) -> Answer | None:
    ours, theirs = socket.socketpair()
    line = Line("localhost", 1, None)
    line._socket = ours
    with closing(line), theirs, patch.object(wire, "RECEIVED", at_once):
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        try:
            found = line.exchange("POST", b"request", 10)
            return found if isinstance(found, Answer) else whole(found)
        except (OSError, HTTPException):
            return None


@example(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 100_000)
@example(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 100_000)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Amzn-ErrorType: " + b"x" * 100 + b"\r\n\r\n", 64)
@example(b"HTTP/1.1 304 Not Modified\r\n\r\n", 100_000)
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 100_000)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 100_000)
@example(b"HTTP/1.1 200 OK\r\nX-Broken: a\nContent-Length: 1\r\nContent-Length: 0\r\n\r\n", 100_000)
@example(b"HTTP/1.1 200 OK\r\ncontent-length:   2\t\r\n folded\r\n\r\n{}", 64)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n X-Folded: a\r\n\r\n{}", 64)
@settings(max_examples=1000)
@given(ANSWERS, st.sampled_from([1, 16, 64, 100_000]))
def test_every_answer_is_what_http_client_makes_of_it_in_whatever_pieces_it_comes(sent: bytes, at_once: int) -> None:
    assert as_it_is_read(sent, at_once) == as_http_client_reads_it(sent)


@pytest.mark.parametrize(
    ("status", "rest", "content"),
    [
        ("200 OK", "Content-Length: 2\r\n\r\n{}", b"{}"),
        ("410 Gone", "Connection: Keep-Alive\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        ("204 No Content", "\r\n", b""),
    ],
)
def test_a_plain_answer_needs_no_http_client(status: str, rest: str, content: bytes) -> None:
    sent = f"HTTP/1.1 {status}\r\nDate: x\r\nx-amzn-ErrorType: A:b\r\n{rest}".encode()
    with patch("http.client.HTTPResponse", side_effect=AssertionError):
        assert as_it_is_read(sent, 100_000) == (int(status[:3]), "A", content, False)


@pytest.mark.parametrize("target", ["/a b", "/a\r\nHost: b", "/a\n", "/é", "/\x7f"])
def test_a_target_that_is_not_encoded_is_not_sent(target: str) -> None:
    with pytest.raises(ValueError, match="percent-encoded"):
        request("POST", target, {}, b"")


@pytest.mark.parametrize("value", ["token\n", "a\r\nX: b", "a\rb"])
def test_a_header_that_would_be_two_is_not_sent(value: str) -> None:
    with pytest.raises(ValueError, match="end of a line"):
        request("POST", "/", {"X-Amz-Security-Token": value}, b"")


def test_a_line_that_cannot_be_opened_leaves_no_socket() -> None:
    class Refuses:
        def wrap_socket(self, connection: socket.socket, **_: object) -> None:
            opened.append(connection)
            raise ConnectionResetError

    opened: list[socket.socket] = []
    with serving() as server:
        line = Line("localhost", server.server_port, Refuses())  # type: ignore[arg-type]
        with pytest.raises(ConnectionResetError):
            line.exchange("POST", b"", 10)
    assert opened[0].fileno() == -1
    assert not line.is_open


POST = """
import asyncio, sys
from bridge.websocket._api import ManagementAPI
ManagementAPI(sys.argv[1]).post("L0SM9cOFvHcCIhw=", "hello")
print(*sys.modules)
"""


def test_a_first_message_imports_nothing_that_is_slow_to_import() -> None:
    path = {**os.environ, "PYTHONPATH": str(Path(bridge.__file__).parents[1])}
    with serving() as server:
        run = subprocess.run(
            [sys.executable, "-S", "-c", POST, server.url()], env=path, capture_output=True, text=True, check=True
        )
    assert [answered.body for answered in server.requests] == [b"hello"]
    assert not {"http.client", "email", "random", "encodings.idna", "pathlib"}.intersection(run.stdout.split())
