"""What a loop of its own does for a function, in this process."""

import asyncio
import os
import signal

import pytest

from bridge import Bridge
from bridge._app.asgi.loop import Runner
from bridge.runtime._alone import LoneProcess
from bridge.runtime._api import RuntimeApi
from bridge.runtime._connection import BlockingConnection, run
from bridge.runtime._function import Function
from bridge.runtime._invocation import Invocation
from bridge.runtime._reply import Reply
from bridge.runtime._responder import InvocationResponder

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


def test_an_event_that_has_come_together_with_the_signal_is_not_begun() -> None:
    async def handler(event: object, context: object) -> None:
        raise AssertionError("it was begun")

    runner = Runner(asyncio.new_event_loop)
    process = LoneProcess(runner, Function(handler, "off"))
    reply = Reply()
    reply.headers = {"lambda-runtime-aws-request-id": "id-1"}
    responder = InvocationResponder(RuntimeApi(BlockingConnection("127.0.0.1:1")), Invocation(reply))
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(SystemExit):
        run(process.respond({}, None, responder))
    process.close()
    runner.close()
