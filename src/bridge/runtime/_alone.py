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
    """Start the app and handle invocations until the runtime is to end. Return the exit code.

    Raises:
        RuntimeApiError: the Runtime API has ended it.
        SystemExit: SIGTERM has, or the function.
    """
    bridge = function.bridge
    runner = Runner(asyncio.new_event_loop if bridge is None else bridge.loop_factory or asyncio.new_event_loop)
    process = LoneProcess(runner, function)
    api = RuntimeApi(DirectConnection(environment.address, runner))
    try:
        if bridge is not None:
            try:
                process.do(bridge.startup())
            except Exception as error:
                return init_failed(environment, error)
        if environment.snap_start:
            run(_snapshot(environment, api, process, bridge))
        return run(Worker(api, process.respond, alone=True).run())
    finally:
        if bridge is not None:
            process.shut_down(bridge)
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
        self._function = function
        self._task: asyncio.Task[Any] | None = None
        self._is_ending = False
        # Python's own handler, for one that is the loop's does not see a signal that comes while the loop does not run.
        self._before = signal.signal(signal.SIGTERM, self._interrupt)
        self._signals, self._writer = socket.socketpair()
        self._signals.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        runner.loop.add_reader(self._signals, self._woken)
        runner.note_tasks(self._note)

    async def respond(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        """Answer an event. This coroutine never suspends."""
        runner, bridge = self._runner, self._function.bridge
        if runner.interruption is not None:
            raise runner.interruption
        try:
            if bridge is not None:
                bridge.respond_alone(runner, event, context, responder)
            else:
                self._runner.do(self._function.respond(event, context, responder))
        finally:
            self._task = None

    def do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine to its end, and raise what it raises.

        Raises:
            SystemExit: SIGTERM has come meanwhile.
        """
        try:
            self._runner.do(coroutine)
        finally:
            self._task = None

    def shut_down(self, bridge: Bridge) -> None:
        """Run the app's lifespan shutdown, if it has started up. SIGTERM is nothing to it."""

        async def within_time() -> None:
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                await bridge.shutdown()

        self._is_ending = True
        self._runner.interruption = None
        try:
            self._runner.do(within_time())
        except TimeoutError:
            logger().error("the app's lifespan shutdown took longer than %s s and was left", SHUTDOWN_SECONDS)

    def close(self) -> None:
        """Leave signals to others."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, self._before)
        self._runner.loop.remove_reader(self._signals)
        self._signals.close()
        self._writer.close()

    def _note(self, task: asyncio.Task[Any]) -> None:
        self._task = task

    def _interrupt(self, _: int, __: object) -> None:
        if not self._is_ending:
            self._runner.interruption = SystemExit(TERMINATED)
            self._runner.loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._runner.interruption is None:
            return  # the lifespan's shutdown is not to be ended
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
