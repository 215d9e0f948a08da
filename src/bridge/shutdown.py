"""The end of the process, and what has to be done before it."""

from __future__ import annotations

import atexit
import signal
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def at_exit(callback: Callable[[], None]) -> None:
    """Call back when the process ends: by itself, or by a SIGTERM that nobody else handles.

    Lambda sends SIGTERM to functions that have an extension; to others it gives no notice.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
    """
    atexit.register(callback)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _: object) -> None:
    raise SystemExit(128 + number)
