"""Threads that run a handler: they stand in for Lambda's execution environments."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias, TypeVar

    T = TypeVar("T")
    Job: TypeAlias = tuple[Callable[[], Any], asyncio.Future[Any]]


class Threads:
    """As many threads as are needed at once. Whoever is idle takes the next job, last come first.

    A thread that is too slow is left alone, as Lambda ends an environment whose time is over: it keeps neither later
    jobs waiting nor the process from ending.
    """

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Job | None]] = []

    async def run(self, function: Callable[[], T]) -> T:
        """Return what the function returns, in a thread. It goes on there when the caller is cancelled."""
        worker = self._idle.pop() if self._idle else _started()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        worker.put((function, future))
        try:
            return await future
        finally:
            if future.done() and not future.cancelled():
                self._idle.append(worker)
            else:
                worker.put(None)

    def close(self) -> None:
        """End the threads that are idle."""
        while self._idle:
            self._idle.pop().put(None)

    __del__ = close


def _started() -> SimpleQueue[Job | None]:
    jobs: SimpleQueue[Job | None] = SimpleQueue()
    Thread(target=_work, args=(jobs,), name="bridge-gateway", daemon=True).start()
    return jobs


def _work(jobs: SimpleQueue[Job | None]) -> None:
    while job := jobs.get():
        _do(*job)
        del job  # an idle thread keeps nothing alive


def _do(function: Callable[[], Any], future: asyncio.Future[Any]) -> None:
    try:
        _settle(future, future.set_result, function())
    except StopIteration as error:  # no future takes it
        _settle(future, future.set_exception, RuntimeError(f"the handler raised {error!r}"))
    except Exception as error:
        _settle(future, future.set_exception, error)
    except SystemExit as error:
        # In Lambda it ends the environment and fails the event; here it must not end the server.
        _settle(future, future.set_exception, RuntimeError(f"the handler ended its process: {error!r}"))


def _settle(future: asyncio.Future[Any], how: Callable[[Any], object], value: object) -> None:
    def settle() -> None:
        if not future.done():  # its caller may have been cancelled
            how(value)

    with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
        future.get_loop().call_soon_threadsafe(settle)
