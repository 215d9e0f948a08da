from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException

from bridge import Bridge, LifespanError

from .client import Client
from .events import HTTP_V2, Source

Serve = Callable[..., Client]


def test_lifespan(serve: Serve) -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        steps.append("enter")
        app.state.pool = "open"
        yield
        steps.append("exit")

    async def startup(app: Litestar) -> None:
        steps.append("startup")

    @get("/")
    async def start(state: State) -> str:
        return str(state.pool)

    client = serve(Litestar([start], lifespan=[lifespan], on_startup=[startup], openapi_config=None), lifespan="on")
    assert [client.get("/").text, client.get("/").text] == ["open", "open"]
    assert sorted(steps) == ["enter", "startup"]
    client.handler.close()
    assert steps[2:] == ["exit"]


async def test_inside_a_running_loop() -> None:
    """With an app of its own: a Litestar app has one event emitter, so it is for one lifespan at a time."""

    @get("/")
    async def start() -> dict[str, str]:
        return {"hello": "world"}

    handler = Bridge(Litestar([start], openapi_config=None))
    assert HTTP_V2.reply(await handler.handle_async(HTTP_V2.event("GET", "/"))).json == {"hello": "world"}


def test_a_startup_that_fails(serve: Serve) -> None:
    async def startup(app: Litestar) -> None:
        raise ValueError("no database")

    client = serve(Litestar([], on_startup=[startup], openapi_config=None))
    with pytest.raises(LifespanError, match="no database"):
        client.get("/")


def test_synchronous_handlers(serve: Serve) -> None:
    @get("/thread", sync_to_thread=True)
    def in_thread() -> dict[str, int]:
        return {"answer": 42}

    @get("/loop", sync_to_thread=False)
    def in_loop() -> dict[str, int]:
        return {"answer": 42}

    client = serve(Litestar([in_thread, in_loop], openapi_config=None))
    assert client.get("/thread").json == client.get("/loop").json == {"answer": 42}


def test_an_http_exception_is_no_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    @get("/")
    async def start() -> None:
        raise NotAuthorizedException(headers={"x-realm": "tea"})

    reply = serve(Litestar([start], openapi_config=None), errors="raise").get("/")
    assert (reply.status, reply.headers["x-realm"]) == (401, "tea")
    assert not caplog.records


def test_the_schema(serve: Serve, source: Source) -> None:
    @get("/")
    async def start() -> None: ...

    reply = serve(Litestar([start]), source).get("/schema/openapi.json")
    assert list(reply.json["paths"]) == ["/"]
