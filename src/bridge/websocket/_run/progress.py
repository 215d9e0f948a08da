"""Whether an app can go on without another message.

An app may receive in one task and work in another. That it asks for the next message does not tell then that it has
done with the last one. Whether its tasks can go on does, and the event loop knows:

1. Is anything about to run? The loop has a queue of callbacks that are ready.
2. If not: could anything from outside wake a task? Each task waits for one future. Whoever will set it has to hold it:
   a socket, a pipe or a child process that the loop watches, a timer, a thread. So the future is looked for among what
   those hold, as the garbage collector looks for objects that are in use (`gc.get_referents`). What C code holds (gRPC)
   cannot be looked into, but counts: a future with more references than Python objects account for is held by some.
   A future that only tasks hold, which wait themselves, cannot be set before a message comes.

A timer counts if it ends before a given time, unless it is the limit of another wait (`asyncio.timeout`).

What a thread has in its hands between two instructions is in no variable. So where there are other threads, it takes
several looks, between which they may run, to be sure.

This holds for asyncio's loops and for uvloop's. Of other loops nothing is known, so that tasks which wait for anything
else than a message or each other count as at work.
"""

from __future__ import annotations

import gc
import sys
import threading
from asyncio import Future
from collections import deque
from contextvars import Context
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple
from weakref import ReferenceType, WeakSet, WeakValueDictionary

from .._budget import given_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Handle, Task, TimerHandle
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any, TypeAlias

    Tasks: TypeAlias = Collection[Task[Any]]

OBJECTS = 20_000
"""Objects that are looked at, at most, the closest first. Whoever sets a future holds it closely."""

_LIMITS = frozenset(["asyncio.tasks", "asyncio.timeouts", "anyio._backends._asyncio", "async_timeout"])
"""Modules whose timers limit how long a task waits for something else."""

_OPAQUE = (str, bytes, int, float, type(None), type, ModuleType, CodeType, Context, WeakSet)
"""What is not looked into: it holds no future, or all that there is. A loop has a set of asynchronous generators."""


class Outlook(NamedTuple):
    """What can still happen without a message.

    Attributes:
        soon: names of tasks that something from outside will wake, or may wake.
        late: names of tasks that sleep for longer than is of interest.
        is_sure: whether `soon` would be empty after another look, if it is now.
    """

    soon: set[str]
    late: set[str]
    is_sure: bool


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
) -> Outlook:
    """Return which tasks need no message to go on.

    Args:
        loop: the running loop.
        tasks: the app's.
        asked: the futures by which tasks wait for a message.
        until: the time of the loop up to which timers count.
        is_own: whether a context is the app's.
    """
    futures = {task: awaited(task) for task in tasks}
    idle = next((task for task, future in futures.items() if future is None), None)
    if idle is not None:
        return Outlook({name_of(idle)}, set(), True)
    waiting = {id(future): task for task, future in futures.items() if future not in asked and future not in futures}
    del futures  # its references would be counted
    soon: set[str] = set()
    late: set[str] = set()
    others: list[TimerHandle] = []
    timers = [timer for timer in _timers(loop) if not timer.cancelled()]
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
    if waiting and not soon:
        if _ready(loop) is None:
            soon = {name_of(task) for task in waiting.values()}
        else:
            hidden = {id(timer) for timer in timers}.union(map(id, tasks), (id(task.get_coro()) for task in tasks))
            found = _held([loop, *others, *_of_threads()], loop, waiting, hidden - set(map(id, others)))
            soon = {name_of(waiting[key]) for key in found} or {
                name_of(task) for task in waiting.values() if _is_held_elsewhere([awaited(task)], loop, tasks)
            }
    return Outlook(soon, late, not waiting or threading.active_count() == 1)


def awaited(task: Task[Any]) -> Future[Any] | None:
    """Return the future that a task waits for; None: it waits for none, and takes its next step soon."""
    future: Future[Any] | None = getattr(task, "_fut_waiter", None)
    return None if future is None or future.done() else future


