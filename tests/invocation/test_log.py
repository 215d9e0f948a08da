"""What the log says of a failure, and whose context variables the line has."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from bridge import Bridge
from bridge._app.asgi.loop import Runner
from bridge._app.asgi.root_task import collected
from bridge._invocation import log_error, logger
from bridge.types import Receive, Scope, Send

from ..responders import Responder, SyncResponder
from ..samples import sample

CORRELATION: ContextVar[str] = ContextVar("correlation", default="-")


class Seen(logging.Handler):
    """Notes the correlation id with which each line is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((CORRELATION.get(), record.getMessage()))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    handler = Seen()
    monkeypatch.setattr(logging.getLogger("bridge"), "handlers", [handler])
    CORRELATION.set("")  # a WSGI app of another test has set it, in the same thread
    return handler


def test_the_logger_is_called_bridge() -> None:
    assert logger() is logging.getLogger("bridge")


async def page_and_raise(scope: Scope, receive: Receive, send: Send) -> None:
    """What a framework's error middleware does."""
    CORRELATION.set("R1")
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"sorry"})
    raise ZeroDivisionError("division by zero")


async def raise_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    CORRELATION.set("R1")
    await asyncio.sleep(0)
    raise ZeroDivisionError("division by zero")


async def cancel_itself(scope: Scope, receive: Receive, send: Send) -> None:
    CORRELATION.set("R1")
    raise asyncio.CancelledError


async def never_end(scope: Scope, receive: Receive, send: Send) -> None:
    CORRELATION.set("R1")
    await asyncio.Event().wait()


def plain_wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    CORRELATION.set("R1")
    raise ZeroDivisionError("division by zero")


class Short:
    def get_remaining_time_in_millis(self) -> int:
        return 40


def in_plain_code(handler: Bridge, event: Any, context: Any) -> None:
    handler(event, context)


def on_a_loop(handler: Bridge, event: Any, context: Any) -> None:
    asyncio.run(handler.handle_async(event, context))


def responding(handler: Bridge, event: Any, context: Any) -> None:
    if handler.is_asgi:
        asyncio.run(handler.respond(event, context, Responder()))
    else:
        handler.respond_sync(event, context, SyncResponder())


def items() -> dict[str, Any]:
    event = sample("http_api")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/items"
    return event


def alone(handler: Bridge, event: Any, context: Any) -> None:
    if not handler.is_asgi:
        handler.respond_sync(event, context, SyncResponder())
        return
    with closing(Runner(asyncio.new_event_loop)) as runner:
        handler.respond_alone(runner, event, context, Responder())


WAYS = pytest.mark.parametrize("way", [in_plain_code, on_a_loop, responding, alone])
LINE = "GET /items answered 500: ZeroDivisionError: division by zero"


@WAYS
@pytest.mark.parametrize("app", [page_and_raise, raise_at_once, plain_wsgi])
def test_an_exception_is_logged_with_the_context_variables_of_the_app(app: Any, way: Any, seen: Seen) -> None:
    way(Bridge(app, lifespan="off"), items(), None)
    assert seen.lines == [("R1", LINE)]


@WAYS
def test_so_is_what_ran_out_of_time(way: Any, seen: Seen) -> None:
    way(Bridge(never_end, lifespan="off"), items(), Short())
    text = "GET /items answered 504: the invocation's time ran out before the app had ended"
    assert seen.lines == [("R1", text)]


@pytest.mark.parametrize("way", [on_a_loop, responding])
def test_so_is_an_app_that_cancels_itself(way: Any, seen: Seen) -> None:
    way(Bridge(cancel_itself, lifespan="off"), items(), None)
    assert seen.lines == [("R1", "GET /items answered 500: CancelledError")]


async def test_the_garbage_collector_knows_the_context_of_a_task() -> None:
    async def sets() -> None:
        CORRELATION.set("R4")

    task = asyncio.create_task(sets())
    await task
    context = collected(task)
    assert context is not None
    assert context[CORRELATION] == "R4"


def test_a_context_that_is_in_use_elsewhere_is_done_without(seen: Seen) -> None:
    error = ValueError("x")
    context = copy_context()
    context.run(CORRELATION.set, "R3")
    error.__dict__["_bridge_context"] = context
    context.run(log_error, error, "a line")
    assert seen.lines == [("R3", "a line")]
    assert not error.__dict__


@pytest.mark.parametrize("app", [page_and_raise, raise_at_once])
def test_an_error_that_is_lambdas_to_see_keeps_no_context(app: Any) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        Bridge(app, lifespan="off", errors="raise")(sample("http_api"))
    assert not raised.value.__dict__


def test_a_path_cannot_forge_a_line(seen: Seen) -> None:
    event = sample("http_api")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/a\nERROR forged"
    Bridge(raise_at_once, lifespan="off")(event)
    assert seen.lines == [("R1", "GET /a\\nERROR forged answered 500: ZeroDivisionError: division by zero")]


async def raise_several_lines(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("one\ntwo")


def test_what_an_error_says_stays_on_one_line(seen: Seen) -> None:
    Bridge(raise_several_lines, lifespan="off")(items())
    assert [line for _, line in seen.lines] == ["GET /items answered 500: ValueError: one two"]
