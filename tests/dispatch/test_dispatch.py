"""What becomes of events that are no HTTP requests: on_event, warm_up; tests/sources/test_posted.py has events_path."""

import asyncio
import contextvars
import functools
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette

from bridge import (
    AppError,
    Bridge as TypedBridge,
    ConfigurationError,
    DeadlineError,
    EventError,
    LifespanError,
    RunningLoopError,
)

from ..apps import APPS, Asgi, Interface, Wsgi
from ..asgi_apps import Context
from ..samples import HTTP, OTHER, sample
from ..targets import TARGETS, Sent, Target

Bridge: Any = TypedBridge  # whose annotations speak of HTTP requests
INTERFACES: list[Interface] = ["asgi", "wsgi"]
BOTH = pytest.mark.parametrize("interface", INTERFACES)
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
SOCKETS = ["other_websocket_connect", "other_websocket_message"]
OTHER_THAN = {"asgi": [name for name in OTHER if name not in SOCKETS], "wsgi": OTHER}
"""What an interface has no other answer to: an ASGI app is what WebSocket APIs are for."""
PINGS = [name for name in OTHER if "warm_up" in name]


class OrderLostError(Exception): ...


SHORT = Context(60)
"""Hardly any time is left."""


def echo(event: Any, context: Any) -> Any:
    return {"event": event, "context": context}


async def echo_async(event: Any, context: Any) -> Any:
    await asyncio.sleep(0)
    return {"event": event, "context": context}


class Echo:
    """Callables that do not look like coroutine functions, but give something to await."""

    async def __call__(self, event: Any, context: Any) -> Any:
        return await echo_async(event, context)


def echo_later(event: Any, context: Any) -> Any:
    return echo_async(event, context)


FUNCTIONS = [echo, echo_async, Echo(), echo_later, functools.partial(echo_async), Echo().__call__]
EVERY_FUNCTION = pytest.mark.parametrize("function", FUNCTIONS)


