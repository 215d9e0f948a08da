"""An app that ends the process: the line that says so. Lambda reports no more than the exit status."""

from __future__ import annotations

import signal
import traceback

from . import logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

_TOLD = "_bridge_told"


def log_exit(end: BaseException, loop: AbstractEventLoop | None = None) -> None:
    """Say in the log who ends the process, where, and what to do. Once, however often it is told.

    Args:
        end: what ends it. What is no SystemExit is not talked about.
        loop: on which it was raised. Of the task that it came from, asyncio says no more.
    """
    if not isinstance(end, SystemExit) or _TOLD in end.__dict__:
        return
    if end.code == 128 + signal.SIGTERM:
        return  # Lambda has ended it
    end.__dict__[_TOLD] = True
    if loop is not None and loop.get_exception_handler() is None:
        loop.set_exception_handler(_report)
    frames = traceback.extract_tb(end.__traceback__, limit=-1)
    at = f"{frames[0].filename}:{frames[0].lineno}, in {frames[0].name}" if frames else "an unknown place"
    logger().error(
        "the app has ended the process by SystemExit(%r), at %s. The invocation has failed, and Lambda starts a new "
        "process. To fail one invocation only, raise an Exception.",
        end.code,
        at,
    )


def _report(loop: AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what asyncio would, but for a task that was ended by what has been logged."""
    if not isinstance(context.get("exception"), SystemExit):
        loop.default_exception_handler(context)
