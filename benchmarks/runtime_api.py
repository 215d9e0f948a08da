"""Lambda's Runtime API for one process, as fast as Python allows: one thread, one connection, one buffer.

Whoever calls it is the thread that reads and writes, so no other thread has to wake up for a time to be taken, and a
process whose turn it is not waits for its next event without a cost to anybody.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import dataclass
from time import perf_counter_ns

SECONDS = 60
"""After which a process has failed that says nothing."""

ROOM = 16_000_000
"""Bytes that a request may have."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)
_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status": "OK"}'


def _message(posted: bytes) -> str:
    """What an error says, as runtimes post it."""
    try:
        return str(json.loads(posted)["errorMessage"])
    except (ValueError, TypeError, LookupError):
        return repr(posted[:200])


@dataclass(frozen=True)
class Request:
    """A request of the runtime's.

    Attributes:
        line: its first line.
        arrived: when its first bytes came, in nanoseconds.
        answered: when the first bytes of its body were there, or all of it where it has none.
        body: the bytes of its body, chunks joined; empty, where they were not asked for.
    """

    line: str
    arrived: int
    answered: int
    body: bytes


@dataclass(frozen=True)
class Invocation:
    """How one event went: seconds from the event's leaving.

    Attributes:
        first_byte: until the first byte of the answer was there.
        cycle: until the runtime asked for the next event.
        answer: what it posted, if that was asked for.
    """

    first_byte: float
    cycle: float
    answer: bytes


class RuntimeApi:
    """The server.

    Attributes:
        address: HOST:PORT, for AWS_LAMBDA_RUNTIME_API.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connection: socket.socket | None = None
        self._room = bytearray(ROOM)
        self._view = memoryview(self._room)
        self._count = 0

    def accept(self) -> bool:
        """Take the runtime's connection, in place of the one before. False, if there is none within a moment."""
        try:
            connection, _ = self._listener.accept()
        except TimeoutError:
            return False
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(SECONDS)
        if self._connection is not None:
            self._connection.close()
        self._connection = connection
        return True

    def asked(self) -> int:
        """When the runtime asks for the next event, which it has to do now, in nanoseconds.

        Raises:
            ValueError: it posts something instead: that it cannot start, as a rule.
        """
        request = self._request(keep=True)
        if not request.line.startswith("GET") or "/invocation/next" not in request.line:
            self._send(_ACCEPTED)
            raise ValueError(f"expected GET /next, got {request.line}: {_message(request.body)}")
        return request.arrived

    def invoke(self, event: bytes, keep: bool = False) -> Invocation:
        """Answer the `/next` that is waiting, take what is posted, and wait until the next event is asked for.

        Raises:
            ValueError: an error was posted.
        """
        self._count += 1
        request_id = f"00000000-0000-4000-8000-{self._count:012d}"
        reply = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + SECONDS * 1000}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:benchmark\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0\r\n"
            f"Content-Length: {len(event)}\r\n\r\n"
        ).encode() + event
        start = perf_counter_ns()
        self._send(reply)
        posted = self._request(keep)
        self._send(_ACCEPTED)
        if f"/{request_id}/response " not in posted.line:
            raise ValueError(f"expected a response, got {posted.line}")
        end = self.asked()
        return Invocation((posted.answered - start) / 1e9, (end - start) / 1e9, posted.body)

    def close(self) -> None:
        """Close everything."""
        self._listener.close()
        if self._connection is not None:
            self._connection.close()
        self._view.release()

    def _send(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.sendall(data)

    def _request(self, keep: bool) -> Request:
        filled = self._receive(0)
        if not filled and self.accept():  # a runtime may open a new connection whenever it has a reply
            filled = self._receive(0)
        arrived = perf_counter_ns()
        while (end := self._room.find(b"\r\n\r\n", 0, filled)) < 0:
            filled = self._more(filled)
        answered = perf_counter_ns()
        head = bytes(self._view[:end])
        line = head.partition(b"\r\n")[0].decode()
        start = end + 4
        if _EXPECTS.search(head):
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = _LENGTH.search(head)
        is_chunked = _CHUNKED.search(head) is not None
        if filled == start and (is_chunked or (length and length[1] != b"0")):
            filled = self._more(filled)
            answered = perf_counter_ns()
        if is_chunked:
            return Request(line, arrived, answered, self._chunks(start, filled, keep))
        until = start + (int(length[1]) if length else 0)
        while filled < until:
            filled = self._more(filled)
        return Request(line, arrived, answered, bytes(self._view[start:until]) if keep else b"")

    def _chunks(self, at: int, filled: int, keep: bool) -> bytes:
        """Read chunks and trailers, to the empty line that ends them."""
        parts = []
        size = -1
        while size:
            while (end := self._room.find(b"\r\n", at, filled)) < 0:
                filled = self._more(filled)
            size = int(self._room[at:end].partition(b";")[0], 16)
            at = end + 2
            if size:
                while filled < at + size + 2:
                    filled = self._more(filled)
                if keep:
                    parts.append(bytes(self._view[at : at + size]))
                at += size + 2
        while not self._room.startswith(b"\r\n", at, filled):
            while (end := self._room.find(b"\r\n", at, filled)) < 0:
                filled = self._more(filled)
            at = end if end == at else end + 2
        return b"".join(parts)

    def _more(self, filled: int) -> int:
        received = self._receive(filled)
        if not received:
            raise ConnectionError("the runtime has closed the connection")
        return filled + received

    def _receive(self, filled: int) -> int:
        assert self._connection is not None
        return self._connection.recv_into(self._view[filled:])
