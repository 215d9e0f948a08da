"""Tasks at rest: those that nothing but each other, or a message that has not come, can wake.

An app may receive in one task and work in another (Quart always does). That it asks for the next message does not tell
then that it has done with the last one. Its tasks tell: they are looked at from outside, by what each is waiting for.
"""

from __future__ import annotations

import gc
from asyncio import Future
from types import AsyncGeneratorType, CoroutineType, GeneratorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Collection, Iterator
    from types import FrameType
    from typing import Any

_BETWEEN_TASKS = frozenset(
    [
        ("asyncio.queues", "get"),
        ("asyncio.queues", "put"),
        ("asyncio.queues", "join"),
        ("asyncio.taskgroups", "__aexit__"),
        ("asyncio.taskgroups", "_aexit"),
        ("anyio._backends._asyncio", "__aexit__"),
        ("anyio.streams.memory", "receive"),
        ("anyio.streams.memory", "send"),
    ]
)
"""Functions that wait for another task. Locks and events are not among them: libraries wait for sockets with those."""

_FOR_FUTURES = {("asyncio.tasks", "_wait"): "fs", ("asyncio.tasks", "wait_for"): "fut"}
"""Functions that wait for the futures in one of their variables."""


def at_rest(task: Task[Any], tasks: Collection[Future[Any]]) -> bool:
    """Whether a task waits for another of `tasks`, and for nothing else."""
    waiter = getattr(task, "_fut_waiter", None)
    if waiter is None or waiter.done():
        return task.done()  # else it takes its next step soon
    if _are_tasks(getattr(waiter, "_children", [waiter]), tasks):
        return True
    for frame in _frames(task.get_coro()):
        function = frame.f_globals.get("__name__"), frame.f_code.co_name
        if function in _BETWEEN_TASKS:
            return True
        if function in _FOR_FUTURES:
            awaited = frame.f_locals[_FOR_FUTURES[function]]
            if _are_tasks([awaited] if isinstance(awaited, Future) else awaited, tasks):
                return True
    return False


def _are_tasks(awaited: object, tasks: Collection[Future[Any]]) -> bool:
    return isinstance(awaited, (list, set)) and all(future.done() or future in tasks for future in awaited)


def _frames(awaited: object) -> Iterator[FrameType]:
    """The frames of a coroutine and of what it awaits, outermost first; those that are not Python's are left out."""
    while awaited is not None:
        inner: object
        if isinstance(awaited, CoroutineType):
            frame, inner = awaited.cr_frame, awaited.cr_await
        elif isinstance(awaited, GeneratorType):
            frame, inner = awaited.gi_frame, awaited.gi_yieldfrom
        elif isinstance(awaited, AsyncGeneratorType):
            frame, inner = awaited.ag_frame, awaited.ag_await
        else:
            # What drives a coroutine or an asynchronous generator, and does not say which.
            kinds = (CoroutineType, GeneratorType, AsyncGeneratorType)
            frame, inner = None, next((o for o in gc.get_referents(awaited) if isinstance(o, kinds)), None)
        if frame is not None:
            yield frame
        awaited = inner
