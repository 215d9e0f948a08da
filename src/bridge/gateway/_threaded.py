"""A streamed answer of a function in a thread, on its way to the gateway's loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ._streaming import Stream


class Threaded:
    """A stream as a function in a thread sees it: a `bridge.types.SyncResponder`.

    Args:
        stream: the stream.
        loop: the loop that it lives on.
    """

    def __init__(self, stream: Stream, loop: asyncio.AbstractEventLoop) -> None:
        self._stream = stream
        self._loop = loop

    def result(self, result: object) -> None:
        """Take a result, though the API expects a stream."""
        self._wait(self._stream.result(result))

    def start(self, content_type: str, prelude: bytes) -> None:
        """Take the beginning of a stream."""
        self._wait(self._stream.start(content_type, prelude))

    def write(self, data: bytes) -> None:
        """Take bytes of the body."""
        self._wait(self._stream.write(data))

    def end(self, data: bytes = b"") -> None:
        """Take the last bytes of the stream, if there are more, and its end."""
        self._wait(self._stream.end(data))

    def fail(self, error: BaseException) -> None:
        """Take note that the stream has failed."""
        self._wait(self._stream.fail(error))

    def _wait(self, step: Coroutine[Any, Any, None]) -> None:
        # The function's time is over: AWS would have ended its process. It may end by itself.
        if self._stream.stopped:
            step.close()
            raise ConnectionAbortedError("the gateway has stopped waiting for the function")
        asyncio.run_coroutine_threadsafe(step, self._loop).result()
