"""The protocol and its edges, with plain ASGI apps."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bridge import AppError, Bridge, ConfigurationError, DeadlineError, LifespanError
from bridge.websocket import (
    ConnectionGoneError,
    Connections,
    ManagementError,
    MemoryStore,
    StaleWebSocketError,
    connection,
    suspending,
)

from ..asgi_apps import Context
from ..samples import sample
from .api import Api, Client, RefusedError, api_of

Receive = Callable[[], Any]
Send = Callable[[Any], Any]

ACCEPT = {"type": "websocket.accept"}


def app_of(work: Callable[[Receive, Send], Any]) -> Any:
    """An app that accepts, and then does some work."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        assert (await receive()) == {"type": "websocket.connect"}
        await send(ACCEPT)
        await work(receive, send)

    return app


async def forever(receive: Receive, send: Send) -> None:
    while True:
        await receive()


async def echo(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


class TestRecognition:
    @pytest.mark.parametrize("route", ["$default", "chat", "$connect", None])
    def test_does_not_look_at_the_route(self, route: str | None) -> None:
        client = api_of(app_of(echo)).connect()
        event = client.message("x")
        event["requestContext"]["routeKey"] = route
        assert client._api.handle(event) == {"statusCode": 200}
        assert client.received == ["x"]

    @pytest.mark.parametrize("name", ["other_websocket_connect", "other_websocket_message"])
    async def test_needs_no_configuration(self, name: str) -> None:
        bridge = Bridge(app_of(forever))
        assert await asyncio.to_thread(bridge, sample(name)) == {"statusCode": 200}
        assert await bridge.handle_async(sample(name)) == {"statusCode": 200}

    def test_comes_with_bridge_only_when_there_is_an_event(self) -> None:
        code = f"""
import sys
before = set(sys.modules)  # a measurement of coverage brings its own
from bridge import Bridge
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 200}})
        await send({{"type": "http.response.body"}})
    else:
        await send({{"type": "websocket.accept"}})
        await receive()
        await receive()
handler = Bridge(app, lifespan="off", websocket_path="/ws")
handler({sample("http_api")!r})
assert not [name for name in sys.modules if name.startswith("bridge.websocket")]
assert handler({sample("other_websocket_connect")!r}) == {{"statusCode": 200}}
assert "bridge.websocket._events" in sys.modules
assert not (set(sys.modules) - before) & {{"boto3", "botocore", "sqlite3", "http.client"}}
"""
        subprocess.run([sys.executable, "-c", code], check=True)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"websocket_binary": "hex"}, "Bridge(websocket_binary=...) takes 'refuse' or 'base64', not 'hex'."),
            ({"websocket_path": "ws"}, "Bridge(websocket_path=...) takes a path that starts with '/', not 'ws'."),
        ],
    )
    def test_a_value_that_cannot_work_is_named(self, options: Any, text: str) -> None:
        with pytest.raises(ConfigurationError) as error:
            Bridge(app_of(forever), **options)
        assert str(error.value) == text

    def test_path_is_kept_from_connect(self) -> None:
        paths: list[str] = []

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            paths.append(scope["path"])
            await receive()
            await send(ACCEPT)
            await echo(receive, send)

        api = api_of(app, websocket_path=lambda event: event["queryStringParameters"]["path"])
        client = api.connect(query=[("path", "/rooms/7")])
        client.say("x")
        client.leave()
        assert paths == ["/rooms/7"] * 3


