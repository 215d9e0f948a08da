"""The gateway as an ASGI app, with plain handlers behind it."""

import asyncio
import logging
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bridge import Bridge
from bridge.errors import ConfigurationError
from bridge.gateway import Gateway
from bridge.types import Message

from ..apps import Asgi, Wsgi

OK = {"statusCode": 200, "body": "ok"}
MEGABYTE = 1024 * 1024
FAILED = {
    "http": (500, '{"message":"Internal Server Error"}'),
    "rest": (502, '{"message": "Internal server error"}'),
    "url": (502, "Internal Server Error"),
    "alb": (502, "<html><head><title>502 Bad Gateway</title></head>"),
    "lattice": (502, "Bad Gateway"),
    "edge": (503, "<html><head><title>503 ERROR</title></head>"),
}
REFUSED = {**FAILED, "edge": (502, "<html><head><title>502 ERROR</title></head>")}
every_api = pytest.mark.parametrize("api", FAILED)


class Handler:
    """A Lambda handler that notes what it gets and returns what it is told."""

    def __init__(self, result: object = None) -> None:
        self.result = result or OK
        self.events: list[dict[str, Any]] = []
        self.contexts: list[Any] = []

    def __call__(self, event: dict[str, Any], context: object) -> object:
        self.events.append(event)
        self.contexts.append(context)
        return self.result


async def ask(gateway: Gateway, method: str = "GET", path: str = "/", **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=gateway)
    async with httpx.AsyncClient(transport=transport, base_url="http://local:8000") as client:
        return await client.request(method, path, **options)


def scope(**changes: Any) -> dict[str, Any]:
    """A request as a server gives it that leaves out all it may."""
    return {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], **changes}


def no_body() -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


class Sent(list[Message]):
    async def __call__(self, message: Message) -> None:
        self.append(message)


def worded(result: dict[str, Any], api: str) -> dict[str, Any]:
    """A result in the words of the API."""
    if api != "edge":
        return result
    encoding = "base64" if result.get("isBase64Encoded") else "text"
    headers = {name: [{"value": value}] for name, value in result.get("headers", {}).items()}
    return {
        "status": str(result["statusCode"]),
        "headers": headers,
        "body": result.get("body"),
        "bodyEncoding": encoding,
    }


def is_failure(response: httpx.Response, api: str, answers: dict[str, tuple[int, str]] = FAILED) -> bool:
    status, text = answers[api]
    return response.status_code == status and response.text.startswith(text)


