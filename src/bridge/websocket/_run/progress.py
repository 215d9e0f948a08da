"""Whether an app can go on without another message.

An app may receive in one task and work in another. That it asks for the next message does not tell then that it has
done with the last one. Whether its tasks can go on does, and the event loop knows:

1. Is anything about to run? The loop has a queue of callbacks that are ready.
2. If not: could anything from outside wake a task? Each task waits for one future. Whoever will set it has to hold it:
   a socket, a pipe or a child process that the loop watches, a timer, a thread. So the future is looked for among what
   those hold (`holders`). A future that only tasks hold, which wait themselves, cannot be set before a message comes.

Where there is too much to look at, what is far away does not count: apps that hold that much seldom have anything in it
that could wake a task, and would pay for each event until it is given up. The log has a line of it.

A timer counts if it ends before a given time, unless it is the limit of another wait (`asyncio.timeout`).

What a thread has in its hands between two instructions is in no variable. So where there are other threads, they get
time to take what they were given, and it takes several looks to be sure.

This holds for asyncio's loops and for uvloop's. Of other loops nothing is known, so that tasks which wait for anything
else than a message or each other count as at work.
"""

from __future__ import annotations

import gc
import threading
from asyncio import Future
from collections import deque
from contextvars import Context
from time import sleep
from typing import NamedTuple

from .. import _threads
from . import holders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Handle, Task, TimerHandle
    from collections.abc import Callable, Collection, Iterator
    from typing import Any, TypeAlias

    Tasks: TypeAlias = Collection[Task[Any]]

_LIMITS = frozenset(
    ["asyncio.tasks", "asyncio.timeouts", "anyio._backends._asyncio", "async_timeout", "bridge.websocket._threads"]
)
"""Modules whose timers limit how long a task waits for something else."""


HANDOVER_SECONDS = 0.0005
"""Seconds that other threads have to take what they have been given. From 3.13 on, CPython's `SimpleQueue` hands it
over past all variables, to a thread that has to wait for its turn. As a rule it was given just now: the look comes when
the app has gone on until it had to wait."""


class Outlook(NamedTuple):
    """What can still happen without a message.

    Attributes:
        soon: names of tasks that something from outside will wake, or may wake.
        late: names of tasks that sleep for longer than is of interest.
        is_sure: whether `soon` would be empty after another look, if it is now.
        unknown: names of tasks of which too many objects lead away to tell whether something wakes them.
    """

    soon: set[str]
    late: set[str]
    is_sure: bool
    unknown: set[str]


def is_ready(loop: AbstractEventLoop, tasks: Tasks) -> bool:
    """Return whether anything is about to run on a loop, beside the callback that asks."""
    queue = _ready(loop)
    if queue is None:
        return any(awaited(task) is None for task in tasks)
    return any(not handle.cancelled() for handle in queue)


def at_work(
    loop: AbstractEventLoop,
    tasks: Tasks,
    asked: Collection[Future[Any]],
    until: float,
    is_own: Callable[[Context], bool],
    *,
    settles: bool = True,
) -> Outlook:
    """Return which tasks need no message to go on.

    Args:
        loop: the running loop.
        tasks: the app's.
        asked: the futures by which tasks wait for a message.
        until: the time of the loop up to which timers count.
        is_own: whether a context is the app's.
        settles: whether other threads get time, where nothing else is found, before that is believed.
    """
    futures = {task: awaited(task) for task in tasks}
    idle = next((task for task, future in futures.items() if future is None), None)
    if idle is not None:
        return Outlook({name_of(idle)}, set(), True, set())
    waiting = {id(future): task for task, future in futures.items() if future not in asked and future not in futures}
    del futures  # its references would be counted
    timers = [timer for timer in _timers(loop) if not timer.cancelled()]
    soon, late, others = _timed(timers, waiting, until, is_own)
    unknown: set[str] = set()
    has_threads = _has_threads()
    if waiting and not soon:
        hidden = {id(timer) for timer in timers}.union(map(id, tasks), (id(task.get_coro()) for task in tasks))
        roots = [loop, *others, *_threads.asked(loop)]
        hidden -= set(map(id, others))
        soon, unknown = _held(roots, loop, tasks, waiting, hidden)
        if not soon and has_threads:
            soon = _in_hands(loop, waiting, hidden, settles=settles)
    return Outlook(soon, late, not waiting or not has_threads, unknown)


