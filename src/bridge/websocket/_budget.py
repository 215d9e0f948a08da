"""The time that one event has, for everything: the app, the store, API Gateway.

What blocks runs in a thread (`_threads`). Sockets get what is left of the time, so that no thread stays for long.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import monotonic

from .._invocation import deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
