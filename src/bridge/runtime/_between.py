"""A process of plain code with an ASGI app inside: decorators, and the loop that runs within them.

The loop stands still while a decorator runs, and while nothing is waited for: the next event, a post, the app.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from .._app.around import run_on
from .._app.asgi.loop import process_runner
from ._api import RuntimeApi
from ._connection import run
from ._exits import TERMINATED, init_failed
from ._loop_connection import LoopConnection
from ._worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, NoReturn

    from .._app.asgi.loop import Runner
    from ..handler import Bridge
    from ._environment import Environment
    from ._function import Function
    from ._reply import Reply


class BetweenConnection(LoopConnection):
    """A connection on a loop that plain code can wait for too: then the loop runs until it need not wait any more.

    Args:
        address: HOST:PORT.
        runner: runs the loop.
    """

    def __init__(self, address: str, runner: Runner) -> None:
        super().__init__(address)
        self._runner = runner

    async def exchange(self, *pieces: bytes, again: bool = False, idle: bool = False) -> Reply:
        exchange = super().exchange
        reply: Reply = await self._waited(lambda: exchange(*pieces, again=again, idle=idle))
        return reply

    async def begin(self) -> bool:
        reused: bool = await self._waited(super().begin)
        return reused

    async def write(self, *pieces: bytes) -> None:
        await self._waited(lambda: super(BetweenConnection, self).write(*pieces))

    async def reply(self, idle: bool = False) -> Reply:
        wait = super().reply
        reply: Reply = await self._waited(lambda: wait(idle))
        return reply

    async def _waited(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if asyncio._get_running_loop() is not None:
            return await call()
        return run_on(self._runner, call)


def serve_between(environment: Environment, function: Function) -> int:
    """Start the app and handle invocations until the runtime is to end; the exit code.

    Raises:
        RuntimeApiError: the Runtime API has ended it.
        SystemExit: SIGTERM has.
    """
    bridge = function.bridge
    try:
        if bridge is not None:
            _start(bridge)
    except Exception as error:
        return init_failed(environment, error)
    runner = process_runner(function.loop_factory or asyncio.new_event_loop)
    with suppress(NotImplementedError):  # Windows
        runner.loop.add_signal_handler(signal.SIGTERM, _terminate)
    return run(_serve(environment, function, RuntimeApi(BetweenConnection(environment.address, runner))))


async def _serve(environment: Environment, function: Function, api: RuntimeApi) -> NoReturn:
    bridge = function.bridge
    try:
        if environment.snap_start:
            from ._snapshot import Snapshot

            async def shutdown() -> None:
                bridge.close()  # type: ignore[union-attr]

            async def startup() -> None:
                _start(bridge)  # type: ignore[arg-type]

            steps = (shutdown, startup) if bridge is not None and environment.restarts else (None, None)
            await Snapshot(api, *steps).take()
        await Worker(api, function, alone=True).run()
    finally:
        api.connection.close()


def _start(bridge: Bridge) -> None:
    bridge._asgi.ensure_started(None)  # type: ignore[union-attr]


def _terminate() -> NoReturn:
    raise SystemExit(TERMINATED)