def name_of(task: Task[Any]) -> str:
    """Return a name by which a developer knows a task."""
    coroutine = task.get_coro()
    return getattr(coroutine, "__qualname__", None) or str(coroutine)


def _held(roots: list[object], loop: AbstractEventLoop, wanted: Collection[int], hidden: set[int]) -> Collection[int]:
    """Return the first of the ids `wanted` whose object `roots` lead to, if it is close."""
    seen = set(hidden)
    level = roots
    while level:
        found: list[object] = []
        for each in level:
            if id(each) in wanted:
                return [id(each)]
            if id(each) in seen or isinstance(each, _OPAQUE):
                continue
            seen.add(id(each))
            if len(seen) > OBJECTS:
                return ()
            found += _referents(each) if each is not loop or level is roots else ()
        level = found
    return ()


def _is_held_elsewhere(box: list[object], loop: AbstractEventLoop, tasks: Tasks) -> bool:
    """Return whether some of the references to an object are no Python object's.

    Args:
        box: the object, and nothing else that holds it here.
        loop: is not looked into.
        tasks: most references are theirs. All objects that there are know the rest, and take milliseconds to ask.
    """
    unknown = sys.getrefcount(box[0]) - _OWN_REFERENCES
    seen = {id(loop), id(box)}
    level: list[object] = list(tasks)
    found: list[object] = []
    held: list[object] = []
    while level and unknown > 0 and len(seen) < OBJECTS // 10:
        found = []
        for each in level:
            if id(each) not in seen and not isinstance(each, _OPAQUE):
                seen.add(id(each))
                held = [*(each.__closure__ or ())] if isinstance(each, FunctionType) else gc.get_referents(each)
                count = sum(other is box[0] for other in held)
                if count and _is_uvloops(each):
                    return True
                unknown -= count
                found += held
        level = found
    if unknown <= 0:
        return False
    del level, found, held
    unknown = sys.getrefcount(box[0]) - _OWN_REFERENCES
    holders = [holder for holder in gc.get_referrers(box[0]) if holder is not box]
    if any(_is_uvloops(holder) for holder in holders):
        return True
    return unknown > sum(held is box[0] for holder in holders for held in gc.get_referents(holder))


_BOX = [object()]
_OWN_REFERENCES = sys.getrefcount(_BOX[0])
"""To what is in a list alone, while it is counted."""


def _referents(held: object) -> Iterable[object]:
    if isinstance(held, FunctionType):
        # Not its globals: they are everybody's.
        return () if _is_bridges(held) else (*(held.__closure__ or ()), *(held.__defaults__ or ()))
    if isinstance(held, ReferenceType):
        return (held(),)  # asyncio's streams know their reader by one
    if isinstance(held, WeakValueDictionary):
        return list(held.values())  # and uvloop its transports
    return () if _is_bridges(type(held)) else gc.get_referents(held)


def _is_uvloops(holder: object) -> bool:
    # Which requests (connect, getaddrinfo) are on their way, libuv knows: they hold futures, and it holds them.
    return type(holder).__module__.startswith("uvloop")


def _is_bridges(named: Any) -> bool:
    # Bridge's own objects wake nobody, but hold the app, and so everything.
    return str(named.__module__).startswith("bridge.")


def _of_threads() -> Iterator[object]:
    """Return what the functions hold that run in other threads."""
    silent = {threading.get_ident(), *(thread.ident for thread in given_up)}
    for thread, top in sys._current_frames().items():
        frame = None if thread in silent else top
        while frame is not None:
            if frame.f_locals is not frame.f_globals:  # those of a module's own code are the same
                yield from list(frame.f_locals.values())
            frame = frame.f_back


def _attributes(loop: AbstractEventLoop) -> list[object]:
    return [*vars(loop).values(), *gc.get_referents(loop)]


def _ready(loop: AbstractEventLoop) -> deque[Handle] | None:
    """Return the callbacks that run next; None: the loop does not tell."""
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
