"""Events that are no HTTP requests, POSTed to the app."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Header, HTTPException
from flask import Flask, abort, request as flask_request
from hypothesis import given, strategies as st
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bridge import (
    AppError,
    Bridge as TypedBridge,
    ConfigurationError,
    DeadlineError,
    EventError,
    EventFailedError,
    ResultTooLargeError,
)
from bridge._events.posted import Posted
from bridge._http.body import PAYLOAD
from bridge.kinds import kind

from ..apps import APPS, Asgi, Interface, Reply, Wsgi
from ..asgi_apps import Context
from ..samples import OTHER, named, sample

Bridge: Any = TypedBridge  # whose annotations speak of HTTP requests
INTERFACES: list[Interface] = ["asgi", "wsgi"]
BOTH = pytest.mark.parametrize("interface", INTERFACES)
SQS = sample("other_sqs")
JSON = [("content-type", b"application/json")]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def json_reply(value: Any = None, status: int = 200) -> Reply:
    return Reply(status=status, headers=JSON, body=json.dumps(value).encode())


async def both_ways(bridge: TypedBridge, event: Any, context: Any = None) -> tuple[Any, Any]:
    """The results of a plain call, and of one inside a running loop."""
    return await asyncio.to_thread(bridge, event, context), await bridge.handle_async(event, context)


class TestPath:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "//",
            "events",
            "/e?x",
            "/%65",
            "/e#x",
            "/e;b",
            "/ ",
            "/.",
            "/a/../b",
            "/a//b",
            "/e\n",
            "/\\e",
            7,
            b"/e",
        ],
    )
    def test_that_is_none_is_a_mistake(self, path: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"events_path=\.\.\.\) takes a path"):
            Bridge(Wsgi(), events_path=path)

    @BOTH
    @pytest.mark.parametrize("path", ["/events", "/events/", "/a/b c/é", "/Events"])
    async def test_is_what_the_app_sees(self, interface: Interface, path: str) -> None:
        app = APPS[interface](json_reply())
        await both_ways(Bridge(app, events_path=path, base_path="/events", forwarded_hosts="localhost"), SQS)
        for seen in app.seen:
            assert (seen.path, seen.root_path) == (path, "")


class TestRequest:
    @BOTH
    async def test_has_the_event_as_its_body_and_its_kind_in_a_header(self, interface: Interface) -> None:
        app, context = APPS[interface](json_reply()), object()
        bridge = Bridge(app, events_path="/events")
        # A WebSocket API's events are the ASGI app's in another way.
        for name in (name for name in OTHER if interface == "wsgi" or "websocket_" not in name):
            app.seen.clear()
            event = sample(name)
            await both_ways(bridge, event, context)
            self.check(app.seen, event, context)

    def check(self, requests: list[Any], event: Any, context: object) -> None:
        assert len(requests) == 2
        for seen in requests:
            assert (seen.method, seen.path, seen.query) == ("POST", "/events", "")
            assert json.loads(seen.body) == event
            assert seen.header("content-type") == "application/json"
            assert seen.header("content-length") == str(len(seen.body))
            assert seen.header("x-bridge-event") == kind(event)
            assert (seen.raw["aws.event"], seen.raw["aws.context"]) == (event, context)

    def test_is_https_from_nobody_to_localhost(self) -> None:
        # So that what redirects to https, or checks the host, lets it through.
        request = named(Posted("/events").request(SQS))
        assert request["scheme"] == "https"
        assert request["host"] == dict(request["headers"])["host"] == "localhost"
        assert request["client"] is None

    @given(VALUES)
    def test_carries_any_json(self, value: Any) -> None:
        text = named(Posted("/events").request(value))["body"]
        assert json.loads(text.encode()) == value

    @pytest.mark.parametrize("event", [{"a": object()}, {"a": {1, 2}}])
    def test_of_what_is_no_json_is_refused(self, event: Any) -> None:
        with pytest.raises(EventError, match="cannot be written as JSON"):
            Bridge(Wsgi(), events_path="/events")(event)

    def test_of_what_contains_itself_is_refused(self) -> None:
        event: dict[str, Any] = {}
        event["event"] = event
        with pytest.raises(EventError, match="cannot be written as JSON"):
            Bridge(Wsgi(), events_path="/events")(event)


class TestResult:
    @BOTH
    @pytest.mark.parametrize("status", [200, 201, 299])
    @pytest.mark.parametrize("value", [{"batchItemFailures": []}, [], None, "text", 1, False, {"é": "\ud800"}])
    async def test_is_the_value_of_the_json(self, interface: Interface, status: int, value: Any) -> None:
        bridge = Bridge(APPS[interface](json_reply(value, status)), events_path="/events")
        assert await both_ways(bridge, SQS) == (value, value)

    @BOTH
    @pytest.mark.parametrize(
        "media_type", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]
    )
    def test_may_be_json_of_any_kind(self, interface: Interface, media_type: str) -> None:
        reply = Reply(headers=[("Content-Type", media_type.encode())], body='{"é": 1}'.encode())
        assert Bridge(APPS[interface](reply), events_path="/events")(SQS) == {"é": 1}
        assert Bridge(APPS[interface](reply), events_path="/events", is_text=lambda _: False)(SQS) == {"é": 1}

    @BOTH
    @pytest.mark.parametrize("status", [200, 202, 204])
    def test_is_none_if_there_is_no_body(self, interface: Interface, status: int) -> None:
        reply = Reply(status=status, headers=[("content-type", b"text/html")], body=b"x" if status == 204 else b"")
        assert Bridge(APPS[interface](reply), events_path="/events")(SQS) is None

    @BOTH
    @pytest.mark.parametrize("status", [400, 404, 422, 500, 503, 302])
    async def test_that_is_no_success_fails_the_invocation(self, interface: Interface, status: int) -> None:
        reply = Reply(status=status, headers=JSON, body=b'{"detail":"no such order"}')
        bridge = Bridge(APPS[interface](reply), events_path="/events")
        text = f"the app answered {status} to an event of kind 'aws:sqs' that was posted to '/events': .*no such order"
        with pytest.raises(EventFailedError, match=text):
            await bridge.handle_async(SQS)
        with pytest.raises(EventFailedError, match=text):
            await asyncio.to_thread(bridge, SQS)

    @BOTH
    def test_that_is_a_redirect_says_where_to(self, interface: Interface) -> None:
        reply = Reply(status=307, headers=[("location", b"https://localhost/events/")], body=b"")
        with pytest.raises(EventFailedError, match=r"answered 307 .*, a redirect to 'https://localhost/events/': ''"):
            Bridge(APPS[interface](reply), events_path="/events")(SQS)

    def test_that_failed_shows_the_start_of_the_body(self) -> None:
        for body in (b"<" * 1000, b"\xff" * 1000):
            with pytest.raises(EventFailedError) as raised:
                Bridge(Wsgi(Reply(status=500, body=body)), events_path="/events")(SQS)
            assert body.decode("utf-8", "replace")[:200] + "...'" in str(raised.value)
            assert len(str(raised.value)) < 400

    @BOTH
    @pytest.mark.parametrize(
        ("content_type", "body", "why"),
        [
            (b"text/html", b"<p>done", "its Content-Type is 'text/html': '<p>done'"),
            (b"text/plain", b"1", "its Content-Type is 'text/plain': '1'"),
            (b"application/json", b"{", "Expecting property name"),
            (b"application/json", b"\xff{", "can't decode byte"),
        ],
    )
    def test_has_to_be_json(self, interface: Interface, content_type: bytes, body: bytes, why: str) -> None:
        reply = Reply(headers=[("content-type", content_type)], body=body)
        with pytest.raises(EventFailedError, match=f"a result has to be JSON, or nothing, and .*{why}"):
            Bridge(APPS[interface](reply), events_path="/events")(SQS)

    def test_without_a_content_type_is_no_json(self) -> None:
        with pytest.raises(EventFailedError, match="its Content-Type is ''"):
            Bridge(Wsgi(Reply(headers=[], body=b"{}")), events_path="/events")(SQS)

    @pytest.mark.parametrize("compact", [True, False])
    def test_that_lambda_could_not_send_is_the_apps_fault(self, compact: bool) -> None:
        value = [0] * (PAYLOAD // 3)
        most = json.dumps(value[:-1]).encode()
        assert len(most) <= PAYLOAD < len(json.dumps(value)) + 3
        bridge = Bridge(Wsgi(Reply(headers=JSON, body=most)), events_path="/events")
        assert bridge(SQS) == value[:-1]
        body = json.dumps([*value, 0, 0], separators=(",", ":") if compact else None).encode()
        with pytest.raises(ResultTooLargeError, match="bytes of JSON, and Lambda takes 6,291,556 at most"):
            Bridge(Wsgi(Reply(headers=JSON, body=body)), events_path="/events")(SQS)


class LostError(Exception): ...


class TestErrors:
    @pytest.mark.parametrize("errors", ["respond", "raise"])
    async def test_of_the_app_are_lambdas_to_see(self, errors: Any, caplog: pytest.LogCaptureFixture) -> None:
        async def asgi(scope: object, receive: object, send: object) -> None:
            raise LostError

        def wsgi(environ: object, start_response: object) -> Iterable[bytes]:
            raise LostError

        for app in (asgi, wsgi):
            bridge = Bridge(app, events_path="/events", errors=errors)
            with pytest.raises(LostError):
                await bridge.handle_async(SQS)
            with pytest.raises(LostError):
                await asyncio.to_thread(bridge, SQS)
        assert not [record for record in caplog.records if record.levelname == "ERROR"]

    def test_beside_an_error_page_are_lambdas_to_see(self) -> None:
        app = FastAPI()

        @app.post("/events")
        def events() -> None:
            raise LostError

        with pytest.raises(LostError):
            Bridge(app, events_path="/events")(SQS)

    def test_after_a_success_are_logged_or_raised(self, caplog: pytest.LogCaptureFixture) -> None:
        async def app(scope: object, receive: object, send: Callable[..., Any]) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            raise LostError

        assert Bridge(app, lifespan="off", events_path="/events")(SQS) is None
        assert "answered 204, and failed after that (a background task, or the like): LostError" in caplog.text
        with pytest.raises(LostError):
            Bridge(app, lifespan="off", events_path="/events", errors="raise")(SQS)

    def test_of_an_app_that_does_not_answer_are_its_own(self) -> None:
        async def app(scope: object, receive: object, send: object) -> None: ...

        with pytest.raises(AppError):
            Bridge(app, lifespan="off", events_path="/events")(SQS)

    async def test_that_would_end_lambdas_runtime_are_errors_of_the_app(self) -> None:
        async def app(scope: object, receive: object, send: object) -> None:
            raise asyncio.CancelledError

        bridge = Bridge(app, lifespan="off", events_path="/events")
        with pytest.raises(AppError, match=r"the app raised CancelledError\(\)"):
            await asyncio.to_thread(bridge, SQS)
        with pytest.raises(AppError, match=r"the app raised CancelledError\(\)"):
            await bridge.handle_async(SQS)

    def test_of_an_app_that_takes_too_long_fail_before_lambda_ends_it(self) -> None:
        async def app(scope: object, receive: object, send: object) -> None:
            await asyncio.sleep(60)

        with pytest.raises(DeadlineError):
            Bridge(app, lifespan="off", events_path="/events")(SQS, Context(40))


async def test_fastapi_reports_the_messages_of_a_batch_that_failed() -> None:
    app = FastAPI()

    @app.post("/events")
    async def events(event: dict[str, Any], kind: Annotated[str, Header(alias="x-bridge-event")]) -> Any:
        if kind != "aws:sqs":
            raise HTTPException(422, f"{kind} is nothing for this app")
        failed = [record["messageId"] for record in event["Records"] if record["body"] != "good"]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    app.add_middleware(HTTPSRedirectMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost"])
    bridge = Bridge(app, events_path="/events")
    record = SQS["Records"][0]
    batch = {"Records": [{**record, "messageId": "1", "body": "good"}, {**record, "messageId": "2", "body": "bad"}]}
    expected = {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert await both_ways(bridge, batch) == (expected, expected)
    with pytest.raises(EventFailedError, match="aws:s3 is nothing for this app"):
        await bridge.handle_async(sample("other_s3"))


async def test_flask_reports_them_too() -> None:
    app = Flask(__name__)

    @app.post("/events")
    def events() -> Any:
        if flask_request.headers["x-bridge-event"] != "aws:sqs":
            abort(422)
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in flask_request.get_json()["Records"]]}

    bridge = Bridge(app, events_path="/events")
    expected = {"batchItemFailures": [{"itemIdentifier": SQS["Records"][0]["messageId"]}]}
    assert await both_ways(bridge, SQS) == (expected, expected)
    with pytest.raises(EventFailedError, match="answered 422 to an event of kind 'aws:s3'"):
        await bridge.handle_async(sample("other_s3"))


def test_an_asgi_app_takes_them_after_its_startup() -> None:
    app = Asgi(json_reply(1))
    assert [Bridge(app, events_path="/events")(SQS) for _ in range(2)] == [1, 1]
