"""The root task of a loop, by which anyio keeps its worker threads.

anyio's threads (the endpoints that FastAPI and Starlette do not await) live as long as the task that
`loop.run_until_complete` runs: in a server, the whole program. A loop that runs one request after the other has no such
task, and each request would start a thread of its own and end it. So one task waits for as long as the loop lives, and
carries the callback by which anyio knows such a task.
"""

from __future__ import annotations

import asyncio
import threading
from contextvars import Context
from functools import partial

from ..._invocation import keep_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Callable
    from typing import Any, TypeVar

    E = TypeVar("E", bound=BaseException)

# Private to asyncio, as the hook is private to threading by which the task ends before the interpreter waits for
# threads. Where either is missing there is no root task, and threads live as long as a request.
_mark: Callable[[Task[Any]], object] | None = None
if hasattr(threading, "_register_atexit"):
    _mark = getattr(asyncio.base_events, "_run_until_complete_cb", None)


class RootTask:
    """A task that waits until it is ended.

    Args:
        loop: the loop, which need not run.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._task: Task[None] | None = None
        self._over = asyncio.Event()
        if _mark is not None:
            self._task = loop.create_task(self._wait(), name="bridge-root")
            self._task.add_done_callback(_mark)

    def end(self) -> Task[None] | None:
        """Begin the end of the task, which comes when the loop runs; None: there is none, or it has ended."""
        task, self._task = self._task, None
        if task is not None and _mark is not None:
            # It would stop the loop.
            task.remove_done_callback(_mark)
            self._over.set()
        return task

    async def _wait(self) -> None:
        await self._over.wait()


def blamed_on(task: Task[Any], error: E) -> E:
    """Return a failure, with the context variables noted of the task that has failed, and with a hint, if any."""
    if isinstance(error, TypeError):
        from .interface_hint import note_interface

        note_interface(error)
    return keep_context(error, getattr(task, "get_context", partial(collected, task))())


def collected(task: Task[Any]) -> Context | None:
    """Return the context of a task. CPython 3.11 does not tell it, but its garbage collector does."""
    import gc

    return next((found for found in gc.get_referents(task) if isinstance(found, Context)), None)
