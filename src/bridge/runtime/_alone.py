"""A process that serves one invocation at a time, on an event loop: ASGI apps, and handlers that are `async def`.

The worker runs outside the loop, as that of plain code does, and the function's coroutine takes its first step at once:
docs/hot-path.md has the reasons. While the worker waits for the next event, the loop runs.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import suppress

from .._app.asgi.loop import Runner
from .._invocation import logger
from ._api import RuntimeApi
from ._connection import run
from ._direct_connection import DirectConnection
from ._exits import TERMINATED, init_failed
from ._worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ..handler import Bridge
    from ._environment import Environment
    from ._function import Function
    from ._responder import InvocationResponder

SHUTDOWN_SECONDS = 0.4
"""Seconds that the lifespan's shutdown may take: a function with an internal extension is killed after 0.5."""


def serve_alone(environment: Environment, function: Function) -> int:
    """Start the app and handle invocations until the runtime is to end; the exit code.

    Raises:
        RuntimeApiError: the Runtime API has ended it.
        SystemExit: SIGTERM has, or the function.
    """
    bridge = function.bridge
    runner = Runner(asyncio.new_event_loop if bridge is None else bridge.loop_factory or asyncio.new_event_loop)
    process = LoneProcess(runner, function)
    api = RuntimeApi(DirectConnection(environment.address, runner.loop, process.turn))
    try:
        if bridge is not None:
            try:
                process.do(bridge.startup())
            except Exception as error:
                return init_failed(environment, error)
        if environment.snap_start:
            run(_snapshot(environment, api, process, bridge))
        return run(Worker(api, process, alone=True).run())
    finally:
        if bridge is not None:
            _shut_down(runner, bridge)
        api.connection.close()
        process.close()
        runner.close()


class LoneProcess:
    """What runs a function's coroutines on a loop, and ends them when SIGTERM comes.

    Args:
        runner: has the loop, which runs nowhere else.
        function: what is invoked.
    """

    def __init__(self, runner: Runner, function: Function) -> None:
        self._runner = runner
        self._respond = function.respond
        self._asked = False
        self._task: asyncio.Task[Any] | None = None
        # Python's own handler, for one that is the loop's does not see a signal that comes while the loop does not run.
        self._before = signal.signal(signal.SIGTERM, self._ask)
        self._signals, self._writer = socket.socketpair()
        self._signals.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        runner.loop.add_reader(self._signals, self._woken)

    async def respond(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        """Answer an event. This coroutine never suspends."""
        self.do(self._respond(event, context, responder))

    def do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine to its end.

        Raises:
            BaseException: what it has raised.
            SystemExit: SIGTERM has come meanwhile.
        """
        error = self._runner.run(self._noted(coroutine), None)
        self._check()
        if error is not None:
            raise error

    def turn(self) -> None:
        """Run the loop until somebody stops it.

        Raises:
            SystemExit: SIGTERM has come.
        """
        self._check()
        self._runner.turn()

    def close(self) -> None:
        """Leave signals to others."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, self._before)
        self._runner.loop.remove_reader(self._signals)
        self._signals.close()
        self._writer.close()

    async def _noted(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.current_task()
        try:
            await coroutine
        finally:
            self._task = None

    def _check(self) -> None:
        if self._asked:
            raise SystemExit(TERMINATED)

    def _ask(self, _: int, __: object) -> None:
        self._asked = True
        self._runner.loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            self._runner.loop.stop()

    def _woken(self) -> None:
        with suppress(BlockingIOError):
            self._signals.recv(4096)


async def _snapshot(environment: Environment, api: RuntimeApi, process: LoneProcess, bridge: Bridge | None) -> None:
    from ._snapshot import Snapshot

    if bridge is None or not environment.restarts:
        await Snapshot(api, None, None).take()
        return

    async def shutdown() -> None:
        process.do(bridge.shutdown())

    async def startup() -> None:
        process.do(bridge.startup())

    await Snapshot(api, shutdown, startup).take()


def _shut_down(runner: Runner, bridge: Bridge) -> None:
    async def within_time() -> None:
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            await bridge.shutdown()

    error = runner.run(within_time(), None)
    if isinstance(error, TimeoutError):
        logger().error("the app's lifespan shutdown took longer than %s s and was left", SHUTDOWN_SECONDS)
    elif error is not None:
        raise error
