"""What fails after a complete response: noted on the error, for the line of the log."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    E = TypeVar("E", bound=BaseException)

_LATE = "_bridge_late"


def close_failed(error: E, response: str) -> E:
    """Return an error that came of `close`, which PEP 3333 has servers call when a request is over.

    Args:
        error: the error.
        response: what becomes of the response: "was sent before".
    """
    error.__dict__[_LATE] = response
    return error


def taken_late(error: BaseException | None, described: str) -> str | None:
    """Return what the log says of an error that `close_failed` has noted, and forget that; None: it has not.

    Args:
        error: the error.
        described: what it says.
    """
    response: str | None = None if error is None else error.__dict__.pop(_LATE, None)
    return response and (
        f"close() of the app's iterable failed after that: {described}. The fault is the app's, or that of a "
        f"middleware which wraps the iterable. The response {response}"
    )
