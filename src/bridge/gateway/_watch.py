"""Who watches what the gateway and its functions do, if anybody does: the inspector.

A process has one watcher, as it has one log. Without one, this is a look at a global.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any, TextIO

    from ._apis import ApiName
    from ._function import LocalFunction


@dataclass(frozen=True, kw_only=True)
class Way:
    """The way of a request through an API.

    Attributes:
        api: kind of the API: "http".
        settings: of the API, beside the defaults: `{"stage": "prod"}`.
        name: of the API in a template.
        route: that was taken, in a template.
        steps: what was decided on the way, in a template.
    """

    api: ApiName
    settings: dict[str, Any]
    name: str = ""
    route: str = ""
    steps: list[str] = field(default_factory=list)


class Watched(Protocol):
    """An invocation that is watched."""

    result: bytes | None
    streamed: bool


class Watcher(Protocol):
    """What is told of all that happens. It must not fail, and must not wait."""

    def invocation(self, function: LocalFunction, event: bytes, request_id: str) -> AbstractContextManager[Watched]:
        """Follow an invocation for as long as the block lasts."""

    def routed(self, way: Way) -> None:
        """Take note of the way of the request that is being answered."""

    def said(self, text: str) -> None:
        """Take note of what the function, or the gateway, has just written to its log or printed."""


watcher: Watcher | None = None


class Tee:
    """A text stream that also says what is written to it.

    Args:
        stream: gets all that is written, and has everything else that a stream has.
        say: is told of it.
    """

    def __init__(self, stream: Any, say: Callable[[str], None]) -> None:
        self._stream = stream
        self._say = say

    def write(self, text: str) -> int:
        """Write a text."""
        written: int = self._stream.write(text)
        self._say(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def teed(stream: TextIO, say: Callable[[str], None]) -> TextIO:
    """Return a `Tee`, for what takes a text stream."""
    return cast("TextIO", Tee(stream, say))


def said(text: str) -> None:
    """Tell the watcher, if there is one, what has been written."""
    if watcher is not None:
        watcher.said(text)
