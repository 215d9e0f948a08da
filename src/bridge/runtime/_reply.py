"""HTTP/1.1, as the Runtime API speaks it: requests into bytes, replies out of bytes. No sockets here."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_LIMIT = 262_144
"""Bytes that a status line with its headers, or a line of a chunked body, may have."""

_TOO_LONG = f"a head or a chunk's line of more than {HEAD_LIMIT:,} bytes"
_HEX = b"0123456789abcdefABCDEF"

# RFC 9112 section 4.
_STATUS = re.compile(r"HTTP/1\.([01]) ([0-9]{3})[^\r]*").fullmatch


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
    headers: dict[str, str] = {}  # noqa: RUF012 -- nobody changes it
    body: bytes | bytearray = b""
    received = False
    complete = False
    _left = 0
    _rest = bytearray()
    # Called with the reply, and not bound: one that refers to itself would be left to the garbage collector.
    _part: Callable[[Reply], bool] | None = None

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes off the wire.

        Raises:
            MalformedError: they are no HTTP/1.1, or more than one reply.
        """
        if self.received:
            if self.complete and data:
                raise MalformedError(f"{len(data)} bytes came after the end of a reply")
            self._rest += data
        else:
            self.received = True
            whole = bytes(data)
            if self._is_whole(whole):
                return
            self._rest = bytearray(whole)
        while (self._part or Reply._head)(self):
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

    def _is_whole(self, data: bytes) -> bool:
        """Take a reply that has come in one piece, with its length, as nearly all do. Return whether it is one."""
        end = data.find(b"\r\n\r\n")
        if not 0 <= end <= HEAD_LIMIT or not self._read(data[:end]):
            return False
        if self._part is Reply._sized and end + 4 + self._left == len(data):
            self.body = data[end + 4 :]
            self.complete = True
            return True
        self._part = None
        return False

    def _line(self) -> bytearray | None:
        """Take the bytes of a line, and its end; None if that has not arrived yet."""
        at = self._rest.find(b"\r\n")
        if (at if at >= 0 else len(self._rest)) > HEAD_LIMIT:
            raise MalformedError(_TOO_LONG)
        if at < 0:
            return None
        line = self._rest[:at]
        del self._rest[: at + 2]
        return line

    def _head(self) -> bool:
        rest = self._rest
        end = rest.find(b"\r\n\r\n")
        if not 0 <= end <= HEAD_LIMIT:
            if len(rest) > HEAD_LIMIT:
                raise MalformedError(_TOO_LONG)
            return False
        head = rest[:end]
        del rest[: end + 4]
        # An interim reply, which a proxy between may send: the one that counts follows (RFC 9110 section 15.2).
        self._read(head)
        return True

    def _read(self, head: bytes | bytearray) -> bool:
        """Read a head, without the empty line at its end. Return whether it is that of the reply that counts."""
        text = head.decode("utf-8", "surrogateescape")
        status_line, *lines = text.split("\r\n")
        first = _STATUS(status_line)
        if first is None:
            raise MalformedError(f"expected a status line of HTTP/1.1, got {status_line[:80]!r}")
        headers: dict[str, str] = {}
        try:
            for line in lines:
                name, value = line.split(":", 1)
                headers[name.lower()] = value.strip(" \t")
        except ValueError:
            raise MalformedError(f"expected a header, got {line[:80]!r}") from None
        if text.count("\r") != len(lines):
            raise MalformedError(f"expected a header, got {_wrong(lines)[:80]!r}")
        version, code = first.groups()
        status = int(code)
        if status < 200:
            return False
        self.status, self.headers = status, headers
        self.closes = version == "0" or ("connection" in headers and headers["connection"].lower() == "close")
        # Where the body ends: RFC 9112 section 6.3.
        if "transfer-encoding" in headers and headers["transfer-encoding"].lower() == "chunked":
            self._part = Reply._chunk_size
            self.body = bytearray()
        elif "content-length" in headers:
            length = headers["content-length"]
            if not (length.isascii() and length.isdigit()):
                raise MalformedError(f"expected a Content-Length, got {length[:80]!r}")
            self._left = int(length)
            self._part = Reply._sized
        else:
            self._part = Reply._sized if status == 204 else Reply._to_the_end
        return True

    def _sized(self) -> bool:
        more = len(self._rest) - self._left
        if more < 0:
            return False
        self.body = self._rest
        self._rest = self.body[self._left :]
        if more:
            del self.body[self._left :]
        self.complete = True
        return True

    def _to_the_end(self) -> bool:
        return False

    def _chunk_size(self) -> bool:
        line = self._line()
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
        line = self._line()
        if line is None:
            return False
        self.complete = not line
        return True


def _wrong(lines: list[str]) -> str:
    """Return the line that has half the end of a line in it."""
    return next(line for line in lines if "\r" in line)
