"""Hooks and decorators around an invocation, in each of the ways in which a Bridge is called."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from bridge import Bridge, ConfigurationError
from bridge._app.asgi.loop import Runner
from bridge._invocation.around import name_of
from bridge.errors import AppError, RunningLoopError
from bridge.types import Receive, Scope, Send

from ..responders import Responder, Steps, SyncResponder
from ..samples import sample

HTTP, URL = sample("http_api"), sample("function_url")
QUEUE = {"Records": [{"eventSource": "aws:sqs", "body": "x", "messageId": "1"}]}
SEEN: ContextVar[str] = ContextVar("seen", default="nothing")


async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        steps.append("startup")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    steps.append(f"app saw {SEEN.get()}")
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-from", b"app")]})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})
    steps.append("background")


class Parts(list[bytes]):
    def close(self) -> None:
        steps.append("background")


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    steps.append(f"app saw {SEEN.get()}")
    start_response("201 Created", [("x-from", "app")])
    return Parts([b"a", b"b"])


steps: list[str] = []


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    steps.clear()
    monkeypatch.setattr("bridge._invocation.around._told", set())


@contextmanager
def hook(event: Any, context: Any) -> Iterator[None]:
    steps.append("hook enters")
    token = SEEN.set("the hook's")
    try:
        yield
    finally:
        SEEN.reset(token)
        steps.append("hook leaves")


@asynccontextmanager
async def async_hook(event: Any, context: Any) -> AsyncIterator[None]:
    steps.append("hook enters")
    await asyncio.sleep(0)
    token = SEEN.set("the hook's")
    try:
        yield
    finally:
        SEEN.reset(token)
        await asyncio.sleep(0)
        steps.append("hook leaves")


def decorator(handler: Any) -> Any:
    def decorated(event: Any, context: Any) -> Any:
        steps.append("decorator begins")
        SEEN.set("the decorator's")
        result = handler(event, context)
        steps.append(f"decorator sees {result['statusCode']} {result['body']!r}")
        return result

    return decorated


class Noting(Responder):
    async def result(self, result: Any) -> None:
        steps.append("answer is out")
        await super().result(result)

    async def end(self, data: bytes = b"") -> None:
        steps.append("answer is out")
        await super().end(data)


class SyncNoting(SyncResponder):
    def result(self, result: Any) -> None:
        steps.append("answer is out")
        super().result(result)

    def end(self, data: bytes = b"") -> None:
        steps.append("answer is out")
        super().end(data)


def called(handler: Bridge, event: Any) -> Any:
    return handler(event)


def awaited(handler: Bridge, event: Any) -> Any:
    return asyncio.run(handler.handle_async(event))


def responded(handler: Bridge, event: Any) -> Any:
    if handler.is_asgi:
        responder = Noting()
        asyncio.run(handler.respond(event, None, responder))
        return responder.steps
    sync_responder = SyncNoting()
    handler.respond_sync(event, None, sync_responder)
    return sync_responder.steps


def in_plain_code(handler: Any, event: Any) -> Any:
    if not handler.is_asgi:
        return responded(handler, event)
    responder = Noting()
    handler.respond_in_plain_code(event, None, responder)
    return responder.steps


def alone(handler: Bridge, event: Any) -> Any:
    if not handler.is_asgi:
        return responded(handler, event)
    responder = Noting()
    runner = Runner(asyncio.new_event_loop)
    with closing(runner):
        handler.respond_alone(runner, event, None, responder)
    return responder.steps


APPS = pytest.mark.parametrize("app", [asgi_app, wsgi_app])
HOOKS = pytest.mark.parametrize("around", [hook, async_hook])
RESPONDING = pytest.mark.parametrize("way", [responded, alone, in_plain_code])
PLAIN = pytest.mark.parametrize("way", [called, awaited])


@APPS
@HOOKS
@PLAIN
def test_a_hook_surrounds_the_app_which_sees_its_variables(app: Any, around: Any, way: Any) -> None:
    result = way(Bridge(app, lifespan="off", around=[around]), HTTP)
    assert (result["statusCode"], result["body"]) == (201, "ab")
    assert steps == ["hook enters", "app saw the hook's", "background", "hook leaves"]


@APPS
@HOOKS
@RESPONDING
@pytest.mark.parametrize("streaming", ["off", "on"])
def test_a_hook_is_left_when_the_answer_is_out_and_background_work_is_done(
    app: Any, around: Any, way: Any, streaming: Any
) -> None:
    found: Steps = way(Bridge(app, lifespan="off", around=[around], streaming=streaming), URL)
    assert found.names[-1] == ("end" if streaming == "on" else "result")
    assert steps == ["hook enters", "app saw the hook's", "answer is out", "background", "hook leaves"]


@HOOKS
@pytest.mark.parametrize("way", [called, awaited, responded, alone, in_plain_code])
def test_a_hook_surrounds_events_that_are_no_requests(around: Any, way: Any) -> None:
    def on_event(event: Any, context: Any) -> Any:
        steps.append(f"function saw {SEEN.get()}")
        return "done"

    found = way(Bridge(asgi_app, lifespan="off", on_event=on_event, around=[around]), QUEUE)
    assert (found.result if isinstance(found, Steps) else found) == "done"
    assert [step for step in steps if step != "answer is out"] == [
        "hook enters",
        "function saw the hook's",
        "hook leaves",
    ]


@HOOKS
def test_the_lifespan_runs_once_whoever_surrounds_a_request(around: Any) -> None:
    handler = Bridge(asgi_app, around=[around])
    for _ in range(2):
        assert handler(HTTP)["statusCode"] == 201
    handler.close()
    assert handler(HTTP)["statusCode"] == 201
    assert steps.count("startup") == 2
    handler.close()


def test_several_hooks_nest_and_hooks_are_outside_of_decorators() -> None:
    @contextmanager
    def outer(event: Any, context: Any) -> Iterator[None]:
        steps.append("outer enters")
        yield
        steps.append("outer leaves")

    Bridge(asgi_app, lifespan="off", around=[outer, async_hook], decorators=[decorator])(HTTP)
    assert steps[:3] == ["outer enters", "hook enters", "decorator begins"]
    assert steps[-2:] == ["hook leaves", "outer leaves"]


@pytest.mark.parametrize("way", [called, awaited, responded, alone, in_plain_code])
def test_what_a_hook_raises_is_the_invocations_error(way: Any) -> None:
    @contextmanager
    def failing(event: Any, context: Any) -> Iterator[None]:
        yield
        raise LookupError("flush")

    with pytest.raises(LookupError):
        way(Bridge(asgi_app, lifespan="off", around=[failing]), HTTP)


def test_a_hook_sees_what_is_raised() -> None:
    @contextmanager
    def watching(event: Any, context: Any) -> Iterator[None]:
        try:
            yield
        except ZeroDivisionError:
            steps.append("seen")
            raise

    async def boom(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Bridge(boom, lifespan="off", errors="raise", around=[watching])(HTTP)
    assert steps == ["seen"]


@APPS
@PLAIN
def test_a_decorator_sees_the_result_and_may_change_it(app: Any, way: Any) -> None:
    def changing(handler: Any) -> Any:
        return lambda event, context: {**handler(event, context), "body": "changed"}

    assert way(Bridge(app, lifespan="off", decorators=[changing, decorator]), HTTP)["body"] == "changed"
    assert steps == ["decorator begins", "app saw the decorator's", "background", "decorator sees 201 'ab'"]


@APPS
@RESPONDING
@pytest.mark.parametrize("streaming", ["off", "on"])
def test_answers_stream_through_decorators_and_no_client_waits(app: Any, way: Any, streaming: Any) -> None:
    found: Steps = way(Bridge(app, lifespan="off", decorators=[decorator], streaming=streaming), URL)
    if streaming == "on":
        assert found.head["statusCode"] == 201
        assert found.body == b"ab"
    else:
        assert found.result["body"] == "ab"
    seen = "decorator sees 201 " + ("''" if streaming == "on" else "'ab'")
    assert steps == ["decorator begins", "app saw the decorator's", "answer is out", "background", seen]


@APPS
@RESPONDING
@pytest.mark.parametrize("streaming", ["off", "on"])
def test_a_change_that_comes_too_late_is_told_once(
    app: Any, way: Any, streaming: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def changing(handler: Any) -> Any:
        def change(event: Any, context: Any) -> Any:
            result = handler(event, context)
            result["headers"]["x-late"] = "1"
            return result

        return change

    handler = Bridge(app, lifespan="off", decorators=[changing], streaming=streaming)
    for _ in range(2):
        way(handler, URL)
    (record,) = caplog.records
    assert "changing has changed the result of the handler, which had gone out already" in record.getMessage()


@APPS
@RESPONDING
@pytest.mark.parametrize("streaming", ["off", "on"])
def test_a_decorator_may_answer_by_itself(app: Any, way: Any, streaming: Any) -> None:
    def refusing(handler: Any) -> Any:
        return lambda event, context: {"statusCode": 401, "headers": {"www-authenticate": "Basic"}, "body": "no"}

    found: Steps = way(Bridge(app, lifespan="off", decorators=[refusing], streaming=streaming), URL)
    if streaming == "on":
        status, lines, body = found.wire(URL)
        assert (status, lines, body) == (401, [("www-authenticate", "Basic")], b"no")
    else:
        assert found.result["statusCode"] == 401


@pytest.mark.parametrize("way", [called, responded])
def test_what_a_decorator_makes_of_the_event_for_functions_does_not_reach_the_app(way: Any) -> None:
    def parsing(handler: Any) -> Any:
        return lambda event, context: handler(object(), context)

    found = way(Bridge(wsgi_app, decorators=[parsing]), HTTP)
    assert (found.result if isinstance(found, Steps) else found)["statusCode"] == 201


def test_a_decorator_may_change_the_event() -> None:
    def elsewhere(handler: Any) -> Any:
        return lambda event, context: handler({**event, "rawPath": "/changed"}, context)

    def where(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    assert Bridge(where, decorators=[elsewhere])(HTTP)["body"] == "/changed"


async def test_an_app_ends_when_nobody_waits_any_more_for_what_a_decorator_surrounds() -> None:
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    handler = Bridge(waiting, lifespan="off", decorators=[decorator])
    task = asyncio.create_task(handler.respond(HTTP, None, Responder()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended.wait()


async def test_an_app_is_not_begun_when_nobody_waits_any_more() -> None:
    entered, go_on, over = asyncio.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(handler: Any) -> Any:
        def decorated(event: Any, context: Any) -> Any:
            loop.call_soon_threadsafe(entered.set)
            go_on.wait(30)
            try:
                return handler(event, context)
            finally:
                loop.call_soon_threadsafe(over.set)

        return decorated

    task = asyncio.create_task(Bridge(asgi_app, lifespan="off", decorators=[slow]).respond(HTTP, None, Responder()))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await over.wait()
    assert steps == []


async def test_the_plain_call_of_a_bridge_with_hooks_refuses_inside_a_running_loop() -> None:
    handler = Bridge(asgi_app, lifespan="off", around=[async_hook])
    with pytest.raises(RunningLoopError):
        handler(HTTP)


def no_manager(event: Any, context: Any) -> Any:
    """Return nothing."""


def makes_none(handler: Any) -> None:
    """Return nothing."""


def makes_async(handler: Any) -> Any:
    async def handle(event: Any, context: Any) -> Any:
        """Be a coroutine function."""

    return handle


def keeps(handler: Any) -> Any:
    return handler


keeps.__module__ = "aws_lambda_powertools.utilities.idempotency.idempotency"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"around": [1]}, "takes functions of event and context that return context managers, not 1"),
        ({"decorators": ["x"]}, "takes decorators of Lambda handlers, not 'x'"),
        ({"decorators": [makes_none]}, "makes_none, of Bridge.*made no handler of a handler but None"),
        ({"decorators": [makes_async]}, "makes_async, of Bridge.*makes an `async def`"),
        ({"decorators": [partial(keeps)], "streaming": "on"}, "keeps, of Bridge.*a stream leaves none"),
    ],
)
def test_what_cannot_work_is_named_when_bridge_is_made(options: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Bridge(asgi_app, lifespan="off", **options)


def test_a_hook_that_returns_no_context_manager_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no_manager, of Bridge.*returned no context manager but None"):
        Bridge(asgi_app, lifespan="off", around=[no_manager])(HTTP)


def test_powertools_idempotency_is_refused_where_answers_stream() -> None:
    powertools = pytest.importorskip("aws_lambda_powertools.utilities.idempotency", reason="jmespath is missing")
    with pytest.raises(ConfigurationError, match=r"idempotent, of Bridge.*a stream leaves none"):
        Bridge(wsgi_app, streaming="auto", decorators=[partial(powertools.idempotent, persistence_store=None)])


@APPS
@RESPONDING
def test_what_was_kept_of_a_stream_is_no_answer(app: Any, way: Any) -> None:
    kept: list[Any] = []

    def keeping(handler: Any) -> Any:
        def keep(event: Any, context: Any) -> Any:
            if not kept:
                kept.append(handler(event, context))
            return json.loads(json.dumps(kept[0]))

        return keep

    handler = Bridge(app, lifespan="off", decorators=[keeping], streaming="on")
    assert way(handler, URL).body == b"ab"
    with pytest.raises(AppError, match="That was a stream, so there is no body in it"):
        way(handler, URL)


def test_decorators_that_keep_results_are_fine_where_nothing_streams() -> None:
    assert Bridge(wsgi_app, decorators=[keeps, decorator])(HTTP)["statusCode"] == 201
    assert Bridge(wsgi_app, decorators=[decorator], streaming="on")(HTTP)["statusCode"] == 201


def test_names_say_where_something_was_made() -> None:
    assert name_of(decorator).endswith("test_around.decorator")
    assert name_of(partial(decorator)).endswith("test_around.decorator")
    assert name_of(logging.Filter()) == "logging.Filter"


def test_a_bridge_without_hooks_is_of_no_other_class() -> None:
    assert type(Bridge(wsgi_app)) is Bridge
    assert isinstance(Bridge(wsgi_app, around=[hook]), Bridge)
    assert not Bridge(wsgi_app, around=[hook]).is_decorated
