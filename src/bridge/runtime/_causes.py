"""What stands behind an error: its causes, its context, the errors of its group, its notes."""

from __future__ import annotations

import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 20
"""Errors behind one error that are told of."""


def causes(error: BaseException | None) -> list[dict[str, Any]]:
    """Return the errors behind an error, the nearest first, as far as a traceback would show them.

    Each has the keys of an error in Lambda's log, `relation` ("cause": raised from it; "context": raised while it was
    handled; "member": of a group), and `notes`, if it has any. What stands behind one of them has `depth` 2, and so on.
    """
    if error is None:
        return []
    found: list[dict[str, Any]] = []
    _gather(traceback.TracebackException.from_exception(error, compact=True), 1, found)
    return found


def notes(error: BaseException | None) -> list[str]:
    """Return the notes of an error (PEP 678)."""
    return [str(note) for note in getattr(error, "__notes__", None) or ()]


def _gather(error: traceback.TracebackException, depth: int, found: list[dict[str, Any]]) -> None:
    behind = [("member", member) for member in error.exceptions or ()]
    if error.__cause__ is not None:
        behind.append(("cause", error.__cause__))
    elif error.__context__ is not None and not error.__suppress_context__:
        behind.append(("context", error.__context__))
    for relation, cause in behind:
        if len(found) == MOST:
            return
        kind = cause.exc_type.__name__ if cause.exc_type is not None else ""
        told = {
            "relation": relation,
            "depth": depth,
            "errorType": kind,
            "errorMessage": str(cause),
            "stackTrace": cause.stack.format(),
        }
        if cause.__notes__:
            told["notes"] = [str(note) for note in cause.__notes__]
        found.append(told)
        _gather(cause, depth + 1, found)