class TestOnEvent:
    @BOTH
    def test_gets_every_event_that_is_no_request_as_it_is(self, interface: Interface) -> None:
        app, context = APPS[interface](), object()
        bridge = Bridge(app, on_event=echo)
        for name in OTHER_THAN[interface]:
            event = sample(name)
            assert bridge(event, context) == {"event": event, "context": context}, name
        assert app.seen == []

    @BOTH
    @EVERY_FUNCTION
    def test_may_be_any_callable(self, interface: Interface, function: Any) -> None:
        event = sample("other_sqs")
        assert Bridge(APPS[interface](), on_event=function)(event, 7) == {"event": event, "context": 7}

    @BOTH
    @EVERY_FUNCTION
    async def test_gets_them_from_handle_async_too(self, interface: Interface, function: Any) -> None:
        event = sample("other_sqs")
        result = await Bridge(APPS[interface](), on_event=function).handle_async(event, 7)
        assert result == {"event": event, "context": 7}

    @BOTH
    @pytest.mark.parametrize("name", HTTP)
    def test_gets_no_request(self, interface: Interface, name: str) -> None:
        app = APPS[interface]()
        events: list[Any] = []
        result = Bridge(app, on_event=lambda event, _: events.append(event), warm_up=True)(sample(name))
        assert (result, len(app.seen), events) == (Bridge(APPS[interface]())(sample(name)), 1, [])

    @pytest.mark.parametrize(
        "value",
        [
            {"batchItemFailures": [{"itemIdentifier": "m-1"}]},
            {"principalId": "jane", "policyDocument": {"Version": "2012-10-17", "Statement": []}},
            {"isAuthorized": True},
            None,
            [],
            "text",
            0,
            1.5,
            False,
        ],
    )
    def test_returns_any_json_value_untouched(self, value: Any) -> None:
        assert Bridge(Wsgi(), on_event=lambda event, context: value)(sample("other_sqs")) is value

    @BOTH
    @pytest.mark.parametrize("errors", ["respond", "raise"])
    async def test_may_raise_and_lambda_sees_it(self, interface: Interface, errors: Any) -> None:
        failure = OrderLostError()

        def plain(event: Any, context: Any) -> Any:
            raise failure

        async def asynchronous(event: Any, context: Any) -> Any:
            raise failure

        for function in (plain, asynchronous):
            bridge = Bridge(APPS[interface](), on_event=function, errors=errors)
            with pytest.raises(OrderLostError) as raised:
                await bridge.handle_async(sample("other_sqs"))
            assert raised.value is failure
            with pytest.raises(OrderLostError) as raised:
                await asyncio.to_thread(bridge, sample("other_sqs"))
            assert raised.value is failure

    def test_gets_what_lambda_may_send_besides_objects(self) -> None:
        bridge = Bridge(Wsgi(), on_event=echo)
        for event in (None, "text", 7, [1], True):
            assert bridge(event, None)["event"] == event

    def test_that_cannot_be_called_is_a_mistake(self) -> None:
        with pytest.raises(
            ConfigurationError, match=r"on_event=\.\.\.\) takes a function of event and context, not 'x'"
        ):
            Bridge(Wsgi(), on_event="x")

    def test_and_a_path_for_events_exclude_each_other(self) -> None:
        with pytest.raises(ConfigurationError, match="not both"):
            Bridge(Wsgi(), on_event=echo, events_path="/events")

    def test_runs_on_the_loop_of_the_app(self) -> None:
        loops: list[asyncio.AbstractEventLoop] = []

        async def app(scope: Any, receive: Any, send: Callable[..., Any]) -> None:
            loops.append(asyncio.get_running_loop())
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        async def on_event(event: Any, context: Any) -> None:
            loops.append(asyncio.get_running_loop())

        bridge = Bridge(app, lifespan="off", on_event=on_event)
        bridge(sample("http_api"))
        bridge(sample("other_sqs"))
        Bridge(Wsgi(), on_event=on_event)(sample("other_sqs"))
        assert loops[0] is loops[1] is loops[2]

    def test_runs_on_a_loop_of_the_factory(self) -> None:
        class Loop(asyncio.SelectorEventLoop): ...

        async def on_event(event: Any, context: Any) -> bool:
            return isinstance(asyncio.get_running_loop(), Loop)

        assert Bridge(Wsgi(), on_event=on_event, loop_factory=Loop)(sample("other_sqs")) is True
        assert Bridge(Asgi(), on_event=on_event, loop_factory=Loop)(sample("other_sqs")) is True

    async def test_runs_on_the_callers_loop_under_handle_async(self) -> None:
        async def on_event(event: Any, context: Any) -> asyncio.AbstractEventLoop:
            return asyncio.get_running_loop()

        loop = asyncio.get_running_loop()
        assert await Bridge(Wsgi(), on_event=on_event).handle_async(sample("other_sqs")) is loop

    async def test_runs_in_a_thread_under_handle_async_if_it_is_a_plain_function(self) -> None:
        variable = contextvars.ContextVar("variable", default="default")
        variable.set("set")
        bridge = Bridge(Wsgi(), on_event=lambda event, context: (threading.current_thread(), variable.get()))
        thread, value = await bridge.handle_async(sample("other_sqs"))
        assert thread is not threading.current_thread()
        assert value == "set"

    async def test_that_awaits_is_refused_inside_a_running_loop(self) -> None:
        with pytest.raises(RunningLoopError):
            Bridge(Wsgi(), on_event=echo_async)(sample("other_sqs"))
        assert Bridge(Wsgi(), on_event=echo)(sample("other_sqs"))["context"] is None

    def test_is_ended_by_the_deadline(self) -> None:
        cancelled: list[bool] = []

        async def on_event(event: Any, context: Any) -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

        with pytest.raises(DeadlineError):
            Bridge(Wsgi(), on_event=on_event)(sample("other_sqs"), SHORT)
        with pytest.raises(DeadlineError):
            asyncio.run(Bridge(Wsgi(), on_event=on_event).handle_async(sample("other_sqs"), SHORT))
        assert cancelled == [True, True]

    async def test_may_raise_a_timeout_of_its_own_on_a_running_loop(self) -> None:
        async def on_event(event: Any, context: Any) -> None:
            raise TimeoutError("the database's")

        with pytest.raises(TimeoutError, match="the database's") as raised:
            await Bridge(Wsgi(), on_event=on_event).handle_async(sample("other_sqs"), Context(30_000))
        assert not isinstance(raised.value, DeadlineError)

    def test_fails_by_an_exception_where_what_it_raises_would_end_lambdas_runtime(self) -> None:
        async def on_event(event: Any, context: Any) -> None:
            raise asyncio.CancelledError

        with pytest.raises(AppError, match=r"CancelledError\(\)"):
            Bridge(Wsgi(), on_event=on_event)(sample("other_sqs"))


