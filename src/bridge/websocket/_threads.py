"""Threads that wait for somebody's answer, in place of the loop. They are kept for the next call.

Nobody can end a thread that waits, but nobody has to wait for it either: at the end of the time it is left alone.
"""

from __future__ import annotations

import asyncio
import os
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from weakref import WeakSet

from .._app.shutdown import at_exit
from ..errors import DeadlineError
from ._budget import LEAST, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, TimerHandle
    from collections.abc import Callable, Collection
    from contextvars import Context
    from typing import Any, TypeVar

    T = TypeVar("T")

KEPT = 16
"""Threads without a call that are kept, at most: as many as a broadcast has."""

END_SECONDS = 1.0
"""Seconds that a thread without a call has to end when the process does."""


class AskerThread(Thread):
    """The thread of an asker. Whom it wakes, `asked` tells at any moment, whatever the thread has in its hands."""


class Asker:
    """A thread that makes one call after the other, and ends when nothing has a use for it any more.

    Attributes:
        calls: those to come.
        thread: the thread. It does not keep the process from ending.
    """

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self.thread = AskerThread(target=_make_calls, args=(self.calls,), name="bridge", daemon=True)
        self.thread.start()
        _askers.add(self)

    def end(self) -> None:
        """Let the thread end after its calls."""
        self.calls.put(None)

    __del__ = end


_idle: list[Asker] = []
_askers: WeakSet[Asker] = WeakSet()
_asked: set[Future[Any]] = set()
_inherited: list[Asker] = []


def asked(loop: AbstractEventLoop) -> list[Future[Any]]:
    """Return the futures of a loop whose calls are under way or have their turn."""
    return [future for future in [*_asked] if future.get_loop() is loop]


def begin(who: str, function: Callable[..., T], *arguments: Any, **named: Any) -> Future[T]:
    """Begin a call in a thread, and return the future of its result. To cancel that does not end the call.

    Args:
        who: is waited for, as errors say it.
        function: blocks.
        *arguments: of the function.
        **named: of the function.

    Raises:
        DeadlineError: there is no time to begin; of the future: or none to go on.
        Exception: of the future: what the function raises.
    """
    seconds = left()
    if seconds < LEAST:
        raise DeadlineError(f"the invocation's time had run out before {who} could be asked")
    loop = asyncio.get_running_loop()
    future: Future[T] = loop.create_future()
    asker = _taken()
    _asked.add(future)
    timer = None if seconds == float("inf") else loop.call_later(seconds, _give_up, future, who)
    context = copy_context()

    def make_call() -> None:
        result, error = None, None
        try:
            result = context.run(function, *arguments, **named)
        except BaseException as raised:
            raised.add_note(f"This comes from {who}.")  # a database's own error does not say what it was asked for
            error = raised
        try:
            loop.call_soon_threadsafe(_settle, future, asker, timer, result, error)
        except RuntimeError:  # the loop has been closed: nobody waits any more
            _asked.discard(future)

    asker.calls.put(make_call)
    return future


async def call(who: str, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Return the result of a call in a thread; arguments and errors as of `begin`."""
    return await begin(who, function, *arguments, **named)


def for_each(items: Collection[T], function: Callable[[T], object], threads: int) -> None:
    """Call a function with each item, in this thread and in others at the same time. Returns when all have ended.

    Args:
        items: in the order in which they have their turns.
        function: blocks.
        threads: how many, at most; one of them is this one.

    Raises:
        BaseException: what a call has raised first. The others are made all the same.
    """
    waiting = iter(items)
    lock = Lock()
    errors: list[BaseException] = []
    ended: SimpleQueue[None] = SimpleQueue()

    def make_calls() -> None:
        while True:
            try:
                with lock:
                    item = next(waiting)
            except StopIteration:
                return
            try:
                function(item)
            except BaseException as error:
                errors.append(error)

    def help_out(context: Context) -> None:
        context.run(make_calls)
        ended.put(None)

    helpers = [_taken() for _ in range(min(threads, len(items)) - 1)]
    for helper in helpers:
        helper.calls.put(partial(help_out, copy_context()))
    make_calls()
    for _ in helpers:
        ended.get()
    for helper in helpers:
        _keep(helper)
    if errors:
        raise errors[0]


def _taken() -> Asker:
    try:
        return _idle.pop()
    except IndexError:
        return Asker()


def _keep(asker: Asker) -> None:
    if len(_idle) < KEPT:
        _idle.append(asker)


def _make_calls(calls: SimpleQueue[Callable[[], None] | None]) -> None:
    while make_call := calls.get():
        make_call()
        del make_call  # a thread without a call keeps nothing alive


def _settle(
    future: Future[Any], asker: Asker, timer: TimerHandle | None, result: object, error: BaseException | None
) -> None:
    if timer is not None:
        timer.cancel()
    _asked.discard(future)
    _keep(asker)
    if future.done():  # nobody waits any more
        return
    if isinstance(error, StopIteration):  # no future takes it
        error = RuntimeError(f"{error!r} was raised")
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _give_up(future: Future[Any], who: str) -> None:
    _asked.discard(future)
    if not future.done():
        future.set_exception(DeadlineError(f"the invocation's time ran out while {who} was waited for"))


def _end_idle() -> None:
    threads = []
    while _idle:
        asker = _idle.pop()
        asker.end()
        threads.append(asker.thread)
    for thread in threads:
        thread.join(END_SECONDS)


def _after_fork() -> None:
    # The parent's threads are not here. To end them would use what they wait for.
    _inherited.extend(_askers)
    _idle.clear()
    _askers.clear()
    _asked.clear()


at_exit(_end_idle, sigterm=False)
# Windows has no fork.
getattr(os, "register_at_fork", dict)(after_in_child=_after_fork)
