"""A Lambda function on this machine: what an API's gateway, or another function, invokes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from .. import current
from . import _watch as watch
from ._context import LambdaContext
from ._threads import Threads

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any, TypeVar

    from ..runtime._import_string import Handler
    from ..types import Event

    T = TypeVar("T")


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
        on_loop: whether a handler that can (a Bridge) runs on the caller's loop. Others run in threads.
        name: of the function in a template.

    Attributes:
        handler: the handler.
        name: of the function in a template.
        timeout: the function's timeout, in seconds.
        threads: where the handler runs.
    """

    def __init__(
        self, handler: Handler, *, timeout: float, concurrency: int, on_loop: bool = False, name: str = ""
    ) -> None:
        self.handler: Any = handler
        self.name = name
        self.timeout = timeout
        self.threads = Threads()
        self._concurrency = concurrency
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        # Of its type: what a wrapper passes on of a Bridge would run past the wrapper.
        can = on_loop and hasattr(type(handler), "handle_async")
        self._asynchronous = getattr(handler, "handle_async", None) if can else None

    def turn(self) -> asyncio.Semaphore:
        """Return what an event waits for (`async with`) until the function has an environment for it."""
        # A semaphore belongs to one loop, and tests may ask one gateway from the loop of each.
        return self._free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._concurrency))

    def context(self, request_id: str) -> LambdaContext:
        """Return the context of an invocation that begins now, here: log lines have its request id from now on."""
        context = LambdaContext(request_id, self.timeout)
        current.context.set(context)
        return context

    async def invoke(self, event: Event, request_id: str, seconds: float) -> Any:
        """Wait for a turn and return the result of an event.

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
        async with self.turn():
            return await self.within(seconds, self.result(text, request_id))

    async def result(self, event: bytes, request_id: str) -> bytes:
        """Return the result of an event, both as JSON."""
        if watch.watcher is None:
            return await self._result(event, request_id)
        with watch.watcher.invocation(self, event, request_id) as watched:
            watched.result = result = await self._result(event, request_id)
        return result

    async def _result(self, event: bytes, request_id: str) -> bytes:
        if self._asynchronous is not None:
            return to_json(await self._asynchronous(json.loads(event), self.context(request_id)))

        def run() -> bytes:
            return to_json(self.handler(json.loads(event), self.context(request_id)))

        return await self.threads.run(run)

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """Return what some work of the function's gives, in the time that it and its caller have.

        Raises:
            TimedOutError: it took longer.
        """
        seconds = min(self.timeout, seconds)
        try:
            async with asyncio.timeout(seconds) as clock:
                return await work
        except Exception:
            if clock.expired():
                raise TimedOutError(f"the function took longer than {seconds:g} s") from None
            raise

    async def close(self) -> None:
        """End the handler, if it has an end, and the threads that are idle."""
        close = getattr(self.handler, "close", None)
        if close is not None:
            await self.threads.run(close)
        self.threads.close()


def to_json(value: object) -> bytes:
    """Return a value as it passes between functions and callers: what is not JSON fails here, as in Lambda."""
    return json.dumps(value, ensure_ascii=False).encode()
