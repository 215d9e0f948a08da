"""The lifespan of an ASGI app: once in a process, by the mode, in the init phase, and to its end."""

import asyncio
import contextlib
import gc
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bridge import Bridge, DeadlineError, LifespanError, RunningLoopError, current
from bridge._app import asgi

from ..asgi_apps import EVENT, Context, Message, Receive, Scope, Send, process, respond

COMPLETE: Message = {"type": "lifespan.startup.complete"}
FAILED: Message = {"type": "lifespan.startup.failed", "message": "no database"}


class App:
    """An app that notes its lifespans, and does in them what its subclasses say."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.states: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
        else:
            self.states.append(scope["state"])
            await respond(send)

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert await receive() == {"type": "lifespan.startup"}
        self.events.append("up")
        await self.startup(scope, send)
        assert await receive() == {"type": "lifespan.shutdown"}
        await self.shutdown(send)
        self.events.append("down")

    async def startup(self, scope: Scope, send: Send) -> None:
        await send(COMPLETE)

    async def shutdown(self, send: Send) -> None:
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged; at the end, only Bridge has logged, and asyncio has had no cause to."""
    caplog.set_level(logging.DEBUG, "bridge")
    yield caplog
    assert {record.name for record in caplog.get_records("call")} <= {"bridge"}


# ---------------------------------------------------------------- once


def test_startup_runs_once_and_shutdown_once() -> None:
    app = App()
    handler = Bridge(app)
    for _ in range(3):
        assert handler(EVENT)["statusCode"] == 200
    assert app.events == ["up"]
    handler.close()
    handler.close()
    assert app.events == ["up", "down"]


def test_an_event_after_close_starts_up_again() -> None:
    app = App()
    handler = Bridge(app)
    handler(EVENT)
    handler.close()
    handler(EVENT)
    assert app.events == ["up", "down", "up"]
    handler.close()
    assert app.events == ["up", "down"] * 2


def test_to_close_what_has_not_started_is_nothing() -> None:
    app = App()
    Bridge(app).close()
    Bridge(app, lifespan="off").close()
    assert not app.events


def test_the_lifespan_says_what_it_speaks() -> None:
    scopes: list[Scope] = []

    class Noting(App):
        async def startup(self, scope: Scope, send: Send) -> None:
            scopes.append(scope)
            await send(COMPLETE)

    handler = Bridge(Noting())
    handler(EVENT)
    handler.close()
    asgi_version = {"version": "3.0", "spec_version": "2.0"}
    assert scopes == [{"type": "lifespan", "asgi": asgi_version, "state": {}}]


# ---------------------------------------------------------------- state


class Stateful(App):
    async def startup(self, scope: Scope, send: Send) -> None:
        scope["state"]["pool"] = ["connection"]
        await send(COMPLETE)


def test_each_request_has_a_copy_of_the_state_and_shares_its_objects() -> None:
    app = Stateful()
    handler = Bridge(app)
    for _ in range(2):
        handler(EVENT)
        app.states[-1]["user"] = "alice"
    handler.close()
    first, second = app.states
    assert first is not second
    assert first == second == {"pool": ["connection"], "user": "alice"}
    assert first["pool"] is second["pool"]


def test_a_request_leaves_no_state_to_the_next() -> None:
    app = Stateful()
    handler = Bridge(app)
    handler(EVENT)
    app.states[0].clear()
    handler(EVENT)
    handler.close()
    assert app.states[1] == {"pool": ["connection"]}


@pytest.mark.parametrize("lifespan", ["auto", "off"])
def test_without_a_lifespan_the_state_is_empty(lifespan: Literal["auto", "off"]) -> None:
    class Without(Stateful):
        async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError

    app = Without()
    Bridge(app, lifespan=lifespan)(EVENT)
    assert app.states == [{}]


def test_after_close_there_is_a_new_state() -> None:
    app = Stateful()
    handler = Bridge(app)
    handler(EVENT)
    handler.close()
    handler(EVENT)
    handler.close()
    assert app.states[0]["pool"] is not app.states[1]["pool"]


# ---------------------------------------------------------------- modes


class Raises(App):
    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("lifespan")


class RaisesLater(App):
    async def startup(self, scope: Scope, send: Send) -> None:
        await asyncio.sleep(0.001)
        raise KeyError("lifespan")


class Returns(App):
    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()


