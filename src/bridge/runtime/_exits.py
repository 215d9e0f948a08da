"""How a runtime's process ends, and what it says then."""

from __future__ import annotations

import signal
import sys

from . import _logs as logs
from ._api import RuntimeApi
from ._connection import BlockingConnection, RuntimeApiError, run
from ._fault import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._environment import Environment

FAILED = 1
TERMINATED = 128 + signal.SIGTERM


class ReportedExit(SystemExit):
    """The end of a process of which Lambda and the log have been told why."""


def init_failed(environment: Environment, error: Exception) -> int:
    """Report that init has failed, in one event of the log. Return the exit code."""
    error.add_note("The function could not start, so it handles no event. Lambda starts it again with the next one.")
    fault = Fault(error)
    logs.report(fault)
    bootstrap: Any = sys.modules.get("bridge.runtime._bootstrap")
    if bootstrap is not None:
        bootstrap.LambdaRuntimeClient().post_init_error(fault.body())
    try:
        connection = BlockingConnection(environment.address)
        run(RuntimeApi(connection).init_error(fault))
    except RuntimeApiError as unreachable:
        return failed(unreachable)
    connection.close()
    return FAILED


def exited(end: SystemExit) -> None:
    """Say in the log who has ended the process, if it was the app, and nobody has said it."""
    if end.code not in (None, 0) and not isinstance(end, ReportedExit):
        from .._invocation.exits import log_exit

        log_exit(end)


def failed(error: RuntimeApiError) -> int:
    """Say on standard error why the runtime ends. Return the exit code."""
    sys.stderr.write(f"bridge.runtime: {error}\n")
    return FAILED
