"""Streams out of a process that runs a handler: the parts of an answer, as lines of JSON, as they are made."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

    from ..types import Event, SyncResponder


class Streamed:
    """A handler in its process, whose answers go out in parts, if it is of a type that has them: a Bridge.

    An ASGI app runs on a loop that is kept for its streams.

    Args:
        handler: the handler.
        say: takes what goes to the gateway.
    """

    def __init__(self, handler: Any, say: Callable[[dict[str, Any]], None]) -> None:
        self.can = hasattr(type(handler), "respond_sync")
        self._handler = handler
        self._say = say
        self._runner: asyncio.Runner | None = None

    def respond(self, event: Event, context: Any) -> None:
        """Answer an event; return when the handler has ended."""
        parts = _Parts(self._say)
        if not self._handler.is_asgi:
            self._handler.respond_sync(event, context, parts)
            return
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner()
        self._runner.run(self._handler.respond(event, context, _AsyncParts(parts)))

    def close(self) -> None:
        """Run the shutdown of an app that has run on the loop."""
        if self._runner is not None:
            self._runner.run(self._handler.shutdown())
            self._runner.close()


class _Parts:
    """Where a WSGI app's answer goes: a `bridge.types.SyncResponder`."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say = say

    def result(self, result: Any) -> None:
        self._say({"part": "result", "value": result})

    def start(self, content_type: str, prelude: bytes) -> None:
        self._say({"part": "start", "value": content_type, "data": b64encode(prelude).decode()})

    def write(self, data: bytes) -> None:
        self._say({"part": "write", "data": b64encode(data).decode()})

    def end(self, data: bytes = b"") -> None:
        self._say({"part": "end", "data": b64encode(data).decode()})

    def fail(self, error: BaseException) -> None:
        self._say({"part": "fail", "value": repr(error)})


class _AsyncParts:
    """Where an ASGI app's answer goes: a `bridge.types.Responder`."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts

    async def result(self, result: Any) -> None:
        self._parts.result(result)

    async def start(self, content_type: str, prelude: bytes) -> None:
        self._parts.start(content_type, prelude)

    async def write(self, data: bytes) -> None:
        self._parts.write(data)

    async def end(self, data: bytes = b"") -> None:
        self._parts.end(data)

    async def fail(self, error: BaseException) -> None:
        self._parts.fail(error)


def hand_on(part: dict[str, Any], responder: SyncResponder) -> None:
    """Give a part that has come out of a process to a responder.

    Raises:
        OSError: nobody waits for it any more.
    """
    data = b64decode(part.get("data", ""))
    match part["part"]:
        case "result":
            responder.result(part["value"])
        case "start":
            responder.start(part["value"], data)
        case "write":
            responder.write(data)
        case "end":
            responder.end(data)
        case _:
            responder.fail(RuntimeError(part["value"]))
