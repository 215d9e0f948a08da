"""Tracebacks without the frames that stand between Lambda and the app's own code."""

from __future__ import annotations

import logging
import traceback
from functools import partial
from types import TracebackType

from ..errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

FOLDED = frozenset(
    [
        "bridge",
        "awslambdaric",
        "asyncio",
        "concurrent",
        "contextlib",
        "functools",
        "threading",
        "anyio",
        "exceptiongroup",
        "uvloop",
        "asgiref",
        "a2wsgi",
        "wrapt",
        "starlette",
        "fastapi",
        "litestar",
        "quart",
        "sanic",
        "sanic_routing",
        "blacksheep",
        "connexion",
        "socketio",
        "engineio",
        "django",
        "rest_framework",
        "flask",
        "flask_restx",
        "werkzeug",
        "webob",
        "cherrypy",
        "whitenoise",
        "asgi_correlation_id",
        "starlette_context",
        "sse_starlette",
        "sentry_sdk",
        "opentelemetry",
        "ddtrace",
        "datadog_lambda",
        "aws_xray_sdk",
        "aws_lambda_powertools",
        "newrelic",
        "elasticapm",
    ]
)
"""Bridge, what runs an app in it, frameworks, middlewares, and what the tools of docs/observability.md put around them.

Words that may as well be a module of the user's (bottle, falcon, pyramid, channels) are left to the user to name."""


_names: frozenset[str] | None = None


def is_on() -> bool:
    """Return whether somebody has asked for it."""
    return _names is not None


def install(fold_frames: bool | Iterable[str]) -> None:
    """Leave frames out of all tracebacks that this process logs from now on, whoever logs them, in text and in JSON.

    What is logged twice, by a framework and by Bridge, is folded in both; what another call has named stays folded.

    Args:
        fold_frames: True; or modules beside those that are always folded. A package stands for all that is in it.

    Raises:
        ConfigurationError: it is something else.
    """
    global _names
    names = () if isinstance(fold_frames, (bool, str)) else (*fold_frames,)
    if isinstance(fold_frames, str) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            "Bridge(fold_frames=...) takes True, or the names of more modules whose frames are to be folded, "
            f'["sqlalchemy", "shop.middleware"], not {fold_frames!r}.'
        )
    if _names is None:
        logging.setLogRecordFactory(partial(_record, logging.getLogRecordFactory()))
    _names = (_names or FOLDED).union(names)


def shown(error: BaseException) -> tuple[traceback.TracebackException, int]:
    """Return an error's traceback, and how many frames are folded in it and in those of the errors behind it."""
    told = traceback.TracebackException.from_exception(error, compact=True)
    return told, 0 if _names is None else _fold_all(told, error, _names)


def _record(make: Callable[..., logging.LogRecord], *arguments: Any, **named: Any) -> logging.LogRecord:
    """Make a record of the log. If it has an error, the frames are folded in it.

    Formatters of text take what is in `exc_text`; others, such as that of Lambda's own runtime for JSON, make something
    of the traceback, and of the record's attributes.
    """
    record = make(*arguments, **named)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and _names is not None and record.exc_text is None:
        told, record.foldedFrames = shown(error)
        record.exc_text = "".join(told.format()).removesuffix("\n")
        record.exc_info = (type(error), error, _pruned(error.__traceback__, _names))
    return record


def _pruned(trace: TracebackType | None, names: frozenset[str]) -> TracebackType | None:
    kept: TracebackType | None = None
    for entry, is_folded in reversed([*_frames(trace, names)]):
        if not is_folded:
            kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept


class FoldedStack(traceback.StackSummary):
    """A stack in which a line stands for each run of frames that are folded."""

    def format_frame_summary(self, frame_summary: traceback.FrameSummary, **options: Any) -> str:
        """Return the text for one entry."""
        if isinstance(frame_summary, _Run):
            return frame_summary.text()
        return super().format_frame_summary(frame_summary, **options)


class _Run(traceback.FrameSummary):
    """Frames that are folded, one after the other."""

    def __init__(self) -> None:
        super().__init__("", None, "", lookup_line=False, line="")
        self._count = 0
        self._packages: dict[str, None] = {}

    def add(self, package: str) -> None:
        """Add one more."""
        self._count += 1
        self._packages[package] = None

    def text(self) -> str:
        """Return the line that stands for them."""
        frames = "1 frame" if self._count == 1 else f"{self._count} frames"
        return f"  ... {frames} of {', '.join(self._packages)} folded ...\n"


def _fold_all(told: traceback.TracebackException, error: BaseException, names: frozenset[str]) -> int:
    """Change the stacks of an error and of those behind it. Return how many frames that were."""
    count = 0
    left: list[tuple[traceback.TracebackException | None, BaseException | None]] = [(told, error)]
    while left:
        summary, found = left.pop()
        if summary is None or found is None:
            continue
        count += _fold_stack(summary, found.__traceback__, names)
        left += [(summary.__cause__, found.__cause__), (summary.__context__, found.__context__)]
        if summary.exceptions is not None:
            left += zip(summary.exceptions, getattr(found, "exceptions", ()), strict=True)
    return count


def _fold_stack(told: traceback.TracebackException, trace: TracebackType | None, names: frozenset[str]) -> int:
    stack = FoldedStack()
    run: _Run | None = None
    count = 0
    for summary, (entry, is_folded) in zip(told.stack, _frames(trace, names), strict=False):  # sys.tracebacklimit
        if not is_folded:
            stack.append(summary)
            run = None
            continue
        if run is None:
            run = _Run()
            stack.append(run)
        run.add(_module(entry).partition(".")[0])
        count += 1
    told.stack = stack
    return count


def _frames(trace: TracebackType | None, names: frozenset[str]) -> Iterator[tuple[TracebackType, bool]]:
    """Give each entry of a traceback, and whether it is folded. The last is not: it is where the error was raised."""
    while trace is not None:
        yield trace, trace.tb_next is not None and _is_in(_module(trace), names)
        trace = trace.tb_next


def _module(entry: TracebackType) -> str:
    name = entry.tb_frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _is_in(module: str, names: frozenset[str]) -> bool:
    while module:
        if module in names:
            return True
        module = module.rpartition(".")[0]
    return False
