"""How long an invocation may still take."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Context

MARGIN = 0.5
"""Seconds kept back to answer before Lambda ends the invocation."""

GRACE = 0.2
"""Seconds of that margin which a cancelled app has to end."""

BACKGROUND_MARGIN = 0.2
"""Seconds kept back where the answer is out already, and only background work is left to be cancelled."""


def seconds(context: Context | None, margin: float = MARGIN) -> float | None:
    """Return the seconds that the app may take; None where the context does not say (tests, `None`)."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return None
    left: float = remaining() / 1000
    return max(left - margin, left / 2)
