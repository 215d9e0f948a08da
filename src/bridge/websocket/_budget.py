"""The time that one event has, for everything: the app, the store, API Gateway.

What blocks runs in a thread. Nobody can end a thread that waits for an answer, but nobody has to wait for it either: at
the end of the time it is left alone. Sockets get what is left of the time, so that it does not stay for long.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from threading import Thread
from time import monotonic
from weakref import WeakSet

from .._invocation import deadline
from ..errors import DeadlineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

end_of_time: ContextVar[float] = ContextVar("end_of_time", default=float("inf"))
"""When what runs now has to have ended, by `time.monotonic`."""

LEAST = 0.02
"""Seconds without which no call is begun: not even a fast one would be done."""


class Budget:
    """The time of one event. Where the context tells none (tests), there is no end.

    What Lambda leaves is divided: the app, and all that comes before it; then, out of the margin (`deadline.MARGIN`, or
    half of what is left), `grace` for a cancelled app, as much for closing the connection, and the rest to answer.

    Attributes:
        app: when the app has to have ended, by `time.monotonic`.
        all: when everything has to have ended.
        grace: seconds that a cancelled app has to end.
    """

    def __init__(self, context: Any) -> None:
        now = monotonic()
        seconds = deadline.seconds(context)
        if seconds is None:
            self.app = self.all = float("inf")
            self.grace = deadline.GRACE
            return
        margin = max(deadline.seconds(context, 0.0) or 0.0, seconds) - seconds
        self.app = now + seconds
        self.grace = min(deadline.GRACE, margin * 0.35)
        self.all = self.app + margin * 0.7

    def begin(self) -> float:
        """Let everything end when the app has to; return the seconds until then."""
        end_of_time.set(self.app)
        return left()

    def close(self) -> None:
        """Let everything end when there is just time to answer."""
        end_of_time.set(self.all)


def left() -> float:
    """Return the seconds that are left, 0.0 at least."""
    return max(end_of_time.get() - monotonic(), 0.0)


given_up: WeakSet[Thread] = WeakSet()
"""Threads that nobody waits for any more: they wake no app."""


async def call(who: str, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run in a thread what waits for somebody's answer, while there is time.

    Args:
        who: is waited for, as errors say it.
        function: blocks.
        *arguments: of the function.
        **named: of the function.

    Raises:
        DeadlineError: there is no time to begin, or none to go on.
        Exception: what the function raises.
    """
    seconds = left()
    if seconds < LEAST:
        raise DeadlineError(f"the invocation's time had run out before {who} could be asked")
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()
    context = copy_context()

    def run() -> None:
        try:
            answer.set_result(context.run(function, *arguments, **named))
        except BaseException as error:
            error.add_note(f"This comes from {who}.")  # a database's own error does not say what it was asked for
            answer.set_exception(error)

    thread = Thread(target=run, name="bridge", daemon=True)
    thread.start()
    future = asyncio.wrap_future(answer)
    await asyncio.wait({future}, timeout=None if seconds == float("inf") else seconds)
    if not future.done():
        future.cancel()
        given_up.add(thread)
        raise DeadlineError(f"the invocation's time ran out while {who} was waited for")
    return future.result()
