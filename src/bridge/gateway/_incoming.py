"""What a client sends: bodies, kept up to a limit and no further, and request targets in the form of proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..types import Scope

PATIENCE = 16 * 1024 * 1024
"""Bytes beyond a limit that are read and dropped. A client that is still sending would not read the refusal."""


async def body(request: Request, limit: int) -> bytes:
    """Return a request's body, or the first `limit + 1` bytes of a longer one: its length tells that it is too large.

    The body is measured as it comes, and no more of it is kept than that.

    Args:
        request: the request; its body has not been read.
        limit: bytes that a body may have.

    Raises:
        ClientDisconnect: the client has left before its body was complete.
    """
    kept = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        kept += chunk[: limit + 1 - len(kept)]
        if size > limit + PATIENCE:
            break
    return bytes(kept)


def target(scope: Scope) -> tuple[bytes, bytes | None]:
    """Return the path that a client asks for, percent-encoded, and the host, where the request line names one.

    A request line may have the whole URL, as for a proxy; its host counts then, whatever Host says.
    https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
    """
    raw: bytes = (scope.get("raw_path") or quote(scope["path"]).encode()).partition(b"?")[0]
    scheme, is_url, rest = raw.partition(b"://")
    if raw.startswith(b"/") or not is_url or scheme.lower() not in (b"http", b"https", b"ws", b"wss"):
        return raw, None
    host, _, path = rest.partition(b"/")
    return b"/" + path, host
