import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel

from .client import Client
from .events import Source

Serve = Callable[..., Client]


def test_the_documentation_finds_the_api_below_the_stage(serve: Serve, source: Source) -> None:
    client = serve(FastAPI(), source)
    assert f"url: '{source.prefix}/openapi.json'" in client.get("/docs").text
    schema = client.get("/openapi.json").json
    assert schema.get("servers") == ([{"url": source.prefix}] if source.prefix else None)


def test_a_router_and_an_app_below_a_mount(serve: Serve, source: Source) -> None:
    app, below = FastAPI(), FastAPI()

    @below.get("/items/{number}")
    async def item(request: Request, number: int) -> str:
        return str(request.url_for("item", number=number + 1))

    app.mount("/v1", below)
    assert serve(app, source).get("/v1/items/41").json == source.url("/v1/items/42")


def test_a_dependency_is_closed_when_the_response_is_there(serve: Serve) -> None:
    steps = []

    async def session() -> AsyncIterator[str]:
        steps.append("open")
        try:
            yield "session"
        finally:
            steps.append("close")

    def connection() -> Iterator[str]:
        steps.append("connect")
        yield "connection"
        steps.append("disconnect")

    app = FastAPI()

    @app.get("/")
    async def start(
        a: Annotated[str, Depends(session)], b: Annotated[str, Depends(connection)], later: BackgroundTasks
    ) -> list[str]:
        steps.append("endpoint")
        later.add_task(steps.append, "task")
        return [a, b]

    assert serve(app).get("/").json == ["session", "connection"]
    assert steps[:3] == ["open", "connect", "endpoint"]
    assert sorted(steps[3:]) == ["close", "disconnect", "task"]


def test_a_dependency_sees_the_exception(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    seen = []

    async def transaction() -> AsyncIterator[None]:
        try:
            yield
        except ValueError as error:
            seen.append(str(error))
            raise

    app = FastAPI()

    @app.get("/", dependencies=[Depends(transaction)])
    async def start() -> None:
        raise ValueError("boom")

    assert serve(app).get("/").status == 500
    assert seen == ["boom"]
    assert [record.name for record in caplog.records] == ["bridge"]


def test_a_synchronous_endpoint_runs_in_a_thread_with_the_request_s_context(serve: Serve) -> None:
    user = contextvars.ContextVar("user", default="nobody")
    app = FastAPI()

    async def login(name: str) -> None:
        user.set(name)

    @app.get("/", dependencies=[Depends(login)])
    def start() -> list[object]:
        return [threading.current_thread() is threading.main_thread(), user.get()]

    client = serve(app)
    assert [client.get("/", f"name={name}").json for name in ("ann", "ben")] == [[False, "ann"], [False, "ben"]]
    assert user.get() == "nobody"


def test_bodies_are_checked(serve: Serve, source: Source) -> None:
    class Order(BaseModel):
        item: str
        count: int

    app = FastAPI()

    @app.post("/", status_code=201)
    async def order(order: Order) -> Order:
        return order

    client = serve(app, source)
    assert client.post_json("/", {"item": "tea", "count": 2}).status == 201
    reply = client.post_json("/", {"item": "tea", "count": "many"})
    assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["body", "count"])


def test_an_http_exception_is_no_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    @app.get("/")
    async def start() -> None:
        raise HTTPException(418, "teapot", {"x-pot": "tea"})

    reply = serve(app, errors="raise").get("/")
    assert (reply.status, reply.headers["x-pot"], reply.json) == (418, "tea", {"detail": "teapot"})
    assert not caplog.records


def test_lifespan_state_is_that_of_the_process(serve: Serve) -> None:
    opened = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, list[int]]]:
        opened.append("pool")
        app.state.greeting = "hello"
        yield {"pool": []}

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def start(request: Request) -> list[object]:
        request.state.pool.append(1)
        return [request.app.state.greeting, len(request.state.pool)]

    client = serve(app)
    assert [client.get("/").json for _ in range(2)] == [["hello", 1], ["hello", 2]]
    assert opened == ["pool"]


def test_an_included_lifespan_can_be_required(serve: Serve) -> None:
    app = FastAPI()

    @app.get("/")
    async def start() -> str:
        return "ok"

    assert serve(app, lifespan="on").get("/").json == "ok"


def test_bridge_answers_as_a_server_does(serve: Serve) -> None:
    """What FastAPI's own test client gets, from the same app."""
    from .apps.fastapi_app import app

    with TestClient(app) as server:
        for path in ("/json", "/path/a%20b", "/set-cookies", "/binary", "/stream", "/missing", "/openapi.json"):
            theirs, ours = server.get(path), serve(app).get(path)
            assert (ours.status, ours.body) == (theirs.status_code, theirs.content)
            assert ours.lines == [line for line in theirs.headers.multi_items() if line[0] != "content-length"]
