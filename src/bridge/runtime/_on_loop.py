"""A process that serves on an event loop: ASGI apps, and handlers that are `async def`."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from .._invocation import logger
from ._api import RuntimeApi
from ._exits import TERMINATED, init_failed
from ._loop_connection import LoopConnection
from ._worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..handler import Bridge
    from ._environment import Environment
    from ._function import Function

SHUTDOWN_SECONDS = 0.4
"""Seconds that the lifespan's shutdown may take: a function with an internal extension is killed after 0.5."""


def serve_on_loop(environment: Environment, function: Function) -> int:
    """Start the app and handle invocations until the runtime is to end. Return the exit code.

    Raises:
        RuntimeApiError: the Runtime API has ended it.
    """
    with asyncio.Runner(loop_factory=function.loop_factory) as runner:
        return runner.run(_serve(environment, function))


async def _serve(environment: Environment, function: Function) -> int:
    task: asyncio.Task[int] = asyncio.current_task()  # type: ignore[assignment]
    with suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    bridge = function.bridge
    try:
        with suppress(asyncio.CancelledError):
            try:
                if bridge is not None:
                    await bridge.startup()
            except Exception as error:
                return init_failed(environment, error)
            await _work(environment, function)
    finally:
        if bridge is not None:
            with suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, bool)  # once more: nothing
            await _shut_down(bridge)
    return TERMINATED


async def _work(environment: Environment, function: Function) -> None:
    count = environment.workers
    apis = [RuntimeApi(LoopConnection(environment.address)) for _ in range(count)]
    bridge = function.bridge
    try:
        if environment.snap_start:
            from ._snapshot import Snapshot

            steps = (bridge.shutdown, bridge.startup) if bridge is not None and environment.restarts else (None, None)
            await Snapshot(apis[0], *steps).take()
        await asyncio.gather(*(Worker(api, function.respond, alone=count == 1).run() for api in apis))
    finally:
        for api in apis:
            api.connection.close()


async def _shut_down(bridge: Bridge) -> None:
    try:
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            await bridge.shutdown()
    except TimeoutError:
        logger().error("the app's lifespan shutdown took longer than %s s and was left", SHUTDOWN_SECONDS)
