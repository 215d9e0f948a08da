"""The process's event loop: one, private, for the whole life of the process.

Most requests of most apps never wait on the loop. So a coroutine takes its first step at once, in a task of its own
and with the loop marked as running, and only one that does wait goes on to run the loop. To the app there is no
difference: `current_task`, `get_running_loop`, asynchronous generators, cancellation and new tasks are the loop's own.
docs/hot-path.md has the figures.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import select
import threading
from asyncio import CancelledError, Task, _get_running_loop, _set_running_loop
from collections import deque
from contextlib import suppress
from functools import partial
from math import inf
from sys import set_asyncgen_hooks
from time import monotonic

from ..._invocation import deadline
from ...errors import DeadlineError, RunningLoopError
from ..shutdown import at_exit
from .root_task import RootTask, blamed_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, Handle
    from collections.abc import Callable, Coroutine
    from concurrent.futures import ThreadPoolExecutor
    from socket import socket
    from typing import Any, TypeAlias

    from ...types import Context
    from .cycle import Cycle

    FirstStep: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Task[Any]]
    LoopFactory: TypeAlias = Callable[[], AbstractEventLoop]

CALLBACKS = 1000
"""Callbacks that run, at most, before the loop looks for input again."""

TURN_SECONDS = 0.1
"""Seconds after which the loop looks for input, though no request has waited: for timers and tasks left behind."""

LOOK_SECONDS = 0.1
"""Seconds that a thread waits for another's event before it looks whether that event waits for it."""

CLOSE_SECONDS = 1.0
"""Seconds that what is left on the loop has to end when the loop is closed."""


def eager(loop: AbstractEventLoop) -> FirstStep:
    """Return what makes tasks that have taken their first step. CPython 3.12 and newer."""
    return partial(Task, loop=loop, eager_start=True)  # type: ignore[call-arg]


def hastened(loop: AbstractEventLoop) -> FirstStep:
    """Return what makes tasks, takes their first step off asyncio's queue and runs it. CPython 3.11."""

    def first_step(coroutine: Coroutine[Any, Any, Any]) -> Task[Any]:
        ready = loop._ready  # type: ignore[attr-defined]
        task = Task(coroutine, loop=loop)
        ready.pop()._run()  # CPython 3.11 has queued the first step as the last callback
        return task

    return first_step


def scheduled(loop: AbstractEventLoop) -> FirstStep:
    """Return what makes tasks that take their first step when the loop runs. Every loop can do this."""
    return loop.create_task


FIRST_STEPS = (eager, hastened, scheduled)


