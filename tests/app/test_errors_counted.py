"""What counts as an error in Lambda: exceptions and statuses, however the app is called."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from litestar import Litestar, get
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bridge import AppError, Bridge, ConfigurationError, FailedResponseError
from bridge._app.asgi.loop import process_runner
from bridge._app.policy import failure_line

from ..apps import APPS, Interface, Reply
from ..frameworks.events import HTTP_V2, SOURCES
from ..responders import Responder, SyncResponder

URL = next(source for source in SOURCES if source.name == "function-url")
SERVER_ERRORS = range(500, 600)


async def boom(request: Request) -> Response:
    raise ZeroDivisionError("boom")


async def status(request: Request) -> Response:
    return PlainTextResponse("said", request.path_params["status"])


async def parts(request: Request) -> Response:
    async def body() -> Any:
        yield b"one "
        yield b"two"

    return StreamingResponse(body(), request.path_params["status"])


starlette = Starlette(
    routes=[Route("/boom", boom), Route("/status/{status:int}", status), Route("/parts/{status:int}", parts)]
)


@get("/boom")
async def litestar_boom() -> None:
    raise ZeroDivisionError("boom")


litestar = Litestar([litestar_boom], logging_config=None)


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/boom":
        raise ZeroDivisionError("boom")
    start_response(f"{path.rpartition('/')[2]} Said", [("content-type", "text/plain")])
    return iter([b"one ", b"two"]) if path.startswith("/parts") else [b"said"]


def steps_of(app: Any, path: str, streaming: Any = "off", **options: Any) -> Any:
    """What goes out for a request to a runtime that takes answers in steps."""
    handler = Bridge(app, lifespan="off", streaming=streaming, **options)
    event = URL.event("GET", path)
    if handler.is_asgi:
        responder = Responder()
        try:
            asyncio.run(handler.respond(event, None, responder))
        finally:
            sent.extend(responder.steps)
        return responder.steps
    sync = SyncResponder()
    try:
        handler.respond_sync(event, None, sync)
    finally:
        sent.extend(sync.steps)
    return sync.steps


sent: list[Any] = []


def by_call(app: Any, path: str, **options: Any) -> Any:
    return Bridge(app, lifespan="off", **options)(URL.event("GET", path))["statusCode"]


def on_a_loop(app: Any, path: str, **options: Any) -> Any:
    return asyncio.run(Bridge(app, lifespan="off", **options).handle_async(URL.event("GET", path)))["statusCode"]


def by_steps(app: Any, path: str, **options: Any) -> Any:
    return steps_of(app, path, **options).result["statusCode"]


def alone(app: Any, path: str, **options: Any) -> Any:
    handler = Bridge(app, lifespan="off", **options)
    if not handler.is_asgi:
        return by_steps(app, path, **options)
    responder = Responder()
    try:
        handler.respond_alone(process_runner(asyncio.new_event_loop), URL.event("GET", path), None, responder)
    finally:
        sent.extend(responder.steps)
    return responder.steps.result["statusCode"]


def by_stream(app: Any, path: str, **options: Any) -> Any:
    return steps_of(app, path, "on", **options).head["statusCode"]


WAYS = pytest.mark.parametrize("ask", [by_call, on_a_loop, by_steps, alone, by_stream])


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    sent.clear()


@WAYS
@pytest.mark.parametrize("app", [starlette, wsgi])
@pytest.mark.parametrize("errors", ["raise", {500}, SERVER_ERRORS, lambda status: status >= 500])
def test_an_exception_counts_whoever_has_made_a_page_of_it(ask: Any, app: Any, errors: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(app, "/boom", errors=errors)
    assert sent == []


@WAYS
def test_it_counts_by_its_status_where_the_framework_keeps_it_to_itself(ask: Any) -> None:
    assert ask(litestar, "/boom", errors="raise") == 500
    with pytest.raises(FailedResponseError, match=r"GET '/boom' was answered 500, which"):
        ask(litestar, "/boom", errors=SERVER_ERRORS)


@WAYS
@pytest.mark.parametrize("app", [starlette, wsgi])
@pytest.mark.parametrize("kind", ["status", "parts"])
def test_a_response_counts_if_its_status_does(ask: Any, app: Any, kind: str) -> None:
    for status in (200, 404, 500, 503):
        assert ask(app, f"/{kind}/{status}", errors="respond") == status
        assert ask(app, f"/{kind}/{status}", errors="raise") == status
    assert ask(app, f"/{kind}/500", errors={503, 404}) == 500
    sent.clear()
    for status in (404, 503):
        with pytest.raises(FailedResponseError, match=str(status)):
            ask(app, f"/{kind}/{status}", errors={503, 404})
    assert sent == []


@WAYS
@pytest.mark.parametrize("app", [starlette, wsgi])
def test_an_exception_does_not_count_where_its_status_does_not(
    ask: Any, app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(app, "/boom", errors={503}) == 500
    assert len([record for record in caplog.records if record.exc_info]) == 1


@pytest.mark.parametrize("app", [starlette, wsgi])
def test_a_stream_that_was_kept_back_goes_out_whole(app: Any) -> None:
    steps = steps_of(app, "/parts/503", "on", errors="raise")
    assert (steps.names, steps.body) == (["start", "end"], b"one two")


@pytest.mark.parametrize("errors", ["raise", {503}])
@pytest.mark.parametrize("streaming", ["off", "on"])
def test_an_app_that_ends_in_the_middle_of_what_is_kept_back_has_failed(errors: Any, streaming: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    if errors == "raise":
        with pytest.raises(AppError, match="without an end"):
            steps_of(app, "/", streaming, errors=errors)
    else:  # what the client gets is a 500, and 500 does not count
        steps = steps_of(app, "/", streaming, errors=errors)
        assert (steps.head if streaming == "on" else steps.result)["statusCode"] == 500


def test_an_app_that_raises_in_the_middle_of_what_is_kept_back_has_failed_with_that() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        steps_of(app, "/", "on", errors="raise")
    assert sent == []


async def test_background_work_of_a_response_that_is_kept_back_is_told_that_its_client_has_gone() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})
        seen.append((await receive())["type"])

    responder = Responder()
    await Bridge(app, lifespan="off", errors="raise").respond(URL.event("GET", "/"), None, responder)
    assert seen == ["http.disconnect"]
    assert responder.steps.result["body"] == "page"


@pytest.mark.parametrize("wrong", [7, None])
def test_what_cannot_say_what_counts_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="takes 'respond', 'raise', statuses such as"):
        Bridge(starlette, errors=wrong)


# ---------------------------------------------------------------- Bridge's own responses

CORS = {"Access-Control-Allow-Origin": "https://www.example.com", "Access-Control-Allow-Credentials": "true"}


@WAYS
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_a_page_of_bridges_own_has_the_headers_that_a_browser_wants(ask: Any, interface: Interface) -> None:
    app = APPS[interface](Reply(status=999))
    assert ask(app, "/", error_headers=CORS) == 500
    result = Bridge(app, lifespan="off", error_headers=CORS)(HTTP_V2.event("GET", "/"))
    assert result["headers"] == {
        "content-type": "text/plain; charset=utf-8",
        **{name.lower(): value for name, value in CORS.items()},
    }


def test_a_response_of_the_apps_has_not() -> None:
    result = Bridge(starlette, error_headers=CORS)(HTTP_V2.event("GET", "/status/500"))
    assert "access-control-allow-origin" not in result["headers"]


@pytest.mark.parametrize("wrong", [{"x y": "1"}, {"x": "a\r\nb"}, {"x": 1}])
def test_headers_that_are_none_are_refused_when_bridge_is_made(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Bridge\(error_headers=\.\.\.\)"):
        Bridge(starlette, error_headers=wrong)


def test_an_app_that_goes_on_without_a_word_is_told_of_too() -> None:
    assert failure_line("GET /", 500, None, is_complete=False) == "GET / answered 500: the app said nothing"