def _timed(
    timers: list[TimerHandle], waiting: dict[int, Task[Any]], until: float, is_own: Callable[[Context], bool]
) -> tuple[set[str], set[str], list[TimerHandle]]:
    """Return what the app's timers wake before a time and after it, and the timers of others before that time."""
    soon: set[str] = set()
    late: set[str] = set()
    others: list[TimerHandle] = []
    for timer in timers:
        called, arguments, context = _parts(timer)
        if getattr(called, "__module__", None) in _LIMITS:
            continue
        sleepers = {name_of(waiting[id(argument)]) for argument in arguments if id(argument) in waiting}
        if context is None or not is_own(context):
            others += [timer] if timer.when() <= until else []
        elif timer.when() > until:
            late |= sleepers
        else:
            soon |= sleepers or {repr(called)}
    return soon, late, others


def _held(
    roots: list[object], loop: AbstractEventLoop, tasks: Tasks, waiting: dict[int, Task[Any]], hidden: set[int]
) -> tuple[set[str], set[str]]:
    """Return names of tasks whose futures are held by the loop, by a thread, or by what cannot be looked into.

    And of those of which that is not known.
    """
    names = {name_of(task) for task in waiting.values()}
    if _ready(loop) is None:
        return names, set()
    found = holders.held((roots, [*holders.of_threads()]), loop, waiting, hidden)
    if found:
        return {name_of(waiting[found])}, set()
    held = {name_of(task) for task in waiting.values() if _is_held_elsewhere(task, loop, tasks)}
    return held, names - held if found is None else set()


def _in_hands(loop: AbstractEventLoop, waiting: dict[int, Task[Any]], hidden: set[int], *, settles: bool) -> set[str]:
    """Return names of tasks that wait for what a thread has in its hands; the arguments are as of `at_work`."""
    called = {name_of(task) for task in waiting.values() if holders.waits_for_a_call(awaited(task), loop, hidden)}
    if called or not settles:
        return called
    sleep(HANDOVER_SECONDS)
    found = holders.held([[*holders.of_threads()]], loop, waiting, hidden)
    return {name_of(waiting[found])} if found else set()


def _is_held_elsewhere(task: Task[Any], loop: AbstractEventLoop, tasks: Tasks) -> bool:
    """Return whether the future that a task waits for, or one of which that is made, is held by no Python object."""
    if holders.is_held_elsewhere([awaited(task)], loop, tasks):
        return True
    sources = holders.sources(awaited(task), loop, tasks)
    while sources:
        if holders.is_held_elsewhere([sources.pop()], loop, tasks):
            return True
    return False


def awaited(task: Task[Any]) -> Future[Any] | None:
    """Return the future that a task waits for; None: it waits for none, and takes its next step soon."""
    future: Future[Any] | None = getattr(task, "_fut_waiter", None)
    return None if future is None or future.done() else future


def name_of(task: Task[Any]) -> str:
    """Return a name by which a developer knows a task."""
    coroutine = task.get_coro()
    return getattr(coroutine, "__qualname__", None) or str(coroutine)


def _has_threads() -> bool:
    """Return whether there are threads of the app's, which may have something in their hands."""
    return sum(not isinstance(thread, _threads.AskerThread) for thread in threading.enumerate()) > 1


def _attributes(loop: AbstractEventLoop) -> list[object]:
    return [*vars(loop).values(), *gc.get_referents(loop)]


def _ready(loop: AbstractEventLoop) -> deque[Handle] | None:
    """Return the callbacks that run next; None: the loop does not tell."""
    ready = getattr(loop, "_ready", None)  # asyncio's own name for them
    if type(ready) is deque:
        return ready
    return next((each for each in _attributes(loop) if isinstance(each, deque)), None)


def _timers(loop: AbstractEventLoop) -> Iterator[TimerHandle]:
    """Return the timers of a loop; asyncio has a list of them, uvloop a set."""
    seen: set[int] = set()
    for each in _attributes(loop):
        if isinstance(each, (list, set)) and id(each) not in seen:
            seen.add(id(each))
            yield from (timer for timer in each if hasattr(timer, "when"))


def _parts(timer: TimerHandle) -> tuple[object, tuple[object, ...], Context | None]:
    """Return what a timer calls, with what, and in which context. uvloop's timers do not say so by themselves."""
    called, arguments, context = None, (), None
    for each in gc.get_referents(timer):
        if isinstance(each, Context):
            context = each
        elif isinstance(each, tuple):
            arguments = each
        elif callable(each) and not isinstance(each, type):
            called = each
    return called, arguments, context
