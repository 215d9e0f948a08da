"""An app's lifespan up to its first wait: what it tells, and what it leaves alone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from bridge import Bridge, current
from bridge._app.asgi.begun import begin

from ..frameworks.events import HTTP_V2


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import as `bridge serve --concurrency 2` does it."""
    monkeypatch.setattr(current, "imports_as_lambda", True)
    monkeypatch.setattr(current, "starts_later", True)


async def page(request: Any) -> Any:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(request.state.pool)


def starlette(events: list[str]) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        events.append("up")
        yield {"pool": "open"}
        events.append("down")

    return Starlette(lifespan=lifespan, routes=[Route("/", page)])


@pytest.mark.usefixtures("later")
def test_starlette_takes_no_middleware_after_bridge_and_has_not_started() -> None:
    events: list[str] = []
    app = starlette(events)
    handler = Bridge(app)
    assert events == []
    with pytest.raises(RuntimeError, match="Cannot add middleware after an application has started"):
        app.add_middleware(GZipMiddleware)
    assert HTTP_V2.reply(asyncio.run(handler.handle_async(HTTP_V2.event("GET", "/")))).text == "open"
    assert events == ["up", "down"]


@pytest.mark.usefixtures("later")
def test_without_a_lifespan_lambda_calls_nothing_in_init_and_so_do_we() -> None:
    app = starlette([])
    Bridge(app, lifespan="off")
    app.add_middleware(GZipMiddleware)


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("no lifespan here")


async def returns(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "lifespan"


async def waits_for_the_loop(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0)


async def answers_whatever_happens(scope: Any, receive: Any, send: Any) -> None:
    try:
        await receive()
    finally:
        await send({"type": "lifespan.startup.failed"})


def test_what_an_app_is_called_with_is_a_lifespan_s() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "lifespan.shutdown.complete"})  # nobody listens
        seen.append("sent")
        try:
            await receive()
        except BaseException as taken_back:
            seen.append(type(taken_back))
            raise
        seen.append("received")

    begin(app)
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    assert seen == [scope, "sent", GeneratorExit]


@pytest.mark.parametrize("app", [raises, returns, waits_for_the_loop, answers_whatever_happens])
def test_an_app_that_does_otherwise_is_left_alone(app: Any) -> None:
    begin(app)
    gc.collect()
