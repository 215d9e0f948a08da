"""Bridge's log: the logger `bridge`. `logging` is imported when there is something to say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger


def logger() -> Logger:
    """The logger `bridge`."""
    import logging

    return logging.getLogger("bridge")