class TestLifespan:
    def app(self, lives: list[str], failure: Exception | None = None) -> Starlette:
        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            if failure:
                raise failure
            lives.append("started")
            app.state.pool = "pool"
            yield

        return Starlette(lifespan=lifespan)

    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_has_started_once_before_the_first_event(self, asynchronous: bool) -> None:
        lives: list[str] = []
        app = self.app(lives)

        def plain(event: Any, context: Any) -> Any:
            return app.state.pool

        async def waiting(event: Any, context: Any) -> Any:
            return app.state.pool

        bridge = Bridge(app, on_event=waiting if asynchronous else plain)
        assert [bridge(sample("other_sqs")), bridge(sample("other_sqs"))] == ["pool", "pool"]
        bridge(sample("http_api"))
        assert lives == ["started"]
        bridge.close()

    async def test_has_started_on_the_callers_loop_too(self) -> None:
        lives: list[str] = []
        app = self.app(lives)
        bridge = Bridge(app, on_event=lambda event, context: app.state.pool)
        assert await bridge.handle_async(sample("other_sqs")) == "pool"
        await bridge.handle_async(sample("http_api"))
        assert lives == ["started"]

    async def test_that_does_not_start_fails_the_event(self) -> None:
        bridge = Bridge(self.app([], OrderLostError("no database")), on_event=echo)
        with pytest.raises(LifespanError, match="no database"):
            await bridge.handle_async(sample("other_sqs"))
        with pytest.raises(LifespanError, match="no database"):
            await asyncio.to_thread(bridge, sample("other_sqs"))

    async def test_may_be_off(self) -> None:
        lives: list[str] = []
        bridge = Bridge(self.app(lives), on_event=echo_async, lifespan="off")
        await bridge.handle_async(sample("other_sqs"))
        await asyncio.to_thread(bridge, sample("other_sqs"))
        assert lives == []

    def test_in_lambda_a_mistake_in_the_options_comes_before_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lives: list[str] = []
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "probe")
        with pytest.raises(ConfigurationError):
            Bridge(self.app(lives), on_event=echo, events_path="/events")
        assert lives == []


class TestWarmUp:
    @BOTH
    @pytest.mark.parametrize("name", PINGS)
    @pytest.mark.parametrize("options", [{}, {"on_event": echo}, {"events_path": "/events"}])
    async def test_pings_are_answered_at_once(self, interface: Interface, name: str, options: Any) -> None:
        app = APPS[interface]()
        bridge = Bridge(app, warm_up=True, **options)
        assert await bridge.handle_async(sample(name)) == "warm"
        assert await asyncio.to_thread(bridge, sample(name)) == "warm"
        assert app.seen == []

    @pytest.mark.parametrize("name", PINGS)
    def test_without_the_option_they_are_events_like_others(self, name: str) -> None:
        with pytest.raises(EventError, match="warm-up"):
            Bridge(Wsgi())(sample(name))
        assert Bridge(Wsgi(), on_event=echo)(sample(name))["event"] == sample(name)

    @pytest.mark.parametrize("name", [name for name in OTHER if name not in PINGS])
    async def test_other_events_go_where_they_would_go(self, name: str) -> None:
        with pytest.raises(EventError):
            Bridge(Wsgi(), warm_up=True)(sample(name))
        with pytest.raises(EventError):
            await Bridge(Wsgi(), warm_up=True).handle_async(sample(name))
        assert Bridge(Wsgi(), warm_up=True, on_event=echo)(sample(name))["event"] == sample(name)
        assert (await Bridge(Wsgi(), warm_up=True, on_event=echo).handle_async(sample(name)))["context"] is None

    @EVERY_TARGET
    @BOTH
    def test_a_request_is_never_taken_for_a_ping(self, target: Target, interface: Interface) -> None:
        app = APPS[interface]()
        ping = {"warmer": True, "source": "serverless-plugin-warmup"}
        sent = Sent(
            method="POST",
            path="/warmer",
            query="warmer=true&source=serverless-plugin-warmup",
            headers=(("warmer", "true"), ("source", "serverless-plugin-warmup"), ("content-type", "application/json")),
            body=json.dumps(ping).encode(),
        )
        event = target.event(sent)
        bridge = Bridge(app, warm_up=True)
        assert target.answer(bridge(event)).body == b"ok"
        assert target.answer(bridge({**event, **ping})).body == b"ok"  # nobody sends that
        assert [json.loads(seen.body) for seen in app.seen] == [ping, ping]


@BOTH
async def test_without_an_option_such_events_are_refused(interface: Interface) -> None:
    app = APPS[interface]()
    bridge = Bridge(app)
    for name in OTHER_THAN[interface]:
        with pytest.raises(EventError, match="on_event="):
            bridge(sample(name))
        with pytest.raises(EventError, match="on_event="):
            await bridge.handle_async(sample(name))
    assert app.seen == []
