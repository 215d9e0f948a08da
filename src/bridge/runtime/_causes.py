"""What stands behind an error: its causes, its context, the errors of its group, its notes."""

from __future__ import annotations

import sys
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
    _gather(_summary(error), 1, found)
    return found


def stack_of(error: BaseException, frames: traceback.StackSummary) -> list[str]:
    """Return an error's frames as a traceback shows them: folded, if that has been asked for.

    Args:
        error: the error.
        frames: its frames, or those of them that are to be shown.
    """
    return frames.format() if _folding() is None else _summary(error).stack.format()


def _summary(error: BaseException) -> traceback.TracebackException:
    folding = _folding()
    if folding is None:
        return traceback.TracebackException.from_exception(error, compact=True)
    told: traceback.TracebackException = folding.shown(error)[0]
    return told


def _folding() -> Any:
    """Return the module that folds frames; None: nobody has asked for that."""
    folding: Any = sys.modules.get("bridge._invocation.folding")
    return folding if folding is not None and folding.is_on() else None


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
        # CPython 3.13 has the one, and warns of the other.
        kind: str = getattr(cause, "exc_type_str", None) or cause.exc_type.__name__
        told = {
            "relation": relation,
            "depth": depth,
            "errorType": kind.rpartition(".")[2],
            "errorMessage": str(cause),
            "stackTrace": cause.stack.format(),
        }
        if cause.__notes__:
            told["notes"] = [str(note) for note in cause.__notes__]
        found.append(told)
        _gather(cause, depth + 1, found)
