"""One process of a runtime: init, then invocations."""

from __future__ import annotations

import sys

from .. import current
from ..errors import ConfigurationError
from ._api import RuntimeApi
from ._connection import BlockingConnection, RuntimeApiError, run
from ._exits import exited, failed, init_failed
from ._function import Function, load
from ._termination import Termination
from ._worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from ._environment import Environment


def serve(environment: Environment) -> int:
    """Start the function and handle its invocations until the runtime is to end. Return the exit code."""
    try:
        return _served(environment)
    except SystemExit as ended:
        exited(ended)
        raise


def _served(environment: Environment) -> int:
    try:
        function = _loaded(environment)
    except Exception as error:
        return init_failed(environment, error)
    try:
        if function.is_async and environment.tasks:
            from ._on_loop import serve_on_loop

            return serve_on_loop(environment, function)
        if function.is_async:
            from ._alone import serve_alone

            return serve_alone(environment, function)
        if function.needs_loop:
            from ._between import serve_between

            return serve_between(environment, function)
        return run(_serve(environment, function))
    except RuntimeApiError as error:
        return failed(error)


async def _serve(environment: Environment, function: Function) -> NoReturn:
    termination = Termination()
    api = RuntimeApi(BlockingConnection(environment.address, termination.wait))
    try:
        if environment.snap_start:
            from ._snapshot import Snapshot

            await Snapshot(api, None, None).take()
        await Worker(api, function.respond, alone=True).run()
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
    if function.bridge is None and "bridge._app.asgi" in sys.modules:
        from .._app.asgi import start_all_in_init

        start_all_in_init()
    if environment.workers > 1 and environment.tasks:
        function.share_loop()
        if not function.is_async:
            raise ConfigurationError(
                f"BRIDGE_CONCURRENCY=tasks is for ASGI apps, and {environment.handler} is plain code, which would "
                "block the others. If it is a decorator around a Bridge: Bridge(app, decorators=[...])."
            )
    return function


def registered(environment: Environment) -> BlockingConnection | None:
    """Return the extension's connection, if there is to be one. Without it, all works but the notice of the end."""
    if not environment.graceful:
        return None
    from . import _extension as extension

    try:
        return extension.register(environment.address)
    except RuntimeApiError as error:
        sys.stderr.write(f"bridge.runtime: no SIGTERM will come: {error}\n")
        return None
