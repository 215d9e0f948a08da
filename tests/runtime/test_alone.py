"""What a loop of its own does for a function, in this process."""

import asyncio
import os
import signal

from bridge import Bridge
from bridge._app.asgi.loop import Runner
from bridge.runtime._alone import LoneProcess
from bridge.runtime._function import Function

from ..asgi_apps import Receive, Scope, Send


def test_a_signal_just_before_the_shutdown_does_not_end_it() -> None:
    events: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for kind in ("startup", "shutdown"):
            await receive()
            await asyncio.sleep(0)
            events.append(kind)
            await send({"type": f"lifespan.{kind}.complete"})

    bridge = Bridge(app, lifespan="on")
    runner = Runner(asyncio.new_event_loop)
    process = LoneProcess(runner, Function(bridge, "off"))
    runner.do(bridge.startup())
    os.kill(os.getpid(), signal.SIGTERM)
    assert isinstance(runner.interruption, SystemExit)
    process.shut_down(bridge)
    process.close()
    runner.close()
    assert events == ["startup", "shutdown"]
