"""HTTP/1.1, as the Runtime API speaks it: requests into bytes, replies out of bytes. No sockets here."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_LIMIT = 262_144
"""Bytes that a status line with its headers, or a line of a chunked body, may have."""

_CRLF = "\r\n"
_HEX = b"0123456789abcdefABCDEF"

# A status line, and a header line with the white space around its value left out (RFC 9112 sections 4 and 5).
_STATUS = re.compile(r"HTTP/1\.([01]) ([0-9]{3})[^\r]*").match
_FIELDS = re.compile(r"\r\n([^:\r]*):[ \t]*([^\r]*[^\r \t]|)[ \t]*").findall


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
        closes: whether the connection ends with this reply.
        headers: lower-case names.
        body: all of it, once the reply is complete.
        received: whether anything at all has arrived.
        complete: whether everything has.
    """

    status = 0
    closes = False
    received = False
    complete = False
    _left = 0

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._rest = bytearray()
        # Not bound: a reply that refers to itself would be left to the garbage collector.
        self._part: Callable[[Reply], bool] = Reply._head

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes off the wire.

        Raises:
            MalformedError: they are no HTTP/1.1, or more than one reply.
        """
        self.received = True
        self._rest += data
        while self._part(self):
            if self.complete:
                if self._rest:
                    raise MalformedError(f"{len(self._rest)} bytes came after the end of a reply")
                return

    def end(self) -> bool:
        """Return whether the reply is complete now that the connection has ended."""
        if self._part is Reply._to_the_end:
            self.body = self._rest
            self.complete = True
        return self.complete

    def _line(self, end: bytes) -> bytearray | None:
        """Take the bytes before `end`, and `end` too; None if it has not arrived yet."""
        at = self._rest.find(end)
        if (at if at >= 0 else len(self._rest)) > HEAD_LIMIT:
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
        text = block.decode("utf-8", "surrogateescape")
        first = _STATUS(text)
        if first is None:
            raise MalformedError(f"expected a status line of HTTP/1.1, got {text.partition(_CRLF)[0][:80]!r}")
        version, code = first.groups()
        headers = _fields(text)
        status = int(code)
        if 100 <= status < 200:
            # An interim reply, which a proxy between may send: the one that counts follows (RFC 9110 section 15.2).
            return True
        self.status, self.headers = status, headers
        self.closes = version == "0" or ("connection" in headers and headers["connection"].lower() == "close")
        self._part = self._framing()
        return True

    def _framing(self) -> Callable[[Reply], bool]:
        """Return where the body ends: RFC 9112 section 6.3."""
        coding, length = self.headers.get("transfer-encoding"), self.headers.get("content-length")
        if coding is not None and coding.lower() == "chunked":
            return Reply._chunk_size
        if length is None:
            return Reply._sized if self.status == 204 else Reply._to_the_end
        if not (length.isascii() and length.isdigit()):
            raise MalformedError(f"expected a Content-Length, got {length[:80]!r}")
        self._left = int(length)
        return Reply._sized

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
        self._part = Reply._chunk if self._left else Reply._trailer
        return True

    def _chunk(self) -> bool:
        if len(self._rest) < self._left + 2:
            return False
        self.body += self._rest[: self._left]
        if self._rest[self._left : self._left + 2] != b"\r\n":
            raise MalformedError("a chunk is longer than its size says")
        del self._rest[: self._left + 2]
        self._part = Reply._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line(b"\r\n")
        if line is None:
            return False
        self.complete = not line
        return True


def _fields(head: str) -> dict[str, str]:
    found = _FIELDS(head)
    if len(found) != head.count("\r"):
        first, *lines = head.split(_CRLF)
        wrong = next((line for line in lines if ":" not in line or "\r" in line), first)
        raise MalformedError(f"expected a header, got {wrong[:80]!r}")
    return {name.lower(): value for name, value in found}
