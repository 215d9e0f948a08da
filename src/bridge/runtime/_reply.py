"""HTTP/1.1, as the Runtime API speaks it: requests into bytes, replies out of bytes. No sockets here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_LIMIT = 262_144
"""Bytes that a status line with its headers, or a line of a chunked body, may have."""

_HEX = b"0123456789abcdefABCDEF"


class MalformedError(ValueError):
    """The Runtime API's: what it sent is no HTTP/1.1."""


def head(method: str, path: str, host: str, lines: str = "") -> bytes:
    """Return a request's first bytes, up to and with the empty line.

    Args:
        method: GET, for instance.
        path: as it is sent.
        host: for the line `Host`.
        lines: the other header lines, each with its CRLF.
    """
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode()


class Reply:
    """One reply, as it arrives: feed it what comes, until it is complete.

    Attributes:
        status: the status code, once the head has arrived.
        headers: lower-case names.
        body: all of it, once the reply is complete.
        received: whether anything at all has arrived.
        complete: whether everything has.
    """

    status = 0
    received = False
    complete = False
    _left = 0

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._rest = bytearray()
        self._part: Callable[[], bool] = self._head

    @property
    def closes(self) -> bool:
        """Return whether the connection ends with this reply."""
        return self._http_1_0 or self.headers.get("connection", "").lower() == "close"

    _http_1_0 = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes off the wire.

        Raises:
            MalformedError: they are no HTTP/1.1, or more than one reply.
        """
        self.received = True
        self._rest += data
        while not self.complete:
            if not self._part():
                return
        if self._rest:
            raise MalformedError(f"{len(self._rest)} bytes came after the end of a reply")

    def end(self) -> bool:
        """Return whether the reply is complete now that the connection has ended."""
        if self._part == self._to_the_end:
            self.body = self._rest
            self.complete = True
        return self.complete

    def _line(self, end: bytes) -> bytearray | None:
        """Take the bytes before `end`, and `end` too; None if it has not arrived yet."""
        at = self._rest.find(end)
        if max(at, len(self._rest) if at < 0 else 0) > HEAD_LIMIT:
            raise MalformedError(f"a head or a chunk's line of more than {HEAD_LIMIT:,} bytes")
        if at < 0:
            return None
        line = self._rest[:at]
        del self._rest[: at + len(end)]
        return line

    def _head(self) -> bool:
        block = self._line(b"\r\n\r\n")
        if block is None:
            return False
        first, *lines = block.decode("utf-8", "surrogateescape").split("\r\n")
        protocol, _, status = first.partition(" ")
        if protocol not in ("HTTP/1.1", "HTTP/1.0") or not (status[:3].isascii() and status[:3].isdigit()):
            raise MalformedError(f"expected a status line of HTTP/1.1, got {first[:80]!r}")
        self._http_1_0 = protocol == "HTTP/1.0"
        self.status = int(status[:3])
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise MalformedError(f"expected a header, got {line[:80]!r}")
            self.headers[name.lower()] = value.strip(" \t")
        if 100 <= self.status < 200:
            # An interim reply, which a proxy between may send: the one that counts follows (RFC 9110 section 15.2).
            self.status = 0
            self.headers = {}
            return True
        self._part = self._framing()
        return True

    def _framing(self) -> Callable[[], bool]:
        """Return where the body ends: RFC 9112 section 6.3."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunk_size
        length = self.headers.get("content-length")
        if length is None:
            return self._sized if self.status == 204 else self._to_the_end
        if not (length.isascii() and length.isdigit()):
            raise MalformedError(f"expected a Content-Length, got {length[:80]!r}")
        self._left = int(length)
        return self._sized

    def _sized(self) -> bool:
        if len(self._rest) < self._left:
            return False
        if len(self._rest) == self._left:
            self.body, self._rest = self._rest, bytearray()
        else:
            self.body = self._rest[: self._left]
            del self._rest[: self._left]
        self.complete = True
        return True

    def _to_the_end(self) -> bool:
        return False

    def _chunk_size(self) -> bool:
        line = self._line(b"\r\n")
        if line is None:
            return False
        digits = line.partition(b";")[0].strip(b" \t")
        if not digits or digits.strip(_HEX):
            raise MalformedError(f"expected a chunk's size, got {bytes(line[:80])!r}")
        self._left = int(digits, 16)
        self._part = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        if len(self._rest) < self._left + 2:
            return False
        self.body += self._rest[: self._left]
        if self._rest[self._left : self._left + 2] != b"\r\n":
            raise MalformedError("a chunk is longer than its size says")
        del self._rest[: self._left + 2]
        self._part = self._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line(b"\r\n")
        if line is None:
            return False
        self.complete = not line
        return True