class OutOfOrder(App):
    async def startup(self, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start"})


class Ignores(App):
    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None: ...


def test_auto_an_app_without_a_lifespan_is_fine(log: pytest.LogCaptureFixture) -> None:
    handler = Bridge(Ignores())
    assert handler(EVENT)["statusCode"] == 200
    handler.close()
    assert not log.records


def test_auto_an_app_that_refuses_the_scope_is_fine_and_a_line_for_the_curious_says_so(
    log: pytest.LogCaptureFixture,
) -> None:
    handler = Bridge(Raises())
    assert [handler(EVENT)["statusCode"] for _ in range(2)] == [200, 200]
    handler.close()
    (record,) = log.records
    assert record.levelno == logging.INFO
    assert record.getMessage() == "the app has no lifespan: it raised KeyError('lifespan') at the scope"


@pytest.mark.parametrize("kind", [RaisesLater, Returns, OutOfOrder])
def test_auto_an_app_that_fails_in_its_startup_is_served_and_that_is_an_error_in_the_log(
    kind: type[App], log: pytest.LogCaptureFixture
) -> None:
    handler = Bridge(kind())
    assert [handler(EVENT)["statusCode"] for _ in range(2)] == [200, 200]
    handler.close()
    (record,) = log.records
    assert record.levelno == logging.ERROR
    assert "after it had received lifespan.startup" in record.getMessage()
    assert bool(record.exc_info and record.exc_info[1]) == (kind is not Returns)


async def test_auto_that_is_so_on_a_running_loop_too(log: pytest.LogCaptureFixture) -> None:
    handler = Bridge(RaisesLater())
    assert (await handler.handle_async(EVENT))["statusCode"] == 200
    assert [record.levelno for record in log.records] == [logging.ERROR]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Raises, "raised KeyError"), (RaisesLater, "raised KeyError"), (Returns, "returned"), (OutOfOrder, "http.resp")],
)
def test_on_an_app_without_a_lifespan_is_an_error(kind: type[App], reason: str) -> None:
    handler = Bridge(kind(), lifespan="on")
    for _ in range(2):
        with pytest.raises(LifespanError, match=rf'lifespan="on", but the app .*{reason}') as raised:
            handler(EVENT)
        assert (raised.value.__cause__ is None) == (kind is Returns)


async def test_on_that_is_so_on_a_running_loop_too() -> None:
    with pytest.raises(LifespanError, match='lifespan="on", but the app returned'):
        await Bridge(Returns(), lifespan="on").handle_async(EVENT)


def test_off_no_lifespan_runs() -> None:
    app = App()
    handler = Bridge(app, lifespan="off")
    handler(EVENT)
    handler.close()
    assert app.events == []


class Fails(App):
    """Startup fails the first time."""

    def __init__(self, message: Message = FAILED) -> None:
        super().__init__()
        self.message = message

    async def startup(self, scope: Scope, send: Send) -> None:
        if len(self.events) == 1:
            await send(self.message)
            raise KeyError("as Starlette does")
        await send(COMPLETE)


@pytest.mark.parametrize("errors", ["respond", "raise"])
@pytest.mark.parametrize("lifespan", ["auto", "on"])
def test_a_failed_startup_is_raised_with_the_apps_message_and_tried_again(
    lifespan: Literal["auto", "on"], errors: Literal["respond", "raise"], log: pytest.LogCaptureFixture
) -> None:
    app = Fails()
    handler = Bridge(app, lifespan=lifespan, errors=errors)
    with pytest.raises(LifespanError, match="no database"):
        handler(EVENT)
    assert handler(EVENT)["statusCode"] == 200
    handler.close()
    assert app.events == ["up", "up", "down"]
    assert not log.records


CURE = "The next event tries again; Bridge(app, lifespan='off') serves the app without its startup"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (None, f"the app's lifespan startup failed: no message. {CURE}"),
        (" \n", f"the app's lifespan startup failed: . {CURE}"),
        ("no database", f"the app's lifespan startup failed: no database. {CURE}"),
        (
            "in a.py\n  no database \n",
            f"the app's lifespan startup failed: no database. {CURE}\nin a.py\n  no database",
        ),
    ],
)
def test_what_is_said_of_a_failed_startup_begins_with_its_last_line(message: str | None, said: str) -> None:
    with pytest.raises(LifespanError) as raised:
        Bridge(Fails({"type": "lifespan.startup.failed", "message": message}))(EVENT)
    assert str(raised.value) == said


def test_a_failed_startup_need_not_say_why() -> None:
    with pytest.raises(LifespanError, match="no message"):
        Bridge(Fails({"type": "lifespan.startup.failed"}))(EVENT)


