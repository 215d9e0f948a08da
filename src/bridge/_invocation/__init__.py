"""Bridge's log: the logger `bridge`. `logging` is imported when there is something to say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Context
    from logging import Logger
    from typing import TypeVar

    E = TypeVar("E", bound=BaseException | None)
    Failure = TypeVar("Failure", bound=BaseException)

_CONTEXT = "_bridge_context"


def logger() -> Logger:
    """Return the logger `bridge`."""
    import logging

    return logging.getLogger("bridge")


def log_error(error: BaseException | None, line: str) -> None:
    """Log a failure where it happened: with the context variables of the task that has failed.

    What a middleware has put there (a correlation id, a span) then belongs to this line too; and tools that count
    exceptions find that they have seen this one. The traceback is left out where the error is Bridge's own and says it
    all.

    Args:
        error: what was raised; None: nothing was.
        line: what has happened.
    """
    context = taken_context(without_own_frames(error))
    if context is not None:
        try:
            context.run(_log, error, line)
        except RuntimeError:  # it is in use: a task that has outlived its invocation runs in another thread
            pass
        else:
            return
    _log(error, line)


def without_own_frames(error: E) -> E:
    """Return a failure whose traceback begins in the app.

    Bridge's own frames, which led there, have the event and the request among their locals, and there are error reports
    that show locals: cookies, tokens and bodies would be in them. Where Bridge alone has failed, all frames stay.
    """
    first = None if error is None else error.__traceback__
    while first is not None and (first.tb_frame.f_globals.get("__name__") or "").startswith("bridge."):
        first = first.tb_next
    if first is not None:
        error.__traceback__ = first  # type: ignore[union-attr]
    return error


def keep_context(error: Failure, context: Context | None) -> Failure:
    """Return a failure, with the context variables noted of the task or thread that has failed, for `log_error`."""
    error.__dict__[_CONTEXT] = context
    return error


def taken_context(error: BaseException | None) -> Context | None:
    """Return what `keep_context` has noted, and forget it: a context may hold the error in turn."""
    context: Context | None = None if error is None else error.__dict__.pop(_CONTEXT, None)
    return context


def _log(error: BaseException | None, line: str) -> None:
    if getattr(error, "says_it_all", False):
        logger().error("%s", line)
    else:
        logger().error("%s", line, exc_info=error)
