"""One request on a connection that is kept, and its answer.

A request goes out in one piece. An answer that has come in one piece, and is as plain as API Gateway's, is read here.
Any other is read by `http.client`, which is imported then: that takes some 8 ms. It reads the head of an answer as that
of an e-mail, which takes more than all the rest of a call.
"""

from __future__ import annotations

import json
import socket
from contextlib import closing
from io import BufferedReader, RawIOBase
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse
    from ssl import SSLContext

RECEIVED = 16_384
"""Bytes that are read at once: a TLS record has no more."""


class Answer(NamedTuple):
    """An answer that is complete.

    Attributes:
        status: 200.
        kind: the error's: "GoneException".
        content: the body.
        closes: whether the server closes the connection.
    """

    status: int
    kind: str
    content: bytes
    closes: bool

    def __str__(self) -> str:
        """Return what is in it, for errors."""
        try:
            said = json.loads(self.content)
            text = str(said.get("message") or said.get("Message") or "")
        except (ValueError, AttributeError, RecursionError):
            text = self.content.decode("utf-8", "replace")
        parts = (str(self.status), self.kind, text[:200])
        return " ".join(part if part.isprintable() else repr(part) for part in parts if part)


def request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the bytes of a request.

    Args:
        method: in capitals.
        target: percent-encoded.
        headers: all but Content-Length and Accept-Encoding.
        body: of a POST.

    Raises:
        ValueError: the target or a header has what would end it, or what is not in Latin-1.
    """
    if " " in target or not (target.isascii() and target.isprintable()):
        raise ValueError(f"the path {target!r} is not percent-encoded")
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\r") + lines.count("\n") > 2 * len(headers):
        raise ValueError("a header to be sent has an end of a line in it")
    length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
    return f"{method} {target} HTTP/1.1\r\nAccept-Encoding: identity\r\n{length}{lines}\r\n".encode("latin-1") + body


class Line:
    """A TCP connection to a server. It is opened when it is needed.

    Args:
        name: of the server's host.
        port: it listens on.
        tls: for a connection with TLS.
    """

    def __init__(self, name: str, port: int, tls: SSLContext | None) -> None:
        # For text, the codec for international domain names would be imported.
        self._name = name.encode() if name.isascii() else name
        self._port = port
        self._tls = tls
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it is open, as far as is known."""
        return self._socket is not None

    def close(self) -> None:
        """Close it. The next exchange opens it again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def exchange(self, method: str, sent: bytes, seconds: float) -> Answer | HTTPResponse:
        """Send a request, and return its answer, or one that has begun.

        Args:
            method: of the request.
            sent: all of it.
            seconds: to wait for the connection and then for each part of the answer.

        Raises:
            OSError, HTTPException: there is no answer, or none that is HTTP.
        """
        connection = self._socket or self._open(seconds)
        connection.settimeout(seconds)
        connection.sendall(sent)
        received = connection.recv(RECEIVED)
        if not received:
            raise ConnectionResetError("the server has closed the connection without an answer")
        answer = _plain(received)
        if answer is not None:
            return answer
        from http.client import HTTPResponse

        response = HTTPResponse(_Begun(connection, received), method=method)  # type: ignore[arg-type]
        try:
            response.begin()
        except BaseException:
            response.close()
            raise
        return response

    def _open(self, seconds: float) -> socket.socket:
        address: tuple[str, int] = (self._name, self._port)  # type: ignore[assignment] # bytes will do
        connection = socket.create_connection(address, seconds)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_hostname=self._name)
        except BaseException:
            connection.close()
            raise
        self._socket = connection
        return connection


def whole(response: HTTPResponse) -> Answer:
    """Return an answer that has begun, when it is complete.

    Raises:
        OSError, HTTPException, OverflowError, MemoryError: it is broken off, or as large as it says that it is:
            http.client reserves as many bytes.
    """
    with closing(response):
        content = response.read()
    kind = response.headers.get("x-amzn-ErrorType", "").partition(":")[0]
    return Answer(response.status, kind, content, response.will_close)


def _plain(received: bytes) -> Answer | None:
    """Return an answer that is here to its last byte; None: it is not, or has anything that is not usual."""
    head, end, content = received.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    parts = [line.partition(b":") for line in lines]
    fields = {name.lower(): value.strip(b" \t") for name, _, value in parts}
    version, status = first[:9], first[9:12]
    length = fields.get(b"content-length")
    if status in (b"204", b"304"):
        length = b"0"  # whatever it says: these have no body
    if (
        not end
        or version != b"HTTP/1.1 "
        or not status.isdigit()
        or status < b"200"
        or first[12:13] not in (b" ", b"")
        or length != b"%d" % len(content)
        or b"transfer-encoding" in fields
        or fields.get(b"connection", b"keep-alive").lower() != b"keep-alive"
        or not len(fields) == len(lines) == head.count(b"\n")
        or any(not colon or name[:1].isspace() for name, colon, _ in parts)  # a line that is folded, or none
    ):
        return None
    kind = fields.get(b"x-amzn-errortype", b"").decode("latin-1").partition(":")[0]
    return Answer(int(status), kind, content, False)


class _Begun(RawIOBase):
    """What a socket has received and will receive.

    Args:
        connection: the socket.
        received: what it has received.
    """

    def __init__(self, connection: socket.socket, received: bytes) -> None:
        self._connection = connection
        self._received = received

    def makefile(self, _mode: str) -> BufferedReader:
        """Return a file to read from, as sockets do."""
        return BufferedReader(self)

    def readable(self) -> bool:
        """Return whether it can be read: it can."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer; 0: the other side has sent its last."""
        if not self._received:
            return self._connection.recv_into(buffer)
        part = self._received[: len(buffer)]
        self._received = self._received[len(part) :]
        buffer[: len(part)] = part
        return len(part)