# Arguments


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"handler": "app:handler"}, "'app:handler' cannot be called"),
        ({"api": "soap"}, "soap"),
        ({"payload": "3.0"}, "3.0"),
        ({"api": "edge", "trigger": "viewer-response"}, "viewer-response"),
        ({"api": "edge", "stage": "prod"}, "prod"),
        ({"api": "url", "stage": "prod"}, "prod"),
        ({"stage": "/prod"}, "/prod"),
        ({"concurrency": 0}, "concurrency"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_argument_that_cannot_work_is_refused(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(complaint)):
        Gateway(**{"handler": Handler(), **arguments})


# Events


async def test_handler_gets_event_and_context() -> None:
    handler = Handler()
    response = await ask(Gateway(handler, timeout=3), "POST", "/a%20b?c=d", json={"e": "f"})
    assert (response.status_code, response.text) == (200, "ok")
    event = handler.events[0]
    assert event["rawPath"] == "/a b"
    assert event["rawQueryString"] == "c=d"
    assert event["body"] == '{"e":"f"}'
    context = handler.contexts[0]
    assert context.aws_request_id == event["requestContext"]["requestId"]
    assert 2000 < context.get_remaining_time_in_millis() <= 3000


async def test_every_event_has_an_id_of_its_own() -> None:
    handler = Handler()
    gateway = Gateway(handler)
    await ask(gateway)
    await ask(gateway)
    assert len({context.aws_request_id for context in handler.contexts}) == 2
    assert len({event["headers"]["x-amzn-trace-id"] for event in handler.events}) == 2


async def test_gateway_adds_its_own_headers_and_keeps_clients_from_posing_as_it() -> None:
    handler = Handler()
    headers = {"x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https", "x-forwarded-port": "1", "x-other": "kept"}
    await ask(Gateway(handler), headers={**headers, "x-amzn-trace-id": "mine"})
    found = handler.events[0]["headers"]
    assert found["x-forwarded-for"] == "6.6.6.6, 127.0.0.1"
    assert found["x-forwarded-proto"] == "http"
    assert found["x-forwarded-port"] == "8000"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", found["x-amzn-trace-id"])
    assert found["x-other"] == "kept"


async def test_scope_may_have_the_least_that_asgi_asks_for() -> None:
    handler = Handler()
    sent = Sent()
    await Gateway(handler)(scope(path="/ä b"), no_body(), sent)
    assert sent[0]["status"] == 200
    event = handler.events[0]
    assert event["rawPath"] == "/ä b"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["headers"]["x-forwarded-port"] == "80"
    assert event["headers"]["x-forwarded-proto"] == "http"


async def test_bytes_that_should_have_been_percent_encoded_are() -> None:
    handler = Handler()
    target = {"raw_path": b"/\xc3\xa4/\xff?q=\xff", "query_string": b"q=\xc3\xa4"}
    await Gateway(handler, api="url")(scope(**target), no_body(), Sent())
    assert handler.events[0]["rawPath"] == "/%C3%A4/%FF"
    assert handler.events[0]["rawQueryString"] == "q=%C3%A4"


@pytest.mark.parametrize("value", ["ä".encode(), "ä".encode("latin-1")])
async def test_headers_are_utf8_or_else_latin1(value: bytes) -> None:
    handler = Handler()
    await Gateway(handler)(scope(headers=[(b"X-Name", value)]), no_body(), Sent())
    assert handler.events[0]["headers"]["x-name"] == "ä"


# What the gateway answers itself


@pytest.mark.parametrize(
    ("api", "status", "body"), [("http", 404, '{"message":"Not Found"}'), ("rest", 403, '{"message":"Forbidden"}')]
)
@pytest.mark.parametrize("path", ["/", "/x", "/production", "/%70rod/"])
async def test_path_must_be_under_the_stage(api: Any, status: int, body: str, path: str) -> None:
    handler = Handler()
    response = await ask(Gateway(handler, api=api, stage="prod"), path=path)
    assert (response.status_code, response.text) == (status, body)
    assert handler.events == []


@pytest.mark.parametrize("api", ["http", "rest"])
@pytest.mark.parametrize("path", ["/prod", "/prod/", "/prod/x"])
async def test_path_under_the_stage_reaches_the_handler(api: Any, path: str) -> None:
    assert (await ask(Gateway(Handler(), api=api, stage="prod"), path=path)).text == "ok"


@pytest.mark.parametrize(
    ("api", "limit", "status"),
    [
        ("http", 10_240, 431),
        ("rest", 10_240, 431),
        ("url", 10_240, 431),
        ("alb", 65_536, 431),
        ("lattice", 61_440, 400),
        ("edge", 20_480, 413),
    ],
)
async def test_head_of_a_request_has_a_limit(api: Any, limit: int, status: int) -> None:
    gateway = Gateway(Handler(worded(OK, api)), api=api)
    assert (await ask(gateway, headers={"x-long": "x" * (limit - 1000)})).status_code == 200
    assert (await ask(gateway, headers={"x-long": "x" * limit})).status_code == status


@pytest.mark.parametrize(("api", "limit"), [("http", 10_240), ("url", 10_240), ("alb", 65_536)])
async def test_query_counts_as_part_of_the_head(api: Any, limit: int) -> None:
    half = "x" * (limit // 2)
    assert (await ask(Gateway(Handler(), api=api), path=f"/?{half}", headers={"x-half": half})).status_code == 431


@pytest.mark.parametrize(
    ("api", "size", "status"),
    [
        ("http", 6_290_000, 200),
        ("http", 6_291_556, 413),  # as an event it is too large
        ("http", 10 * MEGABYTE + 1, 413),
        ("rest", 4 * MEGABYTE, 200),
        ("rest", 5 * MEGABYTE, 413),  # base64
        ("url", 6 * MEGABYTE + 101, 413),
        ("alb", MEGABYTE, 200),
        ("alb", MEGABYTE + 1, 413),
        ("lattice", 6_290_000, 200),
        ("lattice", 6 * MEGABYTE + 1, 413),
        ("edge", 2 * MEGABYTE, 200),  # the event has a part of it
    ],
)
async def test_request_has_a_limit(api: Any, size: int, status: int) -> None:
    handler = Handler()
    handler.result = worded(OK, api)
    gateway = Gateway(handler, api=api)
    response = await ask(gateway, "POST", content=b"x" * size, headers={"content-type": "text/plain"})
    assert response.status_code == status
    assert len(handler.events) == (status == 200)


async def test_size_of_an_event_is_bytes_of_utf8() -> None:
    text = "ä" * (2 * MEGABYTE)
    response = await ask(Gateway(Handler()), "POST", content=text.encode(), headers={"content-type": "text/plain"})
    assert response.status_code == 200


@every_api
@pytest.mark.parametrize("size", [2 * MEGABYTE, 7 * MEGABYTE])
async def test_result_has_a_limit(api: Any, size: int, caplog: pytest.LogCaptureFixture) -> None:
    response = await ask(Gateway(Handler(worded({"statusCode": 200, "body": "x" * size}, api)), api=api))
    if size == 7 * MEGABYTE or api in ("alb", "edge"):
        assert is_failure(response, api, REFUSED)
        assert "bytes of JSON; the limit is" in caplog.text
    else:
        assert len(response.content) == size


# Handlers that fail


@every_api
async def test_handler_that_raises(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: object, context: object) -> object:
        raise KeyError("mistake")

    response = await ask(Gateway(handler, api=api), path="/x")
    assert is_failure(response, api)
    assert "GET /x: the function failed" in caplog.text
    assert "KeyError: 'mistake'" in caplog.text


@every_api
@pytest.mark.parametrize("result", [{"statusCode": 200, "body": b"bytes"}, {1, 2}, {"body": "\ud800"}])
async def test_result_that_is_not_json(api: Any, result: object) -> None:
    assert is_failure(await ask(Gateway(Handler(result), api=api)), api)


@every_api
async def test_handler_that_exits_ends_no_server(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: object, context: object) -> object:
        sys.exit(3)

    gateway = Gateway(handler, api=api)
    assert is_failure(await ask(gateway), api)
    assert is_failure(await ask(gateway), api)
    assert "SystemExit(3)" in caplog.text


@every_api
async def test_handler_that_raises_what_no_future_takes(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: object, context: object) -> object:
        return next(iter(()))

    assert is_failure(await ask(Gateway(handler, api=api, timeout=20)), api)
    assert "StopIteration()" in caplog.text


def test_a_handler_that_ends_after_the_loop_of_its_caller_disturbs_nobody() -> None:
    released = threading.Event()
    threads: list[threading.Thread] = []

    def handler(event: object, context: object) -> object:
        threads.append(threading.current_thread())
        released.wait(20)
        return {"statusCode": 200}

    gateway = Gateway(handler, timeout=0.01)
    with asyncio.Runner() as runner:
        assert runner.run(ask(gateway)).status_code == 500
    released.set()
    for thread in threads:  # an exception in one would be an error of this test
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize("api", ["rest", "alb", "lattice", "edge"])
async def test_result_that_is_malformed(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert is_failure(await ask(Gateway(Handler("text"), api=api)), api, REFUSED)
    assert "GET /: the result must be an object, not a str" in caplog.text


@pytest.mark.parametrize(
    ("api", "status"), [("http", 500), ("rest", 500), ("url", 502), ("alb", 502), ("lattice", 502), ("edge", 502)]
)
async def test_result_whose_base64_is_none(api: Any, status: int) -> None:
    result = worded({"statusCode": 200, "body": "!", "isBase64Encoded": True}, api)
    assert (await ask(Gateway(Handler(result), api=api))).status_code == status


@every_api
@pytest.mark.parametrize("header", [("x a", "1"), ("", "1"), ("x-ä", "1"), ("x-a", "1\r\nx-b: 2"), ("x-a", "\0")])
async def test_header_that_http_does_not_have(api: Any, header: tuple[str, str]) -> None:
    handler = Handler(worded({"statusCode": 200, "headers": dict([header])}, api))
    assert is_failure(await ask(Gateway(handler, api=api)), api, REFUSED)


# Time


class Slow:
    """A handler whose first call waits until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.calls = 0

    def __call__(self, event: object, context: object) -> object:
        self.calls += 1
        if self.calls == 1:
            self.go_on.wait(10)
        return OK


@every_api
async def test_function_that_is_too_slow_has_failed(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    slow = Slow()
    response = await ask(Gateway(slow, api=api, timeout=0.02))
    slow.go_on.set()
    assert is_failure(response, api)
    assert "the function took longer than 0.02 s" in caplog.text


@pytest.mark.parametrize(
    ("api", "status", "body"),
    [
        ("http", 503, '{"message":"Service Unavailable"}'),
        ("rest", 504, '{"message": "Endpoint request timed out"}'),
        ("url", 502, "Internal Server Error"),
        ("alb", 504, "<html><head><title>504 Gateway Time-out"),
        ("lattice", 502, "Bad Gateway"),
        ("edge", 503, "<html><head><title>503 ERROR"),
    ],
)
async def test_api_waits_for_so_long_only(api: Any, status: int, body: str) -> None:
    slow = Slow()
    gateway = Gateway(slow, api=api)
    gateway._api = replace(gateway._api, seconds=0.02)
    response = await ask(gateway)
    slow.go_on.set()
    assert response.status_code == status
    assert response.text.startswith(body)


async def test_slow_event_does_not_keep_the_next_one_waiting() -> None:
    slow = Slow()
    gateway = Gateway(slow, timeout=0.02)
    assert (await ask(gateway)).status_code == 500
    gateway._function.timeout = 5
    assert (await ask(gateway)).text == "ok"
    slow.go_on.set()


async def test_asgi_app_that_is_too_slow_answers_for_itself() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(10)

    for concurrency in (1, 2):
        response = await ask(Gateway(Bridge(app, lifespan="off"), timeout=0.5, concurrency=concurrency))
        assert (response.status_code, response.text) == (504, "Gateway Timeout")


# Lambda@Edge, whose events may have a part of a request


@pytest.mark.parametrize(("trigger", "size"), [("viewer-request", 40 * 1024), ("origin-request", MEGABYTE)])
async def test_body_that_cloudfront_cuts_is_no_body_for_an_app(trigger: Any, size: int) -> None:
    app = Asgi()
    gateway = Gateway(Bridge(app, lifespan="off"), api="edge", trigger=trigger)
    assert (await ask(gateway, "POST", content=b"x" * size)).status_code == 200
    response = await ask(gateway, "POST", content=b"x" * (size + 1))
    assert (response.status_code, response.text) == (413, "Content Too Large")
    assert [len(seen.body) for seen in app.seen] == [size]


# Responses


async def test_response_has_what_the_result_says() -> None:
    result = {
        "statusCode": 418,
        "headers": {"X-Name": " \tä ", "content-length": "99", "transfer-encoding": "chunked", "connection": "close"},
        "cookies": ["a=1", "b=2"],
        "body": "short",
    }
    response = await ask(Gateway(Handler(result)))
    assert response.status_code == 418
    assert response.content == b"short"
    assert response.headers.raw == [
        (b"content-length", b"5"),
        (b"x-name", b"\xe4"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]


async def test_header_that_latin1_does_not_have_is_utf8() -> None:
    response = await ask(Gateway(Handler({"statusCode": 200, "headers": {"x-snake": "🐍"}})))
    assert dict(response.headers.raw)[b"x-snake"] == "🐍".encode()


@pytest.mark.parametrize("status", [204, 304])
async def test_statuses_that_have_no_body(status: int) -> None:
    response = await ask(Gateway(Handler({"statusCode": status, "headers": {"x-a": "1"}, "body": "no"})))
    assert (response.content, response.headers.raw) == (b"", [(b"x-a", b"1")])


REMAPPED = ["Connection", "Content-Length", "Date", "Server", "Authorization", "Content-MD5", "Expect", "Host"]
REMAPPED += ["Max-Forwards", "Proxy-Authenticate", "Trailer", "Upgrade", "User-Agent", "WWW-Authenticate"]


@pytest.mark.parametrize(
    ("api", "remapped"),
    [("rest", REMAPPED), ("url", ["WWW-Authenticate"]), ("http", []), ("alb", []), ("lattice", [])],
)
async def test_headers_that_go_out_under_another_name(api: Any, remapped: list[str]) -> None:
    result = {"statusCode": 200, "headers": dict.fromkeys([*REMAPPED, "Transfer-Encoding", "X-Other"], "said")}
    headers = (await ask(Gateway(Handler(result), api=api))).headers
    assert {name for name in REMAPPED if "x-amzn-remapped-" + name in headers} == set(remapped)
    assert not {name for name in remapped if headers.get(name) == "said"}
    assert "transfer-encoding" not in headers
    assert headers["x-other"] == "said"


# One event at a time, or several


class Meeting:
    """A handler whose calls wait for each other, if there are to be several at once; and counts how many there are."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.here = self.most = 0
        self.all_here = threading.Event()
        self.lock = threading.Lock()

    def __call__(self, event: object, context: object) -> object:
        with self.lock:
            self.here += 1
            self.most = max(self.most, self.here)
        if self.here == self.size:
            self.all_here.set()
        self.all_here.wait(5 if self.size > 1 else 0.01)
        with self.lock:
            self.here -= 1
        return OK


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_concurrency_is_how_many_events_are_handled_at_once(concurrency: int) -> None:
    meeting = Meeting(concurrency)
    gateway = Gateway(meeting, concurrency=concurrency)
    responses = await asyncio.gather(*(ask(gateway) for _ in range(6)))
    assert {response.text for response in responses} == {"ok"}
    assert meeting.most == concurrency


def test_gateway_may_serve_one_loop_after_another() -> None:
    gateway = Gateway(Handler())

    async def several() -> list[str]:
        return [response.text for response in await asyncio.gather(*(ask(gateway) for _ in range(3)))]

    assert asyncio.run(several()) == asyncio.run(several()) == ["ok"] * 3


async def test_one_event_at_a_time_is_always_in_the_same_thread() -> None:
    threads = []

    def handler(event: object, context: object) -> object:
        threads.append(threading.get_ident())
        return OK

    gateway = Gateway(handler)
    await asyncio.gather(*(ask(gateway) for _ in range(5)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_with_concurrency_an_asgi_app_runs_on_the_servers_loop() -> None:
    loops = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await Asgi()(scope, receive, send)

    await ask(Gateway(Bridge(app, lifespan="off"), concurrency=2))
    await ask(Gateway(Bridge(app, lifespan="off"), concurrency=1))
    assert loops[0] is asyncio.get_running_loop()
    assert loops[1] is not asyncio.get_running_loop()


async def test_with_concurrency_a_wsgi_app_runs_in_threads() -> None:
    response = await asyncio.gather(*(ask(Gateway(Bridge(Wsgi()), concurrency=2)) for _ in range(3)))
    assert [found.text for found in response] == ["ok"] * 3


# Connections that are no requests


async def test_websockets_are_refused() -> None:
    sent = Sent()
    await Gateway(Handler())({"type": "websocket", "path": "/"}, no_body(), sent)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def live(gateway: Gateway) -> list[str]:
    sent = Sent()
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Message:
        return next(messages)

    await gateway({"type": "lifespan"}, receive, sent)
    return [message["type"] for message in sent]


LIVED = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_shutdown_closes_the_handler_and_ends_its_threads() -> None:
    class Closing(Handler):
        closed = False

        def close(self) -> None:
            self.closed = True

    before = set(threading.enumerate())
    handler = Closing()
    gateway = Gateway(handler)
    await ask(gateway)
    (worker,) = set(threading.enumerate()) - before
    assert await live(gateway) == LIVED
    assert handler.closed
    worker.join(5)
    assert not worker.is_alive()


async def test_threads_end_with_their_gateway() -> None:
    before = set(threading.enumerate())
    await ask(Gateway(Handler()))
    for worker in set(threading.enumerate()) - before:
        worker.join(5)
        assert not worker.is_alive()


async def test_handler_needs_no_close() -> None:
    assert await live(Gateway(Handler())) == LIVED


async def test_client_that_leaves_early_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge.gateway")
    handler = Handler()
    sent = Sent()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await Gateway(handler)(scope(method="POST", path="/x"), receive, sent)
    assert sent == handler.events == []
    assert caplog.messages == ["POST /x: the client left before its request was complete"]


async def test_log_has_a_line_for_each_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge.gateway")
    await ask(Gateway(Handler()), "PUT", "/x")
    assert re.fullmatch(r"PUT /x 200 \d+\.\d ms, event \d+ B", caplog.messages[0])