@pytest.mark.parametrize(
    ("messages", "fails", "said"),
    [
        ([], False, "returned"),
        ([], True, "raised ValueError('no')"),
        (
            [{"type": "lifespan.surprise"}],
            False,
            "raised LifespanError(\"the app sent 'lifespan.surprise', which is not expected here (ASGI, lifespan)\")",
        ),
    ],
)
def test_on_what_is_said_of_a_lifespan_that_is_none_is_a_whole_sentence(
    messages: list[Message], fails: bool, said: str
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if fails:
            raise ValueError("no")

    with pytest.raises(LifespanError) as raised:
        Bridge(app, lifespan="on")(EVENT)
    assert str(raised.value) == (
        f'lifespan="on", but the app {said} before lifespan.startup.complete. With lifespan="auto" it is served '
        "without a lifespan"
    )
    assert (raised.value.__cause__ is None) is (said == "returned")


@pytest.mark.parametrize("how", ["failed", "returned"])
def test_auto_what_is_said_of_a_startup_without_an_answer_is_a_whole_sentence(
    how: str, log: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            if how == "failed":
                raise ValueError("no")
        else:
            await respond(send)

    assert Bridge(app)(EVENT)["statusCode"] == 200
    (record,) = log.records
    assert record.getMessage() == (
        f"the app's lifespan {how} after it had received lifespan.startup, and before it sent "
        'lifespan.startup.complete; requests are served without it. Bridge(app, lifespan="on") makes this fail'
    )
    assert bool(record.exc_info) is (how == "failed")


def test_a_startup_that_takes_too_long_says_so() -> None:
    with pytest.raises(DeadlineError) as raised:
        Bridge(Slow(10), errors="raise")(EVENT, Context(60))
    assert str(raised.value) == "the invocation's time ran out before the app's lifespan startup was complete"


@pytest.mark.parametrize("second", [COMPLETE, FAILED, {"type": "lifespan.surprise"}])
def test_a_message_after_startup_that_does_not_belong_there_is_logged(
    second: Message, log: pytest.LogCaptureFixture
) -> None:
    class Twice(App):
        async def startup(self, scope: Scope, send: Send) -> None:
            await send(COMPLETE)
            await send(second)

    handler = Bridge(Twice())
    assert handler(EVENT)["statusCode"] == 200
    handler.close()
    [record] = log.records
    assert record.getMessage() == "the app's lifespan ended with an error"
    assert record.exc_info is not None
    assert second["type"] in str(record.exc_info[1])


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_a_startup_that_ends_otherwise_is_waited_for_by_nobody(error: BaseException) -> None:
    class Stops(App):
        async def startup(self, scope: Scope, send: Send) -> None:
            if len(self.events) == 1:
                raise error
            await send(COMPLETE)

    handler = Bridge(Stops())
    stops = not isinstance(error, asyncio.CancelledError)
    if stops:
        with pytest.raises(type(error)):
            handler(EVENT)
    with pytest.raises(LifespanError, match=type(error).__name__) as raised:
        handler(EVENT)
    assert raised.value.__cause__ is error or not stops  # asyncio makes another CancelledError
    assert handler(EVENT)["statusCode"] == 200
    handler.close()


def test_a_lifespan_that_is_cancelled_after_startup_leaves_the_requests_alone(log: pytest.LogCaptureFixture) -> None:
    class Cancelled(App):
        async def startup(self, scope: Scope, send: Send) -> None:
            await send(COMPLETE)
            raise asyncio.CancelledError

    handler = Bridge(Cancelled())
    assert handler(EVENT)["statusCode"] == 200
    handler.close()
    assert not log.records


# ---------------------------------------------------------------- time


class Slow(App):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def startup(self, scope: Scope, send: Send) -> None:
        await asyncio.sleep(self.seconds)
        self.events.append("ready")
        await send(COMPLETE)


def test_a_startup_that_outlasts_an_event_goes_on_in_the_next() -> None:
    app = Slow(0.08)
    handler = Bridge(app)
    assert handler(EVENT, Context(40))["statusCode"] == 504
    assert app.events == ["up"]
    assert handler(EVENT, Context(10_000))["statusCode"] == 200
    assert app.events == ["up", "ready"]
    handler.close()


def test_a_startup_that_takes_too_long_is_raised_where_errors_are_to_be() -> None:
    handler = Bridge(Slow(0.05), errors="raise")
    with pytest.raises(DeadlineError, match="startup"):
        handler(EVENT, Context(20))
    assert handler(EVENT)["statusCode"] == 200
    handler.close()


def test_what_is_no_request_waits_for_startup_no_longer_than_the_deadline() -> None:
    app = Slow(0.08)
    handler: Any = Bridge(app, on_event=lambda event, context: app.events.copy())
    with pytest.raises(DeadlineError, match="startup"):
        handler({"detail": {}}, Context(20))
    assert handler({"detail": {}}, Context(10_000)) == ["up", "ready"]
    handler.close()


async def test_so_it_is_on_a_running_loop() -> None:
    app = Slow(0.08)
    handler: Any = Bridge(app, on_event=lambda event, context: app.events.copy())
    with pytest.raises(DeadlineError, match="startup"):
        await handler.handle_async({"detail": {}}, Context(20))
    assert await handler.handle_async({"detail": {}}, Context(10_000)) == ["up", "ready"]


# ---------------------------------------------------------------- Lambda's init phase


@pytest.fixture
def init_seconds(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A process that has just begun, in Lambda."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
    monkeypatch.setattr(time, "process_time", lambda: 0.1)
    return monkeypatch


@pytest.mark.usefixtures("init_seconds")
def test_in_lambda_startup_runs_in_the_init_phase() -> None:
    app = App()
    handler = Bridge(app)
    assert app.events == ["up"]
    handler(EVENT)
    handler.close()
    assert app.events == ["up", "down"]


@pytest.mark.usefixtures("init_seconds")
def test_in_lambda_lifespan_off_is_off() -> None:
    app = App()
    handler = Bridge(app, lifespan="off")
    assert handler(EVENT)["statusCode"] == 200
    assert app.events == []


@pytest.mark.parametrize("seconds", [0.12, 0.0])
def test_a_startup_that_outlasts_the_init_phase_goes_on_in_the_first_event(
    seconds: float, init_seconds: pytest.MonkeyPatch
) -> None:
    init_seconds.setattr(asgi, "INIT_SECONDS", seconds)
    app = Slow(0.05)
    handler = Bridge(app)
    assert app.events == ["up"]
    assert handler(EVENT)["statusCode"] == 200
    assert app.events == ["up", "ready"]
    handler.close()


@pytest.mark.parametrize("kind", ["provisioned-concurrency", "snap-start", "lambda-managed-instances"])
def test_a_startup_that_no_event_waits_for_runs_to_its_end_in_the_init_phase(
    kind: str, init_seconds: pytest.MonkeyPatch
) -> None:
    init_seconds.setattr(asgi, "INIT_SECONDS", 0.0)
    init_seconds.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)
    app = Slow(0.05)
    handler = Bridge(app)
    assert app.events == ["up", "ready"]
    handler.close()


def test_on_demand_says_itself(init_seconds: pytest.MonkeyPatch) -> None:
    init_seconds.setattr(asgi, "INIT_SECONDS", 0.0)
    init_seconds.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    app = Slow(0.05)
    handler = Bridge(app)
    assert app.events == ["up"]
    handler(EVENT)
    handler.close()


def test_open_starts_up_and_close_shuts_down_around_a_snapshot() -> None:
    hooks = pytest.importorskip("snapshot_restore_py", reason="it comes with awslambdaric")
    app = App()
    handler = Bridge(app)
    hooks.register_before_snapshot(handler.close)
    hooks.register_after_restore(handler.open)
    handler.open()
    handler.open()
    assert app.events == ["up"]
    for registered in (hooks.get_before_snapshot(), hooks.get_after_restore()):
        function, args, kwargs = registered.pop()
        function(*args, **kwargs)
    assert app.events == ["up", "down", "up"]
    assert handler(EVENT)["statusCode"] == 200
    assert app.events == ["up", "down", "up"]
    handler.close()


def test_open_says_why_a_startup_has_failed() -> None:
    with pytest.raises(LifespanError, match="no database"):
        Bridge(Fails()).open()


def test_open_is_nothing_to_a_wsgi_app() -> None:
    Bridge(lambda environ, start_response: []).open()


async def test_open_refuses_where_a_loop_runs() -> None:
    with pytest.raises(RunningLoopError):
        Bridge(App()).open()


@pytest.mark.usefixtures("init_seconds")
def test_a_startup_that_fails_in_the_init_phase_fails_the_init() -> None:
    with pytest.raises(LifespanError, match="no database"):
        Bridge(Fails())
    with pytest.raises(LifespanError, match="returned"):
        Bridge(Returns(), lifespan="on")


@pytest.mark.usefixtures("init_seconds")
async def test_where_another_server_imports_the_module_startup_is_left_to_it() -> None:
    app = App()
    Bridge(app)
    assert app.events == []


@pytest.fixture
def imported_by_serve(init_seconds: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`bridge serve --reload`, whose server imports the module on a loop of its own."""
    init_seconds.setattr(current, "imports_as_lambda", True)
    return init_seconds


@pytest.mark.usefixtures("imported_by_serve")
async def test_where_bridge_serve_imports_the_module_startup_runs_as_in_the_init_phase() -> None:
    app = Slow(0.01)
    handler = Bridge(app)
    assert app.events == ["up", "ready"]
    await asyncio.to_thread(handler.close)
    with pytest.raises(LifespanError, match="no database"):
        Bridge(Fails())


async def test_and_as_long_as_there(imported_by_serve: pytest.MonkeyPatch) -> None:
    imported_by_serve.setattr(asgi, "INIT_SECONDS", 0.0)
    app = Slow(0.05)
    handler = Bridge(app)
    assert app.events == ["up"]
    assert (await asyncio.to_thread(handler, EVENT))["statusCode"] == 200
    await asyncio.to_thread(handler.close)


# ---------------------------------------------------------------- shutdown


def test_a_shutdown_that_fails_is_logged(log: pytest.LogCaptureFixture) -> None:
    class FailsToStop(App):
        async def shutdown(self, send: Send) -> None:
            await send({"type": "lifespan.shutdown.failed", "message": "still busy"})

    handler = Bridge(FailsToStop())
    handler(EVENT)
    handler.close()
    assert [record.getMessage() for record in log.records] == ["the app's lifespan shutdown failed: still busy"]


def test_a_failed_shutdown_need_not_say_why(log: pytest.LogCaptureFixture) -> None:
    class FailsToStop(App):
        async def shutdown(self, send: Send) -> None:
            await send({"type": "lifespan.shutdown.failed"})

    handler = Bridge(FailsToStop())
    handler(EVENT)
    handler.close()
    assert log.messages == ["the app's lifespan shutdown failed: no message"]


def test_a_shutdown_that_raises_is_logged_with_its_traceback(log: pytest.LogCaptureFixture) -> None:
    class RaisesAtTheEnd(App):
        async def shutdown(self, send: Send) -> None:
            raise KeyError("at the end")

    handler = Bridge(RaisesAtTheEnd())
    handler(EVENT)
    handler.close()
    [record] = log.records
    assert "in shutdown" in log.text
    assert record.getMessage() == "the app's lifespan ended with an error"


def test_a_shutdown_that_hangs_is_logged_and_left(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "SHUTDOWN_SECONDS", 0.02)
    release: list[asyncio.Event] = []

    class Hangs(App):
        async def shutdown(self, send: Send) -> None:
            release.append(asyncio.Event())
            await release[0].wait()

    app = Hangs()
    handler = Bridge(app)
    handler(EVENT)
    handler.close()
    assert [record.getMessage() for record in log.records] == [
        "the app's lifespan shutdown took longer than 0.02 s and was left"
    ]
    assert handler(EVENT)["statusCode"] == 200
    assert app.events == ["up", "up"]
    release[0].set()
    handler.close()
    assert app.events == ["up", "up", "down", "down"]


def test_the_shutdown_message_comes_once_also_to_tasks_of_the_apps_own(log: pytest.LogCaptureFixture) -> None:
    class Listens(App):
        async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            gives_up = asyncio.create_task(receive())
            await asyncio.sleep(0)
            gives_up.cancel()
            await asyncio.wait({gives_up})
            self.events.append("cancelled" if gives_up.cancelled() else "not cancelled")
            await send(COMPLETE)
            self.events.append((await asyncio.create_task(receive()))["type"])
            more = asyncio.create_task(receive())
            await asyncio.wait({more}, timeout=0.01)
            self.events.append("one more" if more.done() else "no more")
            more.cancel()

    app = Listens()
    handler = Bridge(app)
    handler(EVENT)
    handler.close()
    assert app.events == ["cancelled", "lifespan.shutdown", "no more"]
    assert not log.records


# ---------------------------------------------------------------- on the caller's loop


@pytest.mark.parametrize("lifespan", ["auto", "on"])
async def test_handle_async_starts_up_once_for_its_loop(lifespan: Literal["auto", "on"]) -> None:
    app = Slow(0.005)
    handler = Bridge(app, lifespan=lifespan)
    results = await asyncio.gather(*(handler.handle_async(EVENT) for _ in range(10)))
    assert {result["statusCode"] for result in results} == {200}
    assert app.events == ["up", "ready"]


async def test_handle_async_on_a_loop_that_has_started_goes_on_at_once() -> None:
    app = Stateful()
    handler = Bridge(app)
    for _ in range(3):
        assert (await handler.handle_async(EVENT))["statusCode"] == 200
    assert app.events == ["up"]
    assert app.states == [{"pool": ["connection"]}] * 3


def test_loops_in_two_threads_each_have_a_lifespan() -> None:
    app = App()
    handler = Bridge(app)
    both = threading.Barrier(2)

    async def main() -> None:
        for _ in range(2):
            assert (await handler.handle_async(EVENT))["statusCode"] == 200
            both.wait(5)

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(app.events) == ["down", "down", "up", "up"]
    assert len(app.states) == 4


async def test_handle_async_raises_a_failed_startup_to_all_who_wait_and_tries_again(
    log: pytest.LogCaptureFixture,
) -> None:
    class FailsLater(Fails):
        async def startup(self, scope: Scope, send: Send) -> None:
            await asyncio.sleep(0.001)
            await super().startup(scope, send)

    app = FailsLater()
    handler = Bridge(app)
    results = await asyncio.gather(*(handler.handle_async(EVENT) for _ in range(5)), return_exceptions=True)
    assert {str(result) for result in results} == {
        "the app's lifespan startup failed: no database. The next event tries again; Bridge(app, lifespan='off') "
        "serves the app without its startup"
    }
    assert (await handler.handle_async(EVENT))["statusCode"] == 200
    assert app.events == ["up", "up"]


async def test_handle_async_waits_for_startup_no_longer_than_the_deadline() -> None:
    app = Slow(0.08)
    handler = Bridge(app)
    assert (await handler.handle_async(EVENT, Context(40)))["statusCode"] == 504
    assert (await handler.handle_async(EVENT, Context(10_000)))["statusCode"] == 200
    assert app.events == ["up", "ready"]


def test_a_startup_that_is_cancelled_where_nobody_waits_any_more_is_not_complained_of(
    log: pytest.LogCaptureFixture,
) -> None:
    async def never_starts(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    result = asyncio.run(Bridge(never_starts).handle_async(EVENT, Context(60)))
    assert result["statusCode"] == 504
    gc.collect()
    assert [record for record in log.records if record.name == "asyncio"] == []


def test_asyncio_run_ends_the_lifespan_in_order(log: pytest.LogCaptureFixture) -> None:
    app = App()
    handler = Bridge(app)
    assert asyncio.run(handler.handle_async(EVENT))["statusCode"] == 200
    assert app.events == ["up", "down"]
    assert not log.records


# ---------------------------------------------------------------- Starlette


def test_a_starlette_lifespan_and_its_state(log: pytest.LogCaptureFixture) -> None:
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        events.append("up")
        yield {"pool": "a pool"}
        await asyncio.sleep(0.001)
        events.append("down")

    async def show(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.state.pool)

    handler = Bridge(Starlette(routes=[Route("/{path:path}", show)], lifespan=lifespan))
    for _ in range(2):
        assert handler(EVENT)["body"] == "a pool"
    handler.close()
    assert asyncio.run(handler.handle_async(EVENT))["body"] == "a pool"
    assert events == ["up", "down"] * 2
    assert not log.records


def test_a_starlette_lifespan_that_fails_says_why(log: pytest.LogCaptureFixture) -> None:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    with pytest.raises(LifespanError, match="RuntimeError: no database"):
        Bridge(Starlette(lifespan=lifespan))(EVENT)
    assert not log.records


def test_a_lifespan_runs_while_requests_come() -> None:
    code, output, errors = process("""
        import contextlib

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                await receive()
                task = asyncio.create_task(count(scope["state"]))
                await send({"type": "lifespan.startup.complete"})
                await receive()
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                await send({"type": "lifespan.shutdown.complete"})
            else:
                await asyncio.sleep(0.01)
                await respond(send, str(len(scope["state"]["counted"])).encode())

        async def count(state):
            state["counted"] = []
            while True:
                state["counted"].append(1)
                await asyncio.sleep(0.002)

        handler = Bridge(app)
        first, second = (int(handler(EVENT)["body"]) for _ in range(2))
        print(0 < first < second)
    """)
    assert (code, output, errors) == (0, "True\n", "")
