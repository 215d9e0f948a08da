"""The end of the process, and what has to be done before it."""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401 - has its threads ended too, and what registers later is called earlier
import signal
import threading
from contextlib import suppress

from ..errors import RunningLoopError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_callbacks: dict[Callable[[], None], None] = {}


def at_exit(callback: Callable[[], None], *, sigterm: bool = True) -> None:
    """Call back when the process ends: by itself, or by a SIGTERM that nobody else handles. Once, however often asked.

    What is called back may be called again, and has to bear it. Without `sigterm`, a SIGTERM alone is nothing to it.

    Lambda sends SIGTERM to functions that have an extension; to others it gives no notice.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
    """
    _callbacks[callback] = None
    # atexit calls back the last first, so this comes before what it needs is closed.
    atexit.unregister(_call_back)
    atexit.register(_call_back)
    main = threading.current_thread() is threading.main_thread()
    if sigterm and main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _call_back() -> None:
    for callback in reversed(_callbacks):
        # Where the loop runs, it has to end before; atexit calls back after that.
        with suppress(RunningLoopError):
            callback()


def _exit(number: int, _: object) -> None:
    # Not left to the interpreter: awslambdaric asks for the next event in a thread, and for that thread, which does not
    # return, the interpreter would wait.
    _call_back()
    raise SystemExit(128 + number)


# The interpreter waits for threads before it calls what atexit knows, and anyio's threads wait for the task that has
# started the first of them: for the lifespan, often. This is called before.
getattr(threading, "_register_atexit", atexit.register)(_call_back)
