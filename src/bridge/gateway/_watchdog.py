"""What ends what takes too long."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Watchdog:
    """Calls a function when a time is over, unless that has been called off.

    A thread sleeps until the time is over, and then until the end of the time that runs by then. So many short times in
    a row take one thread. A `threading.Timer` is a thread for each, and starting that takes as long as a small event.

    Args:
        overdue: is called in the thread. It must be quick: who calls off waits for its end.
    """

    def __init__(self, overdue: Callable[[], object]) -> None:
        self._overdue = overdue
        self._changed = threading.Condition()
        self._end: float | None = None
        self._sleeps_until: float | None = None

    def set(self, seconds: float) -> None:
        """Call in so many seconds from now, and at no earlier time."""
        end = monotonic() + seconds
        with self._changed:
            self._end = end
            if self._sleeps_until is None:
                self._sleeps_until = end
                threading.Thread(target=self._watch, name="bridge-watchdog", daemon=True).start()
            elif end < self._sleeps_until:
                self._changed.notify_all()

    def call_off(self) -> None:
        """Drop the call. The thread sleeps on, in case of another time soon."""
        with self._changed:
            self._end = None

    def close(self) -> None:
        """Drop the call, and end the thread."""
        with self._changed:
            self._end, self._sleeps_until = None, 0.0
            self._changed.notify_all()

    def _watch(self) -> None:
        with self._changed:
            while self._sleeps_until is not None:
                if self._end is not None:
                    self._sleeps_until = self._end
                left = self._sleeps_until - monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                if self._end is not None:
                    self._end = None
                    self._overdue()
                self._sleeps_until = None
