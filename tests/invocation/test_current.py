"""The invocation that is being handled: seen from anywhere, and in the log."""

import asyncio
import logging
import os
import subprocess
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from bridge import Bridge, current
from bridge.current import LogFilter, context, trace_id

from ..apps import APPS, Interface
from ..asgi_apps import EVENT, Receive, Scope, Send, respond

TRACE = "Root=1-69b52a5d-4d2f0c1b5a6e7f8091a2b3c4;Parent=53995c3f42cd8ad8;Sampled=1"


def invocation(request_id: str, **more: Any) -> Any:
    return SimpleNamespace(aws_request_id=request_id, get_remaining_time_in_millis=lambda: 3000, **more)


@pytest.fixture
def log() -> Any:
    """A logger whose lines are collected, with the filter on its handler."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Lines()
    handler.setFormatter(logging.Formatter("%(aws_request_id)s|%(tenant_id)s|%(trace_id)s|%(message)s"))
    handler.addFilter(LogFilter())
    logger = logging.Logger("app")
    logger.addHandler(handler)
    return SimpleNamespace(logger=logger, lines=lines)


@pytest.fixture(autouse=True)
def no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor the last invocation of another test says one."""
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    context.set(None)


def test_the_trace_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trace_id() == ""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    assert trace_id() == TRACE
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "\udcff")  # a byte that is no UTF-8
    assert trace_id() == "\udcff"


def test_the_trace_is_found_where_the_environment_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    # As on Windows.
    monkeypatch.setattr("bridge.current._variables", {current._KEY: TRACE})
    assert trace_id() == TRACE


@pytest.mark.parametrize("is_text", [False, True])
def test_the_trace_is_said_as_the_environment_s_own_methods_say_it(
    monkeypatch: pytest.MonkeyPatch, is_text: bool
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "before")
    if is_text:
        monkeypatch.setattr("bridge.current._variables", os.environ)
    for value in (TRACE, "\udcff"):
        current.set_trace_id(value)
        assert os.environ["_X_AMZN_TRACE_ID"] == value
        child = subprocess.run(["printenv", "_X_AMZN_TRACE_ID"], capture_output=True, check=True)
        assert child.stdout == os.fsencode(value) + b"\n"
    current.set_trace_id(None)
    current.set_trace_id(None)
    assert "_X_AMZN_TRACE_ID" not in os.environ


def test_every_line_has_the_request_id_of_its_invocation(log: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        log.logger.info("at once")
        await asyncio.sleep(0)
        await asyncio.create_task(asyncio.to_thread(log.logger.info, "from a thread"))
        await respond(send)

    handler = Bridge(app, lifespan="off")
    handler(EVENT, invocation("first"))
    handler(EVENT, invocation("second", tenant_id="acme", trace_id=TRACE))
    assert log.lines == [
        "first|||at once",
        "first|||from a thread",
        f"second|acme|{TRACE}|at once",
        f"second|acme|{TRACE}|from a thread",
    ]


def test_wsgi_apps_log_it_too(log: Any) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        log.logger.info("hello")
        start_response("200 OK", [])
        return []

    Bridge(app)(EVENT, invocation("only"))
    assert log.lines == ["only|||hello"]


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
async def test_invocations_that_overlap_see_each_its_own(interface: Interface) -> None:
    seen: dict[str, str] = {}
    both = threading.Barrier(2) if interface == "wsgi" else asyncio.Barrier(2)

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        assert isinstance(both, asyncio.Barrier)
        await both.wait()
        seen[scope["aws.context"].aws_request_id] = context.get().aws_request_id
        await respond(send)

    def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert isinstance(both, threading.Barrier)
        both.wait()
        seen[environ["aws.context"].aws_request_id] = context.get().aws_request_id
        start_response("200 OK", [])
        return []

    handler = Bridge(asgi if interface == "asgi" else wsgi, lifespan="off")
    await asyncio.gather(*(handler.handle_async(EVENT, invocation(name)) for name in ("one", "two")))
    assert seen == {"one": "one", "two": "two"}


def test_outside_of_an_invocation_the_line_comes_all_the_same(log: Any) -> None:
    def main() -> None:
        log.logger.info("importing")

    thread = threading.Thread(target=main)  # where no invocation was
    thread.start()
    thread.join()
    assert log.lines == ["|||importing"]


def test_an_invocation_without_a_context_has_no_id(log: Any) -> None:
    app = APPS["wsgi"]()
    Bridge(app)(EVENT, invocation("before"))
    Bridge(app)(EVENT)
    log.logger.info("after")
    assert log.lines == ["|||after"]


def test_the_stock_runtime_says_the_trace_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trace_id() == ""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    assert trace_id() == TRACE
