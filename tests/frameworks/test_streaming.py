"""What frameworks stream, and what they do after a response, each in its own way."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import ResolverMatch
from fastapi import BackgroundTasks, FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent
from flask import Flask, Response, request, stream_with_context
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from bridge import Bridge

from ..responders import Responder, Step, Steps, SyncResponder
from .apps import django_app
from .conftest import application
from .events import REST, SOURCES, Source

URL = next(source for source in SOURCES if source.name == "function-url")
TICKS = [b"tick 0\n", b"tick 1\n", b"tick 2\n", b"tick 3\n"]
SECONDS = 20


class Seen:
    """What the client has got, and what waits for it to get it."""

    def __init__(self) -> None:
        self._got: queue.Queue[bytes] = queue.Queue()
        self._event = asyncio.Semaphore(0)

    async def note(self, step: Step) -> None:
        if step[0] == "write":
            self._event.release()

    def note_sync(self, step: Step) -> None:
        if step[0] == "write":
            self._got.put(step[1])

    async def ticks(self) -> AsyncIterator[bytes]:
        """A tick, and the next one when the client has got it."""
        for tick in TICKS:
            yield tick
            await asyncio.wait_for(self._event.acquire(), SECONDS)

    def ticks_sync(self) -> Iterator[bytes]:
        for tick in TICKS:
            yield tick
            assert self._got.get(timeout=SECONDS) == tick


async def asked(app: Any, hook: Callable[[Step], Awaitable[None]] | None = None, address: str = "/") -> Steps:
    handler = Bridge(app, streaming="on")
    responder = Responder(hook)
    await handler.respond(URL.event("GET", address, "", (), b""), None, responder)
    await handler.shutdown()
    return responder.steps


def asked_sync(app: Any, hook: Callable[[Step], None] | None = None, address: str = "/") -> Steps:
    responder = SyncResponder(hook)
    Bridge(app, streaming="on").respond_sync(URL.event("GET", address, "", (), b""), None, responder)
    return responder.steps


async def test_starlette_streams() -> None:
    seen = Seen()

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(seen.ticks(), media_type="text/plain")

    steps = await asked(Starlette(routes=[Route("/", endpoint)]), seen.note)
    assert [step[1] for step in steps if step[0] == "write"] == TICKS
    assert steps.head["headers"]["content-type"] == "text/plain; charset=utf-8"


async def test_fastapi_sends_events() -> None:
    seen = Seen()
    app = FastAPI()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        async for tick in seen.ticks():
            yield ServerSentEvent(data=tick.decode().strip())

    steps = await asked(app, seen.note)
    assert steps.body.count(b"data:") == len(TICKS)
    assert steps.head["headers"]["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("streaming", ["off", "on"])
async def test_background_tasks_begin_when_the_client_has_its_answer(streaming: Any) -> None:
    order: list[str] = []
    app = FastAPI()

    @app.get("/")
    async def answer(tasks: BackgroundTasks) -> str:
        tasks.add_task(order.append, "in a thread")

        async def work() -> None:
            await asyncio.sleep(0)
            order.append("on the loop")

        tasks.add_task(work)
        return "answered"

    async def note(step: Step) -> None:
        order.append(step[0])

    handler = Bridge(app, streaming=streaming)
    await handler.respond(URL.event("GET", "/", "", (), b""), None, Responder(note))
    await handler.shutdown()
    assert order == [*(["start", "end"] if streaming == "on" else ["result"]), "in a thread", "on the loop"]


async def test_background_tasks_follow_a_stream_and_a_head() -> None:
    order: list[str] = []

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(iter([b"a", b"b"]), background=BackgroundTask(order.append, "worked"))

    handler = Bridge(Starlette(routes=[Route("/", endpoint)]), streaming="on")
    for method, names in (("GET", ["start", "write", "write", "end"]), ("HEAD", ["start", "end"])):
        responder = Responder()
        order.clear()
        await handler.respond(URL.event(method, "/", "", (), b""), None, responder)
        assert responder.steps.names == names
        assert order == ["worked"]
    await handler.shutdown()


async def test_a_client_that_leaves_ends_the_generator() -> None:
    ended: list[str] = []

    async def ticks() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"tick"
        finally:
            ended.append("ended")

    body = ticks()

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(body)

    async def leave(step: Step) -> None:
        if step[0] == "write":
            raise BrokenPipeError

    steps = await asked(Starlette(routes=[Route("/", endpoint)]), leave)
    await body.aclose()
    assert steps.names == ["start"]
    assert ended == ["ended"]


async def test_an_exception_before_the_stream_is_the_frameworks_page(caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(request: Request) -> PlainTextResponse:
        raise ZeroDivisionError

    steps = await asked(Starlette(routes=[Route("/", endpoint)]))
    assert steps.head["statusCode"] == 500
    assert steps.body == b"Internal Server Error"
    assert [record.message for record in caplog.records] == ["GET / answered 500: ZeroDivisionError"]


def test_flask_streams_and_cleans_up_after_the_answer() -> None:
    seen = Seen()
    order: list[str] = []
    app = Flask(__name__)

    @app.get("/")
    def start() -> Response:
        def chunks() -> Iterator[bytes]:
            for tick in seen.ticks_sync():
                assert request.path == "/"
                yield tick

        response = Response(stream_with_context(chunks()))
        response.call_on_close(lambda: order.append("closed"))
        return response

    def note(step: Step) -> None:
        order.append(step[0])
        seen.note_sync(step)

    steps = asked_sync(app, note)
    assert [step[1] for step in steps if step[0] == "write"] == TICKS
    assert order == ["start", "write", "write", "write", "write", "end", "closed"]


async def test_django_streams_by_asgi() -> None:
    seen = Seen()

    async def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(seen.ticks())

    class Handler(ASGIHandler):
        def resolve_request(self, request: HttpRequest) -> ResolverMatch:
            return ResolverMatch(view, (), {})

    steps = await asked(Handler(), seen.note)
    assert [step[1] for step in steps if step[0] == "write"] == TICKS


def test_django_streams_by_wsgi() -> None:
    seen = Seen()

    def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(seen.ticks_sync())

    class Handler(WSGIHandler):
        def resolve_request(self, request: HttpRequest) -> ResolverMatch:
            return ResolverMatch(view, (), {})

    steps = asked_sync(Handler(), seen.note_sync)
    assert [step[1] for step in steps if step[0] == "write"] == TICKS
    assert django_app.urlpatterns


@pytest.mark.parametrize("sender", [REST, URL], ids=lambda sender: sender.name)
@pytest.mark.parametrize("address", ["/json", "/stream", "/binary", "/redirect", "/set-cookies", "/error", "/missing"])
async def test_every_framework_streams_what_it_would_return(framework: str, sender: Source, address: str) -> None:
    # The app has been started up already, by the function of other tests, and Litestar bears that once only.
    handler = Bridge(application(framework), lifespan="off", streaming="on")
    mount = "/flask" if framework == "flask-in-fastapi" else ""
    event = sender.event("GET", mount + address, "", (), b"")
    if handler.is_asgi:
        responder = Responder()
        await handler.respond(event, None, responder)
        steps, result = responder.steps, await handler.handle_async(event)
    else:
        plain = SyncResponder()
        handler.respond_sync(event, None, plain)
        steps, result = plain.steps, handler(event)
    status, lines, body = steps.wire(event)
    reply = sender.reply(result)
    assert (status, body) == (reply.status, reply.body)
    said = [line for line in reply.lines if line[0] != "date"]
    assert said
    assert set(said) <= set(lines)
