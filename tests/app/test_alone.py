"""Requests that have a loop for themselves, where it has not been started for them."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bridge import Bridge, EventError, LifespanError
from bridge._app.asgi.loop import Runner

from ..asgi_apps import Context, Receive, Scope, Send, respond
from ..responders import Responder, Step
from ..samples import sample

URL = sample("function_url")


@pytest.fixture
def runner() -> Iterator[Runner]:
    runner = Runner(asyncio.new_event_loop)
    yield runner
    runner.close()


def answered(runner: Runner, app: Any, **options: Any) -> Any:
    responder = Responder()
    Bridge(app, **options).respond_alone(runner, URL, None, responder)
    return responder.steps.result


def test_the_app_starts_up_with_its_first_request(runner: Runner) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["thread"] = threading.get_ident()
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await respond(send, str(scope["state"]["thread"]).encode())

    assert answered(runner, app)["body"] == str(threading.get_ident())


def test_a_startup_that_fails_is_raised(runner: Runner) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(LifespanError, match="no database"):
        answered(runner, app)


def test_a_startup_is_waited_for_no_longer_than_the_deadline(runner: Runner) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await respond(send)
            return
        await receive()
        await asyncio.sleep(2)
        await send({"type": "lifespan.startup.complete"})

    responder = Responder()
    Bridge(app).respond_alone(runner, URL, Context(20), responder)
    assert responder.steps.result["statusCode"] == 504


def test_an_app_that_cannot_be_called_answers_500(runner: Runner) -> None:
    async def app(scope: Scope) -> None: ...

    assert answered(runner, app, interface="asgi", lifespan="off")["statusCode"] == 500


def test_a_result_that_needs_no_wait_goes_out_in_the_apps_own_task_and_nothing_is_run_after_it(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        tasks.append(asyncio.current_task())
        await respond(send)

    async def note(step: Step) -> None:
        tasks.append(asyncio.current_task())

    monkeypatch.delattr(Runner, "do")
    Bridge(app, lifespan="off").respond_alone(runner, URL, None, Responder(note))
    assert tasks[0] is tasks[1] is not None


def test_what_the_responder_raises_after_a_wait_comes_out_and_the_app_hears_of_it(runner: Runner) -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await respond(send)
        except OSError as error:
            heard.append(str(error))
        heard.append((await receive())["type"])
        heard.append((await receive())["type"])

    async def fail(step: Step) -> None:
        broken = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(broken.set_exception, ConnectionResetError("reset"))
        await broken

    with pytest.raises(ConnectionResetError, match="reset"):
        Bridge(app, lifespan="off").respond_alone(runner, URL, None, Responder(fail))
    assert heard == ["the response goes nowhere any more", "http.request", "http.disconnect"]


def test_two_that_wait_for_the_client_to_go_are_told_both(runner: Runner) -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> None:
            heard.append((await receive())["type"])

        await receive()
        waiting = [asyncio.ensure_future(listen()) for _ in range(2)]
        await asyncio.sleep(0)
        await respond(send)
        await asyncio.gather(*waiting)

    assert answered(runner, app, lifespan="off")["body"] == "ok"
    assert heard == ["http.disconnect", "http.disconnect"]


def test_the_response_to_head_keeps_its_length(runner: Runner) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"hello", headers=[(b"content-length", b"5")])

    event = sample("function_url")
    event["requestContext"]["http"]["method"] = "HEAD"
    responder = Responder()
    Bridge(app, lifespan="off").respond_alone(runner, event, None, responder)
    result = responder.steps.result
    assert (result["headers"]["content-length"], result["body"]) == ("5", "")


def test_a_body_that_is_no_text_is_refused(runner: Runner) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

    with pytest.raises(EventError, match="its body must be a string, not int"):
        Bridge(app, lifespan="off").respond_alone(runner, {**sample("function_url"), "body": 0}, None, Responder())