class TestLifespan:
    async def app(self, scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        if scope["type"] == "lifespan":
            scope["state"]["pool"] = "p"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send(ACCEPT)
        await receive()
        await send({"type": "websocket.send", "text": scope["state"]["pool"]})
        await receive()

    def test_state_is_there(self) -> None:
        assert api_of(self.app, lifespan="on").connect().say("x") == ["p"]

    async def test_state_is_there_on_a_running_loop(self) -> None:
        api = api_of(self.app, lifespan="on")
        bridge: Any = next(iter(api.handlers))
        events = api.record()
        client = api.connect()
        await bridge.handle_async(events[0])
        assert await bridge.handle_async(client.message("x")) == {"statusCode": 200}
        assert client.received == ["p"]

    async def test_that_fails_reaches_lambda(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "no database"})

        bridge = Bridge(app)
        with pytest.raises(LifespanError, match="no database"):
            await asyncio.to_thread(bridge, sample("other_websocket_connect"))
        with pytest.raises(LifespanError, match="no database"):
            await bridge.handle_async(sample("other_websocket_connect"))

    def test_is_waited_for_no_longer_than_the_deadline(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            if scope["type"] == "lifespan":
                await asyncio.sleep(2)
                await send({"type": "lifespan.startup.complete"})
            else:
                await send(ACCEPT)

        with pytest.raises(DeadlineError, match="startup"):
            Bridge(app, errors="raise")(sample("other_websocket_connect"), Context(20))


class TestProtocol:
    def refusal(self, *messages: Any, caplog: pytest.LogCaptureFixture) -> str:
        """What the log says of an app that sends these, in $connect."""

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            for message in messages:
                await send(message)

        with pytest.raises(RefusedError) as refused:
            api_of(app).connect()
        assert refused.value.status == 500
        return caplog.text

    @pytest.mark.parametrize(
        ("messages", "text"),
        [
            ([{"type": "websocket.send", "text": "x"}], "expected 'websocket.accept'"),
            ([ACCEPT, ACCEPT], "expected 'websocket.send' or 'websocket.close'"),
            ([ACCEPT, {"type": "websocket.close"}, ACCEPT], "after it had closed or refused"),
            ([{"type": "websocket.close"}, ACCEPT], "after it had closed or refused"),
            ([ACCEPT, {"type": "websocket.send"}], "with neither text nor bytes"),
            ([ACCEPT, {"type": "websocket.send", "text": 7}], "with neither text nor bytes"),
            (
                [{"type": "websocket.http.response.start", "status": 401}, ACCEPT],
                "expected 'websocket.http.response.body'",
            ),
            ([{"type": "websocket.http.response.start", "status": 401}], "neither accepted nor refused"),
            ([{"type": "websocket.accept", "headers": [("a", "b")]}], "no pairs of bytes"),
        ],
    )
    def test_that_is_broken_is_an_error(self, messages: list[Any], text: str, caplog: pytest.LogCaptureFixture) -> None:
        assert text in self.refusal(*messages, caplog=caplog)

    def test_a_refusal_may_have_cookies_and_bytes(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            headers = [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"content-type", b"image/png")]
            await send({"type": "websocket.http.response.start", "status": 402, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b"\xff", "more_body": True})
            await send({"type": "websocket.http.response.body", "body": b"\x00"})

        with pytest.raises(RefusedError) as refused:
            api_of(app).connect()
        assert refused.value.result == {
            "statusCode": 402,
            "headers": {"content-type": "image/png"},
            "multiValueHeaders": {"content-type": ["image/png"], "set-cookie": ["a=1", "b=2"]},
            "body": "/wA=",
            "isBase64Encoded": True,
        }

    def test_a_refusal_without_end_is_stopped(self, caplog: pytest.LogCaptureFixture) -> None:
        start = {"type": "websocket.http.response.start", "status": 402}
        body = {"type": "websocket.http.response.body", "body": b"x" * 4_000_000, "more_body": True}
        assert "more than 6,291,556 bytes" in self.refusal(start, body, body, caplog=caplog)

    def test_an_app_that_waits_before_it_has_accepted_is_told_so(self, caplog: pytest.LogCaptureFixture) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            await asyncio.gather(receive(), receive())

        with pytest.raises(RefusedError):
            api_of(app).connect()
        assert "has not accepted the connection" in caplog.text

    def test_an_app_that_refuses_gets_a_disconnect(self) -> None:
        seen: list[Any] = []

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            waiting = asyncio.create_task(receive())
            await asyncio.sleep(0)
            await send({"type": "websocket.close"})
            seen.append(await waiting)

        with pytest.raises(RefusedError):
            api_of(app).connect()
        assert seen == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]

    def test_an_app_that_has_refused_and_waits_on_is_ended(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            waiting = [asyncio.create_task(receive()) for _ in range(2)]
            await asyncio.sleep(0)
            await send({"type": "websocket.close"})
            await asyncio.gather(*waiting)

        with pytest.raises(RefusedError) as refused:
            api_of(app).connect()
        assert refused.value.status == 403

    @pytest.mark.parametrize(
        ("messages", "status", "text"),
        [
            ([{"type": "websocket.close"}], 403, "the app has refused a WebSocket connection with 403"),
            (
                [{"type": "websocket.http.response.start", "status": 401}, {"type": "websocket.http.response.body"}],
                401,
                "the app has refused a WebSocket connection with 401",
            ),
            ([ACCEPT, {"type": "websocket.close"}], 403, "closed it or ended before it asked for a message"),
            ([ACCEPT], 403, "closed it or ended before it asked for a message"),
        ],
    )
    def test_a_refusal_leaves_one_line_that_lambda_shows(
        self, messages: list[dict[str, Any]], status: int, text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            for message in messages:
                await send(message)

        with pytest.raises(RefusedError) as refused:
            api_of(app, websocket_path="/chat").connect()
        assert refused.value.status == status
        (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert text in record.getMessage()
        assert "'/chat'" in record.getMessage()

    def test_a_connection_that_is_accepted_late_gets_its_message(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()

            async def read() -> None:
                while True:
                    message = await receive()
                    await send({"type": "websocket.send", "text": message["text"]})

            reader = asyncio.create_task(read())
            await asyncio.sleep(0.02)
            await send(ACCEPT)
            await reader

        assert api_of(app, websocket_linger=0).connect().say("a") == ["a"]

    def test_several_tasks_may_wait_for_messages(self) -> None:
        async def work(receive: Receive, send: Send) -> None:
            async def read() -> None:
                message = await receive()
                await send({"type": "websocket.send", "text": message["text"]})
                await asyncio.Event().wait()

            await asyncio.gather(read(), read())

        assert api_of(app_of(work), websocket_linger=0.05).connect().say("a", "b") == ["a", "b"]


class TestEndOfARun:
    def test_an_app_that_takes_no_notice_is_cancelled_again(self) -> None:
        cancelled: list[int] = []

        async def work(receive: Receive, send: Send) -> None:
            while len(cancelled) < 3:
                try:
                    await receive()
                except asyncio.CancelledError:
                    cancelled.append(1)

        api_of(app_of(work)).connect()
        assert len(cancelled) == 3

    def test_tasks_that_have_used_the_connection_end_with_it_and_others_go_on(self) -> None:
        tasks: list[asyncio.Task[Any]] = []

        async def work(receive: Receive, send: Send) -> None:
            async def uses() -> None:
                await send({"type": "websocket.send", "text": "x"})
                await asyncio.sleep(60)

            tasks.extend([asyncio.create_task(uses()), asyncio.create_task(asyncio.sleep(60))])
            await asyncio.sleep(0)
            await receive()

        api_of(app_of(work), websocket_linger=0.02).connect()
        assert [task.done() for task in tasks] == [True, False]
        tasks[1].cancel()

    def test_a_task_that_first_uses_the_connection_after_the_end_is_told_so(self) -> None:
        errors: list[BaseException] = []

        async def work(receive: Receive, send: Send) -> None:
            async def late() -> None:
                await over.wait()
                for use in (receive, lambda: send(ACCEPT)):
                    try:
                        await use()
                    except StaleWebSocketError as error:
                        errors.append(error)

            tasks.append(asyncio.create_task(late()))
            await receive()

        async def wait(receive: Receive, send: Send) -> None:
            over.set()
            await asyncio.wait(tasks)
            await receive()

        over = asyncio.Event()
        tasks: list[asyncio.Task[Any]] = []
        store = MemoryStore()
        api_of(app_of(work), store=store, websocket_linger=0.02).connect()
        api_of(app_of(wait), store=store).connect()
        assert len(errors) == 2

    def test_waits_for_posts_that_are_on_their_way(self) -> None:
        async def work(receive: Receive, send: Send) -> None:
            await receive()
            posting = asyncio.create_task(send({"type": "websocket.send", "text": "x"}))
            await asyncio.sleep(0)
            posting.cancel()

        client = api_of(app_of(work)).connect()
        assert client.say("go") == ["x"]

    def test_posts_keep_their_order_even_if_one_is_cancelled(self) -> None:
        async def work(receive: Receive, send: Send) -> None:
            while True:
                await receive()
                posts = [asyncio.create_task(send({"type": "websocket.send", "text": str(n)})) for n in range(9)]
                await asyncio.sleep(0)
                posts[0].cancel()
                await asyncio.wait(posts)

        client = api_of(app_of(work)).connect()
        assert client.say("go") == [str(number) for number in range(9)]


class TestDeadline:
    def test_at_connect_is_a_504(self, caplog: pytest.LogCaptureFixture) -> None:
        api = api_of(app_of(lambda receive, send: asyncio.sleep(60)))
        api.context = Context(100)
        with pytest.raises(RefusedError) as refused:
            api.connect()
        assert refused.value.result == {"statusCode": 504}
        assert "time ran out" in caplog.text

    def test_at_a_message_closes(self) -> None:
        async def work(receive: Receive, send: Send) -> None:
            await receive()
            await asyncio.sleep(60)

        api = api_of(app_of(work))
        client = api.connect()
        api.context = Context(100)
        assert client.send("x") == 504
        assert client.closed

    def test_leaves_an_app_that_will_not_end(self) -> None:
        async def work(receive: Receive, send: Send) -> None:
            for _ in range(9):
                try:
                    await asyncio.sleep(0.2)
                except asyncio.CancelledError:
                    await asyncio.sleep(0.3)

        api = api_of(app_of(work))
        api.context = Context(100)
        with pytest.raises(RefusedError):
            api.connect()

    def test_shortens_the_wait_for_tasks_at_work(self, caplog: pytest.LogCaptureFixture) -> None:
        async def work(receive: Receive, send: Send) -> None:
            async def tick() -> None:
                while True:
                    await asyncio.sleep(0.01)

            ticker = asyncio.create_task(tick())
            try:
                await receive()
            finally:
                ticker.cancel()

        api = api_of(app_of(work), websocket_linger=60)
        api.context = Context(1500)
        assert api.connect().result == {"statusCode": 200}
        assert "tick" in caplog.text

    def test_does_not_wait_for_a_post_that_hangs(self) -> None:
        async def work(receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.send", "text": "x"})

        api = api_of(app_of(work))
        client = api.connect()
        api.context = Context(100)
        answered = threading.Event()
        api.post = lambda *_: answered.wait(60)  # type: ignore[assignment, method-assign]
        try:
            assert client.send("x") == 504
        finally:
            answered.set()

    def test_of_a_goodbye_is_three_seconds(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr("bridge.websocket._events.GOODBYE_SECONDS", 0.05)

        async def work(receive: Receive, send: Send) -> None:
            message = await receive()
            assert message["type"] == "websocket.disconnect"
            await asyncio.sleep(60)

        api = api_of(app_of(work))
        assert api.connect().leave() == 200
        assert "had not ended 0.05 s after websocket.disconnect" in caplog.text
        api.context = Context(100_000)
        assert api.connect().leave() == 200

    def test_of_the_startup_is_a_504(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0.5)

        api = api_of(app, lifespan="auto")
        api.context = Context(100)
        with pytest.raises(RefusedError) as refused:
            api.connect()
        assert refused.value.status == 504

    async def test_a_caller_that_is_cancelled_cancels_the_app(self) -> None:
        ended: list[str] = []

        async def work(receive: Receive, send: Send) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("cancelled")

        bridge = Bridge(app_of(work), lifespan="off")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bridge.handle_async(sample("other_websocket_connect")), 0.05)
        await asyncio.sleep(0.01)
        assert ended == ["cancelled"]


class TestGone:
    def test_after_the_disconnect_a_send_is_an_os_error(self) -> None:
        errors: list[BaseException] = []

        async def work(receive: Receive, send: Send) -> None:
            await receive()
            try:
                await send({"type": "websocket.send", "text": "x"})
            except OSError as error:
                errors.append(error)
                raise

        assert api_of(app_of(work)).connect().leave() == 200
        assert isinstance(errors[0], ConnectionGoneError)

    def test_after_the_disconnect_receive_is_the_end(self) -> None:
        seen: list[Any] = []

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            await send(ACCEPT)
            await receive()
            try:
                await receive()
            finally:
                seen.append(suspending(scope))

        assert api_of(app).connect().leave() == 200
        assert seen == [False]

    def test_a_second_send_finds_no_client_either(self) -> None:
        errors: list[object] = []

        async def work(receive: Receive, send: Send) -> None:
            await receive()
            sends = [send({"type": "websocket.send", "text": "x"}) for _ in range(3)]
            errors.extend(error for error in await asyncio.gather(*sends, return_exceptions=True) if error)
            try:
                await send({"type": "websocket.send", "text": "x"})
            except ConnectionGoneError as error:
                errors.append(error)
            errors.append((await receive())["type"])

        client = api_of(app_of(work)).connect()
        client.open = False
        assert client.send("x") == 200
        assert [isinstance(error, ConnectionGoneError) for error in errors] == [True] * 4 + [False]
        assert errors[4] == "websocket.disconnect"

    def test_a_client_that_has_left_before_its_greeting_is_left_to_its_disconnect(self) -> None:
        ran: list[Any] = []

        async def work(receive: Receive, send: Send) -> None:
            await send({"type": "websocket.send", "text": "welcome"})
            ran.append((await receive())["type"])

        client = api_of(app_of(work)).connect()
        client.open = False
        assert client.send("x") == 200
        assert ran == []
        assert client.leave() == 200
        assert ran == ["websocket.disconnect"]

    def test_a_message_of_a_connection_that_is_not_known_closes_it(self, caplog: pytest.LogCaptureFixture) -> None:
        api = api_of(app_of(forever))
        client = Client(api)
        client.open = True
        api.clients[client.id] = client
        assert client.send("x") == 200
        assert client.closed
        assert "does not have (any more)" in caplog.text
        assert "A MemoryStore is one process's own" in caplog.text

    def test_a_connection_that_cannot_be_closed_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        async def once(receive: Receive, send: Send) -> None:
            await receive()

        def delete(connection_id: str) -> None:
            raise ManagementError("403 Forbidden")

        api = api_of(app_of(once))
        api.delete = delete  # type: ignore[method-assign]
        assert api.connect().send("x") == 200
        assert "could not be closed: 403 Forbidden" in caplog.text


class TestRefusalOfAMessage:
    @pytest.mark.parametrize("kept", [True, False])
    def test_closes(self, kept: bool, caplog: pytest.LogCaptureFixture) -> None:
        allowed = [True]

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            if not allowed.pop():
                await send({"type": "websocket.close", "code": 1008})
                return
            allowed.append(False)
            await send(ACCEPT)
            await receive()

        client = api_of(app, kept=kept).connect()
        assert client.send("x") == 200
        assert client.closed
        assert "that it had accepted" in caplog.text
        assert ("Without a store" in caplog.text) is not kept


class TestFailuresOfTheStore:
    class Broken(MemoryStore):
        def put(self, *args: Any, **options: Any) -> bool:
            raise OSError("no table")

    def test_are_a_500(self, caplog: pytest.LogCaptureFixture) -> None:
        with pytest.raises(RefusedError) as refused:
            api_of(app_of(forever), store=self.Broken()).connect()
        assert refused.value.status == 500
        assert "no table" in caplog.text

    def test_never_end_lambdas_runtime(self) -> None:
        class StopError(BaseException): ...

        async def work(receive: Receive, send: Send) -> None:
            raise StopError

        bridge = Bridge(app_of(work), lifespan="off", errors="raise")
        with pytest.raises(AppError, match="the app raised StopError"):
            bridge(sample("other_websocket_connect"))

    async def test_reach_lambda_if_they_are_to(self) -> None:
        bridge = Bridge(app_of(forever), lifespan="off", errors="raise", connections=Connections(self.Broken()))
        with pytest.raises(OSError, match="no table"):
            await asyncio.to_thread(bridge, sample("other_websocket_connect"))
        with pytest.raises(OSError, match="no table"):
            await bridge.handle_async(sample("other_websocket_connect"))


class TestCost:
    class Counting(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            self.calls: list[str] = []

        def get(self, *args: Any) -> Any:
            self.calls.append("get")
            return super().get(*args)

        def put(self, *args: Any, **options: Any) -> bool:
            self.calls.append("put")
            return super().put(*args, **options)

        def delete(self, *args: Any) -> Any:
            self.calls.append("delete")
            return super().delete(*args)

        def sorts(self, key: str) -> list[str]:
            self.calls.append("sorts")
            return super().sorts(key)

    def test_of_a_message_is_one_read(self) -> None:
        async def app(scope: Any, receive: Receive, send: Send) -> None:
            await receive()
            await send(ACCEPT)
            mine = connection(scope)
            await mine.join("all")
            await mine.set_attachment({"user": "ann"})
            await echo(receive, send)

        store = self.Counting()
        client = api_of(app, store=store).connect()
        assert store.calls == ["put", "put"]  # the record and the membership
        store.calls.clear()
        client.say("a", "b")
        assert store.calls == ["get", "get"]
        store.calls.clear()
        client.leave()
        assert store.calls == ["delete", "delete"]

    def test_of_a_message_is_nothing_without_a_store(self) -> None:
        assert api_of(app_of(echo), kept=False).connect().say("a") == ["a"]


def test_the_process_may_be_ended_by_an_app() -> None:
    async def work(receive: Receive, send: Send) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        api_of(app_of(work)).connect()


def test_an_app_that_is_no_coroutine_function_will_do() -> None:
    class App:
        def __call__(self, scope: Any, receive: Receive, send: Send) -> Any:
            return app_of(echo)(scope, receive, send)

    assert api_of(App(), interface="asgi").connect().say("a") == ["a"]


async def test_an_app_that_cancels_itself_has_failed() -> None:
    async def work(receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    bridge = Bridge(app_of(work), lifespan="off")
    assert await asyncio.to_thread(bridge, sample("other_websocket_connect")) == {"statusCode": 500}
    assert await bridge.handle_async(sample("other_websocket_connect")) == {"statusCode": 500}


def test_what_goes_to_the_store_is_json() -> None:
    class Strict(MemoryStore):
        def put(self, key: str, sort: str, value: Any, **options: Any) -> bool:
            assert json.loads(json.dumps(value)) == value
            return super().put(key, sort, value, **options)

    assert api_of(app_of(echo), store=Strict()).connect(headers=[("X", "é")]).say("a") == ["a"]
    assert Api().posts == 0
