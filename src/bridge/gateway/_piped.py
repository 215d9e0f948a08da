"""Streams out of a process that runs a handler: the parts of an answer, as lines of JSON, as they are made."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..types import Event, SyncResponder


class Streamed:
    """A handler in its process, whose answers go out in parts, if it is of a type that has them: a Bridge.

    An ASGI app runs on the process's loop, on which it has started up, and on which other events run it too.

    Args:
        handler: the handler.
        say: takes what goes to the gateway.
    """

    def __init__(self, handler: Any, say: Callable[[dict[str, Any]], None]) -> None:
        self.can = hasattr(type(handler), "respond_sync")
        self._handler = handler
        self._say = say

    def respond(self, event: Event, context: Any) -> None:
        """Answer an event; return when the handler has ended."""
        handler, parts = self._handler, _Parts(self._say)
        if not handler.is_asgi:
            handler.respond_sync(event, context, parts)
        elif handler.is_decorated:
            handler.respond_in_plain_code(event, context, _AsyncParts(parts))
        else:
            from .._app.asgi.loop import process_runner

            handler.respond_alone(process_runner(handler.loop_factory), event, context, _AsyncParts(parts))


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