class Runner:
    """A loop, and what runs coroutines on it from plain code. One thread at a time; the others wait.

    Args:
        factory: makes the loop, which must not run anywhere else.
        first_steps: the ways to take a first step, best first. The first that works on this loop is kept.

    Attributes:
        interruption: what is raised in place of what was to be run, as `check` and `do` say.
    """

    interruption: BaseException | None = None

    def __init__(
        self,
        factory: LoopFactory,
        first_steps: tuple[Callable[[AbstractEventLoop], FirstStep], ...] = FIRST_STEPS,
    ) -> None:
        self._owner = asyncio.Runner(loop_factory=factory)
        self.loop = self._owner.get_loop()
        if self.loop.get_exception_handler() is None:
            self.loop.set_exception_handler(_report)
        self.lock = threading.RLock()
        self._next_turn = 0.0
        self._ready: deque[Handle] = getattr(self.loop, "_ready", deque())
        self._poll = _poll_of(self.loop)
        _answer_by_thread(self.loop)
        self._executor = None if hasattr(self.loop, "_default_executor") else _own_executor(self.loop)
        self._root = RootTask(self.loop)
        for make in first_steps:
            self._first_step = make(self.loop)
            if make is scheduled or self._works():
                break

    def run(
        self, coroutine: Coroutine[Any, Any, Any], context: Context | None, cycle: Cycle | None = None
    ) -> BaseException | None:
        """Run a coroutine to its end, or to the invocation's deadline. Return what it raised, or None.

        At the deadline it is cancelled. If it will not end even so, it is left to go on with later events: the answer
        cannot wait for it. Where the answer to `cycle` is out by then, there is a little more time for what is left.
        SystemExit and KeyboardInterrupt are not returned but raised.
        """
        if _get_running_loop() is not None:
            coroutine.close()  # or CPython warns that it was never awaited
            check_idle()
        if not self.lock.acquire(False):
            self._wait_for_turn(coroutine)
        try:
            if _hooks.owner is not self:
                self._enter_thread()
            _set_running_loop(self.loop)
            try:
                task = self._first_step(coroutine)
                if self._ready:
                    self._drain()
            finally:
                _set_running_loop(None)
            if task.done():
                if monotonic() > self._next_turn:
                    self._turn()
            elif not self._run_in_time(task, context, cycle):
                return blamed_on(task, DeadlineError("the invocation's time ran out before the app had ended"))
            error = task.exception()
            return error if error is None else blamed_on(task, error)
        except CancelledError as cancelled:
            # `Task.exception` raises this, and does not return it, where the task was cancelled.
            return cancelled
        except SystemExit as end:
            _log_exit(end)
            raise
        finally:
            self.lock.release()

    def _wait_for_turn(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        # The executor of a loop knows a thread a moment after that has begun to run.
        if not self.lock.acquire(timeout=LOOK_SECONDS):
            self._check_thread(coroutine)
            self.lock.acquire()

    def _check_thread(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Raise RunningLoopError in a thread that the running event waits for: it would wait until the deadline."""
        thread: Any = threading.current_thread()
        executor: Any = self._executor or self.loop._default_executor  # type: ignore[attr-defined]
        # anyio's threads, in which FastAPI and Starlette run plain endpoints, know their loop.
        if getattr(thread, "loop", None) is self.loop or thread in getattr(executor, "_threads", ()):
            coroutine.close()
            raise RunningLoopError(
                "handler(event, context) was called in a thread of the app, which is handling an event: the two would "
                "wait for each other. In the app, use: await handler.handle_async(event, context)"
            )

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine to its end, and raise what it raises, or what has interrupted it."""
        error = self.run(coroutine, None)
        self.check()
        if error is not None:
            raise error

    def check(self) -> None:
        """Raise what interrupts the work on this loop, if anything does."""
        if self.interruption is not None:
            raise self.interruption

    def note_tasks(self, note: Callable[[Task[Any]], object]) -> None:
        """Call `note` with each task that is made for a coroutine, when it has taken its first step."""
        first_step = self._first_step

        def noted(coroutine: Coroutine[Any, Any, Any]) -> Task[Any]:
            task = first_step(coroutine)
            note(task)
            return task

        self._first_step = noted

    def wait(self, future: Future[Any], seconds: float | None) -> bool:
        """Return whether a future of this loop is done within `seconds`. If not, later runs of the loop bring it on."""
        check_idle()
        with self.lock:
            try:
                return future.done() or self._run_until_done(future, seconds)
            except SystemExit as end:
                _log_exit(end)
                raise

    def turn(self, connection: socket | None = None) -> bool:
        """Run the loop until it is stopped. Who does so again and again needs no turns between two coroutines.

        Args:
            connection: a socket that the loop watches. While nothing else is to be done, it is waited for without the
                loop, which takes more to start and to stop than all the rest of the wait.

        Returns:
            Whether that wait has ended because there is something to read on the connection.

        Raises:
            BaseException: what interrupts the work on this loop, as `check` does.
        """
        if self.interruption is not None:
            raise self.interruption
        self._next_turn = inf
        loop, poll = self.loop, self._poll
        if connection is not None and poll is not None and not self._ready and not loop._scheduled:  # type: ignore[attr-defined]
            # Of two, the second says that there is more to do than to read.
            events = poll(-1, 2)
            if len(events) == 1 and events[0][0] == connection.fileno():
                return True
        loop.run_forever()
        return False

    def end_threads(self) -> None:
        """End the worker threads that live as long as the loop does. Requests that come later start their own."""
        task = self._root.end()
        if task is not None:
            self.wait(task, CLOSE_SECONDS)

    def close(self) -> None:
        """Cancel what is left on the loop and close it. What will not end is left."""
        if _hooks.owner is self:
            set_asyncgen_hooks(None, None)
            _hooks.owner = None
        self._root.end()
        # RuntimeError: stopped; or CPython 3.12, which starts no thread to close the default executor at exit.
        with suppress(RuntimeError):
            self.loop.call_later(CLOSE_SECONDS, self.loop.stop)
            self._owner.close()

    def _enter_thread(self) -> None:
        # A loop sets these hooks while it runs, so that it can close asynchronous generators that are left unfinished.
        # They belong to the thread. Setting them for each first step and back would take 0.3 us, so they stay:
        # other loops that run in this thread set their own and then put these back. Other runners do not.
        _hooks.owner = self
        firstiter = getattr(self.loop, "_asyncgen_firstiter_hook", None)
        set_asyncgen_hooks(firstiter, getattr(self.loop, "_asyncgen_finalizer_hook", None))

    def _works(self) -> bool:
        """Return whether the first step is taken at once, by a task that knows itself."""
        seen: list[object] = []

        class Waits:
            def get_remaining_time_in_millis(self) -> int:
                seen.append("the coroutine had to wait")
                return 1000

        async def current_task() -> None:
            seen.append(asyncio.current_task(self.loop))

        coroutine = current_task()
        try:
            return self.run(coroutine, Waits()) is None and isinstance(seen[0], Task)
        except (AttributeError, IndexError, TypeError):
            # uvloop has no `_ready`; CPython 3.11 has no `eager_start`.
            coroutine.close()
            return False

    def _run_in_time(self, task: Task[Any], context: Context | None, cycle: Cycle | None) -> bool:
        """Return whether a task has ended in time; if not, it has been cancelled."""
        if self._run_until_done(task, deadline.seconds(context)):
            return True
        grace = deadline.GRACE
        if cycle is not None and cycle.answered:
            grace = deadline.BACKGROUND_MARGIN / 2
            if self._run_until_done(task, deadline.seconds(context, deadline.BACKGROUND_MARGIN)):
                return True
        task.cancel()
        self._run_until_done(task, grace)
        return False

    def _run_until_done(self, future: Future[Any], seconds: float | None) -> bool:
        loop = self.loop
        expired = False
        waits = True

        def expire() -> None:
            nonlocal expired
            expired = True
            loop.stop()

        def stop(_: Future[Any]) -> None:
            if waits:  # what SystemExit has interrupted is called when the loop runs for something else
                loop.stop()

        timer = None if seconds is None else loop.call_later(seconds, expire)
        future.add_done_callback(stop)
        try:
            # The app may stop the loop itself: that ends a turn, not the request.
            while not (future.done() or expired):
                loop.run_forever()
        finally:
            waits = False
            future.remove_done_callback(stop)
            if timer is not None:
                timer.cancel()
            if future.done() and not future.cancelled():
                future.exception()  # seen: asyncio need not report it
        return future.done()

    def _turn(self) -> None:
        self._next_turn = monotonic() + TURN_SECONDS
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def _drain(self) -> None:
        # What waits for nothing outside (asyncio.sleep(0), task groups, queues, tasks the app has left behind) goes on
        # without a call of select: that is most of what a turn of the loop costs.
        ready = self._ready
        for _ in range(CALLBACKS):
            if not ready:
                break
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()


def _poll_of(loop: AbstractEventLoop) -> Callable[[float, int], list[tuple[int, int]]] | None:
    """Return what waits for all that a loop watches, as the `poll` of Linux's epoll does.

    It is private to asyncio. None where a loop does not show it, as uvloop's: every wait is the loop's.
    """
    selector = getattr(loop, "_selector", None) if hasattr(loop, "_scheduled") else None
    epoll = getattr(selector, "_selector", None)
    if selector is None or isinstance(epoll, getattr(select, "epoll", ())):
        return None if epoll is None else epoll.poll
    return lambda _, __: [(key.fd, events) for key, events in selector.select(None)]


def _report(loop: AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what asyncio would, but for a task that has ended the process: the log has that, and where.

    An eager task is collected, and reported, before anybody knows of it.
    """
    if not isinstance(context.get("exception"), SystemExit):
        loop.default_exception_handler(context)


def _log_exit(end: SystemExit) -> None:
    from ..._invocation.exits import log_exit

    log_exit(end)


def _answer_by_thread(loop: AbstractEventLoop) -> None:
    # An eager task asks the loop whether it runs. It does, for the length of a first step, in the thread that says so.
    is_running = loop.is_running

    def is_running_here() -> bool:
        return _get_running_loop() is loop or is_running()

    with suppress(AttributeError):
        loop.is_running = is_running_here  # type: ignore[method-assign]


def _own_executor(loop: AbstractEventLoop) -> ThreadPoolExecutor:
    """Give a loop that does not show its executor one whose threads are known: uvloop's attributes are C's."""
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(thread_name_prefix="asyncio")
    loop.set_default_executor(executor)
    return executor


def check_idle() -> None:
    """Raise RunningLoopError where a loop runs already: asyncio allows one in a thread."""
    if _get_running_loop() is not None:
        raise RunningLoopError(
            "handler(event, context) was called where an event loop is running already. "
            "There, use: await handler.handle_async(event, context)"
        )


OTHER_LOOP = (
    "A connection, a lock or a pool of the app's belongs to another event loop, one that was made at import perhaps. "
    "Make it in the app's lifespan, which runs once, on the loop of the requests; or have Bridge use the loop that "
    "asyncio.set_event_loop has been given: Bridge(app, loop_factory=asyncio.get_event_loop)."
)


def note_other_loop(error: RuntimeError) -> None:
    """Add to an error what to do, if it is asyncio's for what belongs to another loop."""
    # "... attached to a different loop" (futures), "... is bound to a different event loop" (locks, queues).
    if error.args and "to a different " in str(error) and str(error).endswith("loop"):
        error.add_note(OTHER_LOOP)


class _Hooks(threading.local):
    owner: Runner | None = None
    """The runner that was the last to set its hooks in this thread."""


_hooks = _Hooks()
_runners: dict[LoopFactory, Runner] = {}
_inherited: list[Runner] = []
_runners_lock = threading.Lock()


def process_runner(factory: LoopFactory = asyncio.new_event_loop) -> Runner:
    """Return the process's runner, made when it is first asked for; one for each `factory` that is in use."""
    with _runners_lock:
        runner = _runners.get(factory)
        if runner is None:
            runner = _runners[factory] = Runner(factory)
            atexit.register(_close, factory)
            at_exit(runner.end_threads, sigterm=False)
        return runner


def _close(factory: LoopFactory) -> None:
    runner = _runners.pop(factory, None)
    if runner is not None:
        runner.close()


def _after_fork() -> None:
    # A child shares its parent's epoll instance: to use the loop, or to close it, would disturb the parent's.
    global _runners_lock
    _runners_lock = threading.Lock()
    _inherited.extend(_runners.values())
    _runners.clear()


# Windows has no fork.
getattr(os, "register_at_fork", dict)(after_in_child=_after_fork)
