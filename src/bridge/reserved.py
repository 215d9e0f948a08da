"""The path that belongs to events alone: no HTTP request gets there, however it is written.

An app takes what arrives there for the word of AWS. So a request is refused if any framework might route it there, be
it after it has decoded the path once more, resolved its dots, or taken a prefix off.
"""

from __future__ import annotations

from .sources.posted import HEADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .types import AsyncRun, Event, HeaderItems, Outcome, Request, Run

DECODINGS = 3
"""How often a path is decoded: more than any framework does."""


class Reserved:
    """A path that HTTP requests do not reach, nor anything below it.

    Args:
        path: `events_path`.
    """

    def __init__(self, path: str) -> None:
        self._segments = segments(path)

    def run(self, run: Run) -> Run:
        """`run` for HTTP requests."""

        def guarded(request: Request, event: Event, context: Any) -> Outcome:
            if self.has(request[3]):
                return _not_found(request, self._segments)
            return run(_unposed(request), event, context)

        return guarded

    def run_async(self, run: AsyncRun) -> AsyncRun:
        """The same for a running loop."""

        async def guarded(request: Request, event: Event, context: Any) -> Outcome:
            if self.has(request[3]):
                return _not_found(request, self._segments)
            return await run(_unposed(request), event, context)

        return guarded

    def has(self, path: str) -> bool:
        """Whether a framework might take a path for this one, or for one below it.

        The segments count wherever they stand: what is before them may be a prefix that the app takes off (`root_path`
        of FastAPI, Django's FORCE_SCRIPT_NAME, a middleware).
        """
        found = segments(path)
        return _contains(found, self._segments) or _contains(_resolved(found), self._segments)


def segments(path: str) -> list[str]:
    """A path's segments, reduced to what they have in common with all other ways to write them."""
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
    """A request without the header that only Bridge may set, in whatever spelling a framework might read it."""
    headers: HeaderItems = request[8]
    kept = [line for line in headers if line[0].strip().lower().replace("_", "-") != HEADER]
    return request if len(kept) == len(headers) else (*request[:8], kept, *request[9:])


def _not_found(request: Request, parts: list[str]) -> Outcome:
    from .log import logger

    logger().warning(
        "%s %r was answered 404: /%s is for events that are no HTTP requests", request[0], request[3], "/".join(parts)
    )
    return (404, ({"content-type": "text/plain; charset=utf-8"}, [], {}), b"Not Found"), None
