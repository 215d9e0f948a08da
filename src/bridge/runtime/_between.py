"""A process of plain code with an ASGI app inside: decorators, or a wrapper, and the loop that runs within them.

The loop stands still while a decorator runs. It runs while the app does, and while the next event is waited for.
"""

from __future__ import annotations

import asyncio

from .._app.asgi.loop import process_runner
from ._alone import LoneProcess
from ._api import RuntimeApi
from ._connection import run
from ._direct_connection import DirectConnection
from ._exits import init_failed
from ._worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ..handler import Bridge
    from ._environment import Environment
    from ._function import Function
    from ._responder import InvocationResponder


class PlainProcess(LoneProcess):
    """What calls a function in plain code. The loop runs where the function's apps have it run."""

    async def respond(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        """Answer an event. This coroutine never suspends."""
        self._runner.check()
        try:
            await self._function.respond(event, context, responder)
        finally:
            self._task = None


def serve_between(environment: Environment, function: Function) -> int:
    """Start the app and handle invocations until the runtime is to end. Return the exit code.

    Raises:
        RuntimeApiError: the Runtime API has ended it.
        SystemExit: SIGTERM has, or the function.
    """
    bridge = function.bridge
    try:
        if bridge is not None:
            _start(bridge)
    except Exception as error:
        return init_failed(environment, error)
    runner = process_runner(function.loop_factory or asyncio.new_event_loop)
    process = PlainProcess(runner, function)
    api = RuntimeApi(DirectConnection(environment.address, runner))
    try:
        return run(_serve(environment, function, process, api))
    finally:
        api.connection.close()
        process.close()


async def _serve(environment: Environment, function: Function, process: PlainProcess, api: RuntimeApi) -> NoReturn:
    bridge = function.bridge
    if environment.snap_start:
        from ._snapshot import Snapshot

        async def shutdown() -> None:
            bridge.close()  # type: ignore[union-attr]

        async def startup() -> None:
            _start(bridge)  # type: ignore[arg-type]

        steps = (shutdown, startup) if bridge is not None and environment.restarts else (None, None)
        await Snapshot(api, *steps).take()
    await Worker(api, process.respond, alone=True).run()


def _start(bridge: Bridge) -> None:
    bridge._asgi.ensure_started(None)  # type: ignore[union-attr]
