"""One process of a runtime: init, then invocations."""

from __future__ import annotations

import signal
import sys

from .. import current
from ..errors import ConfigurationError
from . import logs
from .api import Api
from .connection import BlockingConnection, RuntimeApiError, run
from .fault import Fault
from .function import Function, load
from .termination import Termination
from .worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .environment import Environment

FAILED = 1
TERMINATED = 128 + signal.SIGTERM


def serve(environment: Environment) -> int:
    """Start the function and handle its invocations until the runtime is to end; the exit code."""
    try:
        function = _loaded(environment)
    except Exception as error:
        return init_failed(environment, error)
    try:
        if function.is_async:
            from .loop import serve_on_loop

            return serve_on_loop(environment, function)
        return run(_serve(environment, function))
    except RuntimeApiError as error:
        return failed(error)


async def _serve(environment: Environment, function: Function) -> NoReturn:
    termination = Termination()
    api = Api(BlockingConnection(environment.address, termination.wait))
    try:
        if environment.snap_start:
            from .snapshot import Snapshot

            await Snapshot(api, None, None).take()
        await Worker(api, function, alone=True).run()
    finally:
        api.connection.close()
        termination.close()


def _loaded(environment: Environment) -> Function:
    # The lifespan of an app that is served here belongs to the loop that serves it.
    current.serves_lifespans = True
    try:
        function = load(environment.handler, environment.streaming)
    finally:
        current.serves_lifespans = False
    if function.bridge is None and "bridge.asgi" in sys.modules:
        from ..asgi import start_all_in_init

        start_all_in_init()
    if environment.workers > 1 and environment.tasks and not function.is_async:
        raise ConfigurationError("BRIDGE_CONCURRENCY=tasks is for ASGI apps; this function would block the others")
    return function


def init_failed(environment: Environment, error: Exception) -> int:
    """Report that init has failed; the exit code."""
    fault = Fault(error)
    logs.report(fault)
    try:
        connection = BlockingConnection(environment.address)
        run(Api(connection).init_error(fault))
    except RuntimeApiError as unreachable:
        return failed(unreachable)
    connection.close()
    return FAILED


def failed(error: RuntimeApiError) -> int:
    """Say on standard error why the runtime ends; the exit code."""
    sys.stderr.write(f"bridge.runtime: {error}\n")
    return FAILED


def registered(environment: Environment) -> BlockingConnection | None:
    """The extension's connection, where there is to be one. Without it, all goes on but the notice of the end."""
    if not environment.graceful:
        return None
    from . import extension

    try:
        return extension.register(environment.address)
    except RuntimeApiError as error:
        sys.stderr.write(f"bridge.runtime: no SIGTERM will come: {error}\n")
        return None
