"""`python -m bridge.runtime [MODULE:HANDLER]`."""

from __future__ import annotations

import os
import sys

from ..errors import ConfigurationError
from . import _logs as logs, _process as process
from ._environment import Environment, set_up_path
from ._exits import init_failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MISUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Run the runtime of a Lambda function; return the exit code.

    Args:
        arguments: MODULE.HANDLER or MODULE:HANDLER; nothing: `_HANDLER` has it, as Lambda sets it.
    """
    environment = Environment(arguments, os.environ)
    if not environment.address.rpartition(":")[2].isdigit():
        sys.stderr.write(
            f"bridge.runtime: AWS_LAMBDA_RUNTIME_API is HOST:PORT, not {environment.address!r}. This runs in Lambda, "
            "or under its emulator. To try a function here: python -m bridge serve MODULE:HANDLER\n"
        )
        return MISUSED
    set_up_path(os.environ.get("LAMBDA_TASK_ROOT", ""))
    logs.set_up()
    try:
        environment.check()
    except ConfigurationError as error:
        return init_failed(environment, error)
    extension = process.registered(environment)
    try:
        if environment.is_concurrent and not environment.tasks:
            from . import _pool as pool

            socket = os.environ.get("_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET")
            return pool.serve(environment.workers, lambda: process.serve(environment), socket)
        return process.serve(environment)
    finally:
        if extension is not None:
            extension.close()


def __getattr__(name: str) -> Any:
    """Import what tools look for here that would wrap all handlers."""
    if name == "bootstrap":
        from . import _bootstrap

        return _bootstrap
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
