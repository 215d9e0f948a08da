"""A Lambda function on this machine: what an API's gateway, or another function, invokes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from ._context import LambdaContext
from ._threads import Threads

if TYPE_CHECKING:
    from typing import Any

    from ..runtime._import_string import Handler
    from ..types import Event


class TimedOutError(Exception):
    """A function took longer than its timeout, or than its caller waits."""


class UninvokedError(Exception):
    """A function that has not been invoked; the text says why."""


class Invokable(Protocol):
    """What invokes a function: a `LocalFunction`, or what chooses one by the event."""

    async def invoke(self, event: Event, request_id: str, seconds: float) -> Any:
        """Return the result of an event, or raise: see `LocalFunction.invoke`."""


class LocalFunction:
    """A handler with its timeout. Events and results pass through JSON, as in Lambda.

    Args:
        handler: `handler(event, context)`.
        timeout: the function's timeout, in seconds.
        concurrency: events that are handled at once; later ones wait, first come first served.
    """

    def __init__(self, handler: Handler, *, timeout: float, concurrency: int) -> None:
        self._handler = handler
        self._timeout = timeout
        self._concurrency = concurrency
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._workers = Threads()

    async def invoke(self, event: Event, request_id: str, seconds: float) -> Any:
        """The result of an event.

        Args:
            event: becomes JSON here.
            request_id: of the invocation.
            seconds: the longest the caller waits, once the function runs.

        Raises:
            TimedOutError: the function took longer than it or the caller has time.
            Exception: what the handler raised, or why its result is no JSON.
        """
        return json.loads(await self.invoke_json(event, request_id, seconds))

    async def invoke_json(self, event: Event, request_id: str, seconds: float) -> bytes:
        """Return the result of an event as JSON; arguments and errors as of `invoke`."""
        text = to_json(event)

        def run() -> bytes:
            return to_json(self._handler(json.loads(text), LambdaContext(request_id, self._timeout)))

        # A semaphore belongs to one loop, and tests may ask one gateway from the loop of each.
        free = self._free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._concurrency))
        seconds = min(self._timeout, seconds)
        async with free:
            try:
                async with asyncio.timeout(seconds) as clock:
                    return await self._workers.run(run)
            except Exception:
                if clock.expired():
                    raise TimedOutError(f"the function took longer than {seconds:g} s") from None
                raise

    async def close(self) -> None:
        """End the handler, if it has an end, and the threads that are idle."""
        close = getattr(self._handler, "close", None)
        if close is not None:
            await self._workers.run(close)
        self._workers.close()


def to_json(value: object) -> bytes:
    """A value as it passes between a function and those who invoke it: what is not JSON fails here, as in Lambda."""
    return json.dumps(value, ensure_ascii=False).encode()
