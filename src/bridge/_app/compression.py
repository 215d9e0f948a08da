"""Responses packed as their client accepts it: gzip, and br and zstd where their packages are.

HTTP APIs, function URLs and load balancers pass on what the function sends, and pack nothing themselves.
https://www.rfc-editor.org/rfc/rfc9110.html#section-12.5.3
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from .._http import body as bodies
from ..errors import AppError, ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from ..types import ASGIApp, Message, Receive, Scope, Send, WSGIApp

    Lines: TypeAlias = list[tuple[str, str]]
    Pack: TypeAlias = Callable[[bytes, bool], bytes]

SMALLEST = 1024
"""Bytes of body from which to pack it is worth while: less fits into one packet anyway."""

GZIP_LEVEL = 6
BROTLI_QUALITY = 4
ZSTD_LEVEL = 3
"""What servers take for what they pack while the client waits."""


def _gzip() -> Pack:
    import zlib

    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return lambda data, last: packer.compress(data) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


def _brotli(module: str) -> Pack:
    packer: Any = import_module(module).Compressor(quality=BROTLI_QUALITY)
    return lambda data, last: packer.process(data) + (packer.finish() if last else packer.flush())


def _zstandard() -> Pack:
    zstandard = import_module("zstandard")
    packer: Any = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
    block, end = zstandard.COMPRESSOBJ_FLUSH_BLOCK, zstandard.COMPRESSOBJ_FLUSH_FINISH
    return lambda data, last: packer.compress(data) + packer.flush(end if last else block)


def _codings() -> dict[str, Callable[[], Pack]]:
    """Return the codings there are, the best first."""
    found: dict[str, Callable[[], Pack]] = {}
    for module in ("brotli", "brotlicffi"):
        if "br" not in found and find_spec(module):
            found["br"] = lambda name=module: _brotli(name)  # type: ignore[misc]
    if find_spec("zstandard"):
        found["zstd"] = _zstandard
    found["gzip"] = _gzip
    return found


class Compression:
    """Packs the responses of an app.

    Args:
        compress: True, or the bytes from which a body is packed.

    Raises:
        ConfigurationError: it is neither.
    """

    def __init__(self, compress: int) -> None:
        if not isinstance(compress, int) or compress < 0:
            raise ConfigurationError(f"Bridge(compress=...) takes True, False or a number of bytes, not {compress!r}.")
        self._smallest = SMALLEST if compress is True else compress
        self._codings = _codings()

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI app whose responses are packed."""

        async def compressing(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            accepts = b",".join([value for name, value in scope["headers"] if name == b"accept-encoding"])
            packing = self._packing(scope["method"], accepts.decode("latin-1"))
            head: Message = {}

            async def packed(message: Message) -> None:
                nonlocal head
                if message["type"] != "http.response.body" or (not head and not packing.begun):
                    if message["type"] != "http.response.start" or head or packing.begun:
                        await send(message)  # out of order: what is below says so
                    head = message
                    return
                last = not message.get("more_body", False)
                body = message.get("body", b"")
                if not isinstance(body, _BYTES):
                    if not packing.begun:
                        await send(head)
                    await send(message)  # which says so
                if not packing.begun:
                    await send(packing.begin_asgi(head, len(body) if last else None))
                await send({**message, "body": packing.packed(body, last)})

            await app(scope, receive, packed)

        return compressing

    def wsgi(self, app: WSGIApp) -> WSGIApp:
        """Return a WSGI app whose responses are packed."""

        def compressing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            packing = self._packing(environ["REQUEST_METHOD"], environ.get("HTTP_ACCEPT_ENCODING", ""))
            return PackedResponse(packing, start_response).of(app, environ)

        return compressing

    def _packing(self, method: str, accepts: str) -> Packing:
        return Packing(self._codings, chosen(accepts, self._codings), self._smallest, method == "HEAD")


class Packing:
    """What one response is packed by.

    Args:
        codings: those there are.
        coding: the one that the client likes best; None: it accepts none.
        smallest: bytes from which a body is packed.
        is_head: whether the response is one to HEAD.
    """

    begun = False
    _pack: Pack | None = None

    def __init__(
        self, codings: dict[str, Callable[[], Pack]], coding: str | None, smallest: int, is_head: bool
    ) -> None:
        self._codings = codings
        self._coding = coding
        self._smallest = smallest
        self._is_head = is_head

    def begin(self, status: int, lines: Lines, size: int | None) -> Lines:
        """Return the header lines of the response, as they are or as packed.

        Args:
            status: its status.
            lines: its header lines.
            size: bytes of its body; None: it is not all there yet.
        """
        self.begun = True
        fields = {name.lower(): value for name, value in lines}
        if size is None and fields.get("content-length", "").isdigit():
            size = int(fields["content-length"])
        # A part of a representation (206) has the ranges of what is not packed, and 204 and 304 have no body.
        if (
            status in (204, 206, 304)
            or "content-range" in fields
            or "content-encoding" in fields
            or "no-transform" in fields.get("cache-control", "").lower()
            or not fields.get("content-type")
            or not bodies.is_text(bodies.media_type(fields["content-type"]))
            or (size is not None and size < self._smallest)
        ):
            return lines
        varies = fields.get("vary", "").lower()
        if "accept-encoding" not in varies and varies.strip() != "*":
            lines = [*lines, ("vary", "Accept-Encoding")]
        if self._coding is None or self._is_head:
            return lines
        self._pack = self._codings[self._coding]()
        return [*(_packed_line(*line) for line in lines if line[0].lower() != "content-length"), *self._own_lines()]

    def begin_asgi(self, head: Message, size: int | None) -> Message:
        """Return `http.response.start` as `begin` has it. What is no header is left for the server to refuse."""
        given = _kept(head.get("headers", ()))
        try:
            lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in given]
        except (AttributeError, TypeError, ValueError):
            self.begun = True
            return {**head, "headers": given}
        lines = self.begin(head["status"], lines, size)
        return {**head, "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]}

    def packed(self, body: bytes, last: bool) -> bytes:
        """Return a part of the body as it goes out: at once, so that a stream stays one."""
        if self._pack is None or not (body or last):
            return body
        return self._pack(body, last)

    def _own_lines(self) -> Lines:
        return [("content-encoding", self._coding or "")]


def _packed_line(name: str, value: str) -> tuple[str, str]:
    # What is packed is another representation than what is not: the same tag would be a lie (RFC 9110 section 8.8.3).
    if name.lower() == "etag" and value[:2] != "W/":
        return name, f"W/{value}"
    return name, value


class PackedResponse:
    """A WSGI response on its way to `start_response`, packed.

    Args:
        packing: what it is packed by.
        start_response: the server's.
    """

    _head: tuple[Any, ...] = ()

    def __init__(self, packing: Packing, start_response: Callable[..., Any]) -> None:
        self._packing = packing
        self._start_response = start_response
        self._write: Callable[[bytes], object]
        self._chunks: Iterable[bytes] = ()

    def of(self, app: WSGIApp, environ: dict[str, Any]) -> PackedResponse:
        """Run an app, and take its response."""
        self._chunks = app(environ, self._take_head)
        return self

    def _take_head(self, status: str, headers: Lines, exc_info: Any = None, /) -> Callable[[bytes], object]:
        if (self._head and exc_info is None) or self._packing.begun:
            self._start_response(status, headers, *([exc_info] if exc_info else ()))  # which raises, or begins anew
            self._packing.begun, self._packing._pack = False, None
        self._head = status, headers, exc_info
        return self._take

    def _take(self, data: bytes) -> None:
        """Take a part of the body: PEP 3333's `write`."""
        _check(data)
        self._begin(None)
        self._write(self._packing.packed(data, False))

    def _begin(self, size: int | None) -> None:
        if not self._packing.begun and self._head:
            status, headers, exc_info = self._head
            code = int(status[:3]) if str(status)[:3].isdigit() else 0
            lines = _kept(headers)
            if _are_pairs(lines):
                lines = self._packing.begin(code, lines, size)
            else:
                self._packing.begun = True  # whom they are given to says so
            self._write = self._start_response(status, lines, *([exc_info] if exc_info else ()))

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts of the body."""
        if isinstance(self._chunks, (list, tuple)):
            for chunk in self._chunks:
                _check(chunk)
            body = b"".join(self._chunks)
            self._begin(len(body))
            yield self._packing.packed(body, True)
            return
        for chunk in self._chunks:
            _check(chunk)
            if chunk:
                self._begin(None)
                yield self._packing.packed(chunk, False)
        self._begin(0)
        yield self._packing.packed(b"", True)

    def close(self) -> None:
        """End the app's response."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


_BYTES = (bytes, bytearray, memoryview)


def _kept(headers: Any) -> Any:
    """Return headers that can be looked at twice."""
    return [*headers] if hasattr(headers, "__next__") else headers


def _are_pairs(headers: Any) -> bool:
    try:
        return all(isinstance(name, str) and isinstance(value, str) for name, value in headers)
    except (TypeError, ValueError):
        return False


def _check(chunk: object) -> None:
    if not isinstance(chunk, _BYTES):
        raise AppError(f"the app sent a part of its body that is no bytes: a {type(chunk).__name__} (PEP 3333)")


def chosen(accepts: str, codings: Iterable[str]) -> str | None:
    """Return the coding of those there are that a client likes best; None: it would rather have none.

    Args:
        accepts: its Accept-Encoding (RFC 9110 section 12.5.3).
        codings: those there are, the best first.
    """
    weights: dict[str, float] = {}
    for item in accepts.lower().split(","):
        name, _, parameters = item.partition(";")
        weights[name.strip()] = _weight(parameters)
    others = weights.get("*", 0.0)
    best, weight = None, max(weights.get("identity", 0.0), 0.0)
    for coding in codings:
        liked = weights.get(coding, others)
        if liked > weight or (liked == weight > 0 and best is None):
            best, weight = coding, liked
    return best


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
