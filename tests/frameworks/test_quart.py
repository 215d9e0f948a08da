from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from quart import Quart, websocket

from .client import Client
from .conftest import function
from .events import HTTP_V2

Serve = Callable[..., Client]


def test_startup_and_shutdown(serve: Serve) -> None:
    app = Quart(__name__)
    steps: list[str] = []

    @app.before_serving
    async def open_pool() -> None:
        steps.append("open")

    @app.while_serving
    async def pool() -> AsyncGenerator[None, None]:
        steps.append("enter")
        yield
        steps.append("exit")

    @app.after_serving
    async def close_pool() -> None:
        steps.append("close")

    @app.get("/")
    async def start() -> list[str]:
        return steps

    client = serve(app, lifespan="on")
    assert [client.get("/").json, client.get("/").json] == [["open", "enter"]] * 2
    client.handler.close()
    assert sorted(steps[2:]) == ["close", "exit"]


def test_an_app_with_web_sockets_still_answers_requests(serve: Serve) -> None:
    app = Quart(__name__)

    @app.websocket("/socket")
    async def socket() -> None:
        await websocket.send("hello")

    @app.get("/")
    async def start() -> str:
        return "hello"

    client = serve(app)
    assert client.get("/").text == "hello"
    assert client.get("/socket").status == 400  # not as a request, says Quart
    assert client.get("/").text == "hello"


def test_a_task_in_the_background_is_not_lost(serve: Serve) -> None:
    app = Quart(__name__)
    ran: list[str] = []

    async def task() -> None:
        ran.append("task")

    @app.get("/")
    async def start() -> str:
        app.add_background_task(task)
        return "started"

    client = serve(app)
    assert client.get("/").text == "started"
    client.get("/")
    assert ran[0] == "task"


def test_the_client_s_address(serve: Serve) -> None:
    from quart import request

    app = Quart(__name__)

    @app.get("/")
    async def start() -> str:
        return str(request.remote_addr)

    assert serve(app).get("/").text == "203.0.113.7"


def test_one_instance_serves_many() -> None:
    client = Client(function("quart"), HTTP_V2)
    assert {client.get("/json").status for _ in range(20)} == {200}
