"""Startup and shutdown on a loop that is not Bridge's own."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bridge import Bridge, LifespanError
from bridge._app.asgi.lifespan import Lifespan, Lifespans

from ..asgi_apps import Context, Receive, Scope, Send, respond
from ..responders import Responder
from ..samples import sample

URL = sample("function_url")


def bridge(app: Any, lifespan: Any = "auto") -> Bridge:
    return Bridge(app, lifespan=lifespan, streaming="on")


def with_lifespan(seen: list[str], fails: bool = False) -> Callable[..., Any]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await respond(send, scope["state"]["pool"])
            return
        await receive()
        seen.append("startup")
        if fails:
            await send({"type": "lifespan.startup.failed", "message": "no pool"})
            return
        scope["state"]["pool"] = b"a pool"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        seen.append("shutdown")
        await send({"type": "lifespan.shutdown.complete"})

    return app


@pytest.mark.parametrize("explicit", [True, False])
async def test_startup_runs_once_and_shutdown_when_it_is_asked_for(explicit: bool) -> None:
    seen: list[str] = []
    handler = bridge(with_lifespan(seen), lifespan="on")
    if explicit:
        await handler.startup()
        assert seen == ["startup"]
    for _ in range(2):
        responder = Responder()
        await handler.respond(URL, None, responder)
        assert responder.steps.body == b"a pool"
    assert seen == ["startup"]
    await handler.shutdown()
    await handler.shutdown()
    assert seen == ["startup", "shutdown"]


async def test_a_startup_that_fails_is_raised_and_tried_again() -> None:
    seen: list[str] = []
    handler = bridge(with_lifespan(seen, fails=True))
    with pytest.raises(LifespanError, match="no pool"):
        await handler.startup()
    responder = Responder()
    with pytest.raises(LifespanError, match="no pool"):
        await handler.respond(URL, None, responder)
    assert responder.steps == []
    assert seen == ["startup"] * 2
    await handler.shutdown()


async def test_a_startup_that_is_not_waited_for_goes_on() -> None:
    gate = asyncio.Event()
    seen: list[str] = []
    lived = with_lifespan(seen)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await gate.wait()
        await lived(scope, receive, send)

    handler = bridge(app)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await handler.startup()
    responder = Responder()
    await handler.respond(URL, Context(40), responder)
    assert responder.steps.head["statusCode"] == 504
    gate.set()
    responder = Responder()
    await handler.respond(URL, None, responder)
    assert responder.steps.body == b"a pool"
    assert seen == ["startup"]
    await handler.shutdown()


async def test_a_startup_that_failed_where_nobody_waited_is_not_taken_for_complete() -> None:
    loop = asyncio.get_running_loop()
    lifespans = Lifespans(with_lifespan([], fails=True), "auto")
    assert lifespans.known(loop) is None
    lifespan = Lifespan(with_lifespan([], fails=True), "auto", loop)
    lifespans.adopt(lifespan, loop)
    assert lifespans.known(loop) is None
    await asyncio.wait({lifespan.started})
    assert lifespans.known(loop) is None
    _, failure = await lifespans.state(None)
    assert isinstance(failure, LifespanError)


async def test_to_drop_a_lifespan_leaves_another_loop_s() -> None:
    loop, other = asyncio.get_running_loop(), asyncio.new_event_loop()
    app = with_lifespan([])
    lifespans = Lifespans(app, "auto")
    here = Lifespan(app, "auto", loop)
    lifespans.adopt(here, loop)
    lifespans.adopt(here, other)
    there = Lifespan(app, "auto", loop)
    lifespans.adopt(there, other)
    await asyncio.wait({here.started, there.started})
    lifespans.drop(here)
    assert lifespans.known(loop) is None
    assert lifespans.known(other) is there.state
    for lifespan in (here, there):
        await lifespan.shutdown()
    other.close()


async def test_startup_and_shutdown_are_nothing_to_a_wsgi_app() -> None:
    handler = Bridge(lambda environ, start_response: [])
    await handler.startup()
    await handler.shutdown()
