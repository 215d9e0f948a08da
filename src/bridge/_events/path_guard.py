"""The path that belongs to events alone: no HTTP request gets there, however it is written.

An app takes what arrives there for the word of AWS. So a request is refused if any framework might route it there, be
it after it has decoded the path once more, resolved its dots, or taken a prefix off.
"""

from __future__ import annotations

from .._http import HEADERS, replaced
from .posted import HEADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .._http.forwarding import Adjustment
    from ..types import ASGIApp, HeaderItems, Receive, Request, Scope, Send, WSGIApp

DECODINGS = 3
"""How often a path is decoded: more than any framework does."""


class Reserved:
    """A path that HTTP requests do not reach, nor anything below it.

    Args:
        path: `events_path`.
    """

    def __init__(self, path: str) -> None:
        self._segments = segments(path)

    def adjustment(self, adjust: Adjustment | None) -> Adjustment:
        """Return what adjusts HTTP requests, so that none of them has the header that only Bridge may set."""

        def adjusted(request: Request) -> Request:
            return _unposed(request if adjust is None else adjust(request))

        return adjusted

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Wrap an ASGI app: requests for the path get a 404, but for those that have that header."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not self.has(scope["path"]) or _HEADER in dict(scope["headers"]):
                await app(scope, receive, send)
                return
            self._log(scope["method"], scope["path"])
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", _TYPE.encode())]})
            await send({"type": "http.response.body", "body": _BODY})

        return guarded

    def wsgi(self, app: WSGIApp) -> WSGIApp:
        """Wrap a WSGI app: requests for the path get a 404, but for those that have that header."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            path = (environ["SCRIPT_NAME"] + environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")
            if not self.has(path) or _VARIABLE in environ:
                return app(environ, start_response)
            self._log(environ["REQUEST_METHOD"], path)
            start_response("404 Not Found", [("Content-Type", _TYPE)])
            return [_BODY]

        return guarded

    def has(self, path: str) -> bool:
        """Return whether a framework might take a path for this one, or for one below it.

        The segments count wherever they stand: what is before them may be a prefix that the app takes off (`root_path`
        of FastAPI, Django's FORCE_SCRIPT_NAME, a middleware).
        """
        found = segments(path)
        return _contains(found, self._segments) or _contains(_resolved(found), self._segments)

    def _log(self, method: str, path: str) -> None:
        from .._invocation import logger

        reserved = "/".join(self._segments)
        logger().warning("%s %r was answered 404: /%s is for events that are no HTTP requests", method, path, reserved)


_HEADER = HEADER.encode()
_VARIABLE = "HTTP_" + HEADER.upper().replace("-", "_")
_TYPE = "text/plain; charset=utf-8"
_BODY = b"Not Found"


def segments(path: str) -> list[str]:
    """Return a path's segments, reduced to what they have in common with all other ways to write them."""
    if "%" in path:
        from urllib.parse import unquote

        for _ in range(DECODINGS):
            path = unquote(path, errors="replace")
    for separator in "\\?#":
        path = path.replace(separator, "/")
    if not path.isprintable() or " " in path:
        # Starlette's routes end in "$", which lets a newline follow.
        path = "".join([letter for letter in path if letter.isprintable() and letter != " "])
    parts = [part.partition(";")[0] for part in path.casefold().split("/")]
    return [part for part in parts if part not in ("", ".")]


def _resolved(parts: list[str]) -> list[str]:
    resolved: list[str] = []
    for part in parts:
        if part != "..":
            resolved.append(part)
        elif resolved:
            resolved.pop()
    return resolved


def _contains(parts: list[str], wanted: list[str]) -> bool:
    length = len(wanted)
    return any(parts[start : start + length] == wanted for start in range(len(parts) - length + 1))


def _unposed(request: Request) -> Request:
    """Return a request without the header that only Bridge may set, in whatever spelling a framework might read it."""
    headers: HeaderItems = request[HEADERS]
    kept = [line for line in headers if line[0].strip().lower().replace("_", "-") != HEADER]
    return request if len(kept) == len(headers) else replaced(request, {HEADERS: kept})
