"""Who holds a future: whoever is to set it has to.

The garbage collector tells what an object holds (`gc.get_referents`). What C code holds (gRPC) cannot be looked into,
but counts: a future with more references than Python objects account for is held by some.
"""

from __future__ import annotations

import gc
import sys
import threading
from asyncio import Future
from concurrent.futures import Future as Call
from contextvars import Context
from functools import partial
from types import CellType, CodeType, FunctionType, ModuleType
from weakref import ReferenceType, WeakSet, WeakValueDictionary

from .._threads import AskerThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any

OBJECTS = 20_000
"""Objects that are looked at, at most, the closest first: of the loop's, and of the threads' (some 20 ms each).
Whoever sets a future holds it closely: a thread of an executor with six steps."""

LARGE = 500
"""Objects in one that is looked into last: it is data, and no part of what waits."""

CLOSE = 200
"""Objects that are looked at, at most, where a future itself leads to what is looked for."""

REFERRERS = 2_000
"""Objects of the tasks that are looked at before all objects that there are: those take milliseconds."""

_OPAQUE = (str, bytes, int, float, type(None), type, ModuleType, CodeType, Context, WeakSet)
"""What is not looked into: it holds no future, or all that there is. A loop has a set of asynchronous generators."""


def held(
    groups: Iterable[list[object]], loop: AbstractEventLoop, wanted: Collection[int], hidden: set[int]
) -> int | None:
    """Return the first of the ids `wanted` whose object a group leads to; 0: none; None: that cannot be told.

    Args:
        groups: of objects.
        loop: is looked into where it is in a group itself, and nowhere else.
        wanted: ids of futures.
        hidden: ids of objects that are not looked into.
    """
    is_sure = True
    for group in groups:
        found = _held(group, loop, wanted, hidden)
        if found:
            return found
        is_sure = is_sure and found is not None
    return 0 if is_sure else None


def _held(roots: list[object], loop: AbstractEventLoop, wanted: Collection[int], hidden: set[int]) -> int | None:
    """Return what `held` does, for one group."""
    seen = set(hidden)
    most = len(seen) + OBJECTS
    level = roots
    large: list[object] = []
    while level:
        found: list[object] = []
        for each in level:
            if id(each) in wanted:
                return id(each)
            if id(each) in seen or isinstance(each, _OPAQUE) or not gc.is_tracked(each):
                continue
            seen.add(id(each))
            if len(seen) > most:
                return None
            if each is not loop or level is roots:
                inside = _referents(each)
                (found if len(inside) < LARGE else large).extend(inside)
        if not found:
            found, large = large, []
        level = found
    return 0


def waits_for_a_call(future: object, loop: AbstractEventLoop, hidden: set[int]) -> bool:
    """Return whether a future leads to a call of an executor that has not ended, whichever thread has it in its hands.

    Args:
        future: what asyncio makes of such a call (`asyncio.to_thread`), or waits for it.
        loop: is not looked into.
        hidden: ids of objects that are not looked into.
    """
    found = _reached([future], {id(loop), *hidden}, _is_asyncios)
    return any(isinstance(each, Call) and not each.done() for each in found)


def sources(future: object, loop: AbstractEventLoop, tasks: Collection[Task[Any]]) -> list[Future[Any]]:
    """Return futures near the tasks that are not done, and of which asyncio makes another (`wait`, `gather`).

    On uvloop's loop: there, libuv alone may hold them. Elsewhere it takes time for nothing.

    Args:
        future: the other.
        loop: is not looked into.
        tasks: whose coroutines hold them.
    """
    if not _is_uvloops(loop):
        return []
    made: list[Future[Any]] = []
    for each in _reached(tasks, {id(loop), id(future)}, _is_open):
        if (
            isinstance(each, Future)
            and not (each is future or each.done() or each in tasks or each in made)
            and any(beyond is future for beyond in _reached([each], {id(loop)}, _is_asyncios))
        ):
            made.append(each)
    return made


def _reached(roots: Iterable[object], hidden: set[int], leads_on: Callable[[object], bool]) -> Iterator[object]:
    """Return what objects hold, the closest first, and what that holds in turn.

    Args:
        roots: the objects.
        hidden: ids of objects that are not looked into.
        leads_on: whether an object is looked into.
    """
    seen = set(hidden)
    level = [*roots]
    while level and len(seen) < len(hidden) + CLOSE:
        found: list[object] = []
        for each in level:
            if id(each) not in seen and leads_on(each):
                seen.add(id(each))
                found.extend(_referents(each))
        yield from found
        level = found


def is_held_elsewhere(box: list[object], loop: AbstractEventLoop, tasks: Collection[Task[Any]]) -> bool:
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
    inside: list[object] = []
    while level and unknown > 0 and len(seen) < REFERRERS:
        found = []
        for each in level:
            if id(each) not in seen and not isinstance(each, _OPAQUE):
                seen.add(id(each))
                inside = [*(each.__closure__ or ())] if isinstance(each, FunctionType) else gc.get_referents(each)
                count = sum(other is box[0] for other in inside)
                if count and _is_uvloops(each):
                    return True
                unknown -= count
                found += inside
        level = found
    if unknown <= 0:
        return False
    del level, found, inside
    unknown = sys.getrefcount(box[0]) - _OWN_REFERENCES
    holders = [holder for holder in gc.get_referrers(box[0]) if holder is not box]
    if any(_is_uvloops(holder) for holder in holders):
        return True
    return unknown > sum(other is box[0] for holder in holders for other in gc.get_referents(holder))


_BOX = [object()]
_OWN_REFERENCES = sys.getrefcount(_BOX[0])
"""To what is in a list alone, while it is counted."""


def _referents(holder: object) -> Collection[object]:
    if isinstance(holder, FunctionType):
        # Not its globals: they are everybody's.
        return () if _is_bridges(holder) else (*(holder.__closure__ or ()), *(holder.__defaults__ or ()))
    if isinstance(holder, ReferenceType):
        return (holder(),)  # asyncio's streams know their reader by one
    if isinstance(holder, WeakValueDictionary):
        return list(holder.values())  # and uvloop its transports
    return () if _is_bridges(type(holder)) else gc.get_referents(holder)


def _is_open(holder: object) -> bool:
    return not isinstance(holder, _OPAQUE)


def _is_uvloops(holder: object) -> bool:
    # Which requests (connect, getaddrinfo) are on their way, libuv knows: they hold futures, and it holds them.
    return type(holder).__module__.startswith("uvloop")


def _is_asyncios(holder: object) -> bool:
    """Return whether asyncio makes one future of another by this: what an app's own callback holds may be anything."""
    if isinstance(holder, FunctionType):
        return holder.__module__.startswith("asyncio.")
    return isinstance(holder, (Future, CellType, list, tuple, dict, partial))


def _is_bridges(named: Any) -> bool:
    # Bridge's own objects wake nobody, but hold the app, and so everything.
    return str(named.__module__).startswith("bridge.")


def of_threads() -> Iterator[object]:
    """Return what the functions hold that run in other threads."""
    passed_over = {thread.ident for thread in threading.enumerate() if isinstance(thread, AskerThread)}
    passed_over.add(threading.get_ident())
    for thread, top in sys._current_frames().items():
        frame = None if thread in passed_over else top
        while frame is not None:
            if frame.f_locals is not frame.f_globals:  # those of a module's own code are the same
                yield from list(frame.f_locals.values())
            frame = frame.f_back
