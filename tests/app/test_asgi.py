"""One request through an ASGI app: what an app may do wrong, what it may receive, how long it may take."""

import asyncio
import base64
import gc
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeAlias

import anyio.to_thread
import pytest

from bridge import AppError, Bridge, DeadlineError, ResultTooLargeError
from bridge._app.asgi import scope as scopes
from bridge._app.asgi.cycle import Cycle
from bridge._app.asgi.loop import process_runner
from bridge._http import ResponseNames, UnvouchedRequest
from bridge._invocation import deadline
from bridge.current import LambdaEvent, UnvouchedEvent
from bridge.sources import _v2 as v2

from ..asgi_apps import EVENT, Context, Event, Message, Receive, Scope, Send, process, respond

App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Fields: TypeAlias = dict[str, Any]

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b"ok"}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "bridge")
    return caplog


@pytest.fixture
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "GRACE", 0.03)


def sending(*messages: Any) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(**fields: Any) -> Message:
    return {**START, **fields}


# ---------------------------------------------------------------- the scope


def scope_of(event: Event, context: object = None) -> Scope:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await respond(send)

    Bridge(app, lifespan="off")(event, context)
    return scopes[0]


def test_the_scope_has_all_that_asgi_asks_for_and_the_event() -> None:
    event, context = {**EVENT, "headers": {"host": "example.org", "X-A": "1"}}, Context(1000)
    assert scope_of(event, context) == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/items/café noir",
        "raw_path": b"/items/caf%C3%A9%20noir",
        "query_string": b"tag=a%20b&tag=c%2Bd&empty",
        "root_path": "",
        "headers": [(b"host", b"example.org"), (b"x-a", b"1"), (b"cookie", b"session=abc; theme=dark")],
        "client": ("203.0.113.7", 0),
        "server": ("example.org", 443),
        "state": {},
        "aws.event": event,
        "aws.context": context,
    }


def test_a_scope_says_of_its_event_whether_a_gateway_vouches_for_it() -> None:
    for request, kind in [(v2.request(EVENT), LambdaEvent), (UnvouchedRequest(v2.request(EVENT)), UnvouchedEvent)]:
        shown = scopes.scope_of(request, b"", EVENT, None, {})["aws.event"]
        assert type(shown) is kind
        assert shown.raw_event is EVENT


@pytest.mark.parametrize(
    ("protocol", "version"),
    [("HTTP/1.0", "1.0"), ("HTTP/1.1", "1.1"), ("HTTP/2.0", "2"), ("HTTP/3", "3"), ("HTTP/9", "1.1"), (None, "1.1")],
)
def test_a_scope_has_the_version_of_http(protocol: str | None, version: str) -> None:
    http = {**EVENT["requestContext"]["http"], "protocol": protocol}
    assert scope_of({**EVENT, "requestContext": {**EVENT["requestContext"], "http": http}})["http_version"] == version


@pytest.mark.parametrize(
    ("host", "server"),
    [
        ("own.example", ("own.example", 443)),
        ("own.example:8443", ("own.example", 8443)),
        ("[::1]:80", ("::1", 80)),
        ("", ("localhost", 443)),
    ],
)
def test_a_scope_has_the_server_that_the_client_asked_for(host: str, server: tuple[str, int]) -> None:
    context = {**EVENT["requestContext"], "domainName": None}
    assert scope_of({**EVENT, "headers": {"host": host}, "requestContext": context})["server"] == server


def test_a_scope_has_question_marks_for_what_is_no_character() -> None:
    context = {**EVENT["requestContext"], "http": {**EVENT["requestContext"]["http"], "path": "/\ud800"}}
    event = {"rawPath": "/\ud800", "rawQueryString": "\ud800", "cookies": ["\ud800"], "headers": {"x": "\ud800"}}
    scope = scope_of({**EVENT, **event, "requestContext": context})
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/?", b"/%3F", b"?")
    assert scope["headers"] == [(b"x", b"?"), (b"cookie", b"?")]


def test_a_scope_has_a_replacement_for_bytes_of_the_path_that_are_no_utf8() -> None:
    http = {**EVENT["requestContext"]["http"], "path": "/\ufffd"}
    scope = scope_of({**EVENT, "rawPath": "/%FF", "requestContext": {**EVENT["requestContext"], "http": http}})
    assert (scope["path"], scope["raw_path"]) == ("/\ufffd", b"/%FF")


def test_a_scope_has_no_header_that_is_null() -> None:
    assert scope_of({**EVENT, "cookies": None, "headers": {"x-a": None, "X-B": "1"}})["headers"] == [(b"x-b", b"1")]


@pytest.mark.parametrize(
    ("method", "body", "given", "lengths"),
    [
        ("GET", b"", [], []),
        ("GET", b"", ["7"], [b"7"]),
        ("POST", b"", [], []),
        ("POST", b"", ["0"], [b"0"]),
        ("POST", b"", ["7"], [b"0"]),
        ("POST", b"ok", [], [b"2"]),
        ("POST", b"ok", ["2"], [b"2"]),
        ("POST", b"ok", ["7"], [b"2"]),
        ("POST", b"ok", ["2", "2"], [b"2"]),
        ("POST", b"ok", ["7", "2"], [b"2"]),
    ],
)
def test_a_scope_has_one_length_which_is_the_body_s(
    method: str, body: bytes, given: list[str], lengths: list[bytes]
) -> None:
    headers = [("x-a", "1"), *(("content-length", length) for length in given), ("x-a", "2")]
    request = (method, "https", None, "/", b"/", "", "", "HTTP/1.1", headers, None, None, None, False)
    lines = scopes.scope_of(request, body, EVENT, None, {})["headers"]
    assert [value for name, value in lines if name == b"content-length"] == lengths
    assert [value for name, value in lines if name == b"x-a"] == [b"1", b"2"]


def test_a_length_that_is_right_stays_where_the_client_has_it() -> None:
    headers = [("content-length", "2"), ("x-a", "1")]
    request = ("POST", "https", None, "/", b"/", "", "", "HTTP/1.1", headers, None, None, None, False)
    lines = scopes.scope_of(request, b"ok", EVENT, None, {})["headers"]
    assert lines == [(b"content-length", b"2"), (b"x-a", b"1")]


def test_a_scope_has_a_state_of_its_own() -> None:
    state = {"a": 1}
    made = scopes.scope_of(v2.request(EVENT), b"", EVENT, None, state)["state"]
    assert made == state
    assert made is not state


def test_a_scope_of_a_request_without_cookies_and_with_a_plain_path() -> None:
    http = {**EVENT["requestContext"]["http"], "path": "/plain"}
    event = {**EVENT, "rawPath": "/plain", "requestContext": {**EVENT["requestContext"], "http": http}}
    scope = scope_of({**event, "cookies": None, "headers": {"accept": "*/*"}})
    assert (scope["path"], scope["raw_path"], scope["headers"]) == ("/plain", b"/plain", [(b"accept", b"*/*")])


def test_a_body_has_its_length_if_the_event_does_not_say_it() -> None:
    def lengths(**fields: Any) -> list[bytes]:
        return [value for name, value in scope_of({**EVENT, **fields})["headers"] if name == b"content-length"]

    assert lengths(body="é", headers={}) == [b"2"]
    assert lengths(body="é", headers={"content-length": "2"}) == [b"2"]
    assert lengths(body="w6k=", isBase64Encoded=True, headers={}) == [b"2"]
    assert lengths(body=None, headers={}) == []


# ---------------------------------------------------------------- an app that breaks the protocol

WRONG: dict[str, tuple[list[Message], str]] = {
    "nothing": ([], "it had sent nothing"),
    "no body": ([START], "a response without an end"),
    "no end": ([START, {**END, "more_body": True}], "a response without an end"),
    "body first": ([END], "expected 'http.response.start'"),
    "start twice": ([START, START], "expected 'http.response.body'"),
    "an unknown message": ([{"type": "http.response.trailers"}], "'http.response.trailers'"),
    "an unknown message after the start": ([START, {"type": "http.response.push"}], "'http.response.push'"),
    "a status that is text": ([start(status="200")], "no int from 200 to 599: '200'"),
    "a status that is a float": ([start(status=200.0)], "no int from 200 to 599: 200.0"),
    "a status that is a flag": ([start(status=True)], "no int from 200 to 599: True"),
    "a status below 200": ([start(status=199)], "no int from 200 to 599: 199"),
    "a status above 599": ([start(status=600)], "no int from 200 to 599: 600"),
    "a header name that is text": ([start(headers=[("x-a", "1")])], "no pairs of bytes"),
    "a header value that is text": ([start(headers=[(b"x-a", "1")])], "no pairs of bytes"),
    "a header that is no pair": ([start(headers=[b"x-a"])], "no pairs of bytes"),
    "headers that are None": ([start(headers=None)], "no pairs of bytes"),
    "a header name with a space": ([start(headers=[(b"x a", b"1")])], "not a token"),
    "an empty header name": ([start(headers=[(b"", b"1")])], "not a token"),
    "CR in a header value": ([start(headers=[(b"x-a", b"1\rx-b: 2")])], "a control character"),
    "LF in a header value": ([start(headers=[(b"x-a", b"1\nx-b: 2")])], "a control character"),
    "NUL in a header value": ([start(headers=[(b"x-a", b"1\0")])], "a control character"),
    "a body that is text": ([START, {**END, "body": "ok"}], "a body that is no bytes: a str"),
    "a body that is None": ([START, {**END, "body": None}], "a body that is no bytes: a NoneType"),
}
"""Messages, and what is said of them."""


@pytest.mark.parametrize(("messages", "complaint"), WRONG.values(), ids=WRONG.keys())
def test_what_breaks_the_protocol_is_answered_with_500_and_logged_once(
    messages: list[Message], complaint: str, log: pytest.LogCaptureFixture
) -> None:
    result = Bridge(sending(*messages), lifespan="off")(EVENT)
    assert (result["statusCode"], result["body"]) == (500, "Internal Server Error")
    [record] = log.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], AppError)
    assert complaint in str(record.exc_info[1])


@pytest.mark.parametrize(("messages", "complaint"), WRONG.values(), ids=WRONG.keys())
def test_what_breaks_the_protocol_is_raised_where_errors_are_to_be(messages: list[Message], complaint: str) -> None:
    with pytest.raises(AppError, match=re.escape(complaint)):
        Bridge(sending(*messages), lifespan="off", errors="raise")(EVENT)


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "the app returned, but it had sent nothing"),
        ([START], "the app returned, but it had sent a response without an end (more_body was true to the last)"),
        ([END], "the app sent 'http.response.body'; expected 'http.response.start'"),
        ([START, START], "the app sent 'http.response.start'; expected 'http.response.body'"),
        ([START, END, END], "the app sent 'http.response.body' after the response was complete"),
        ([start(status="200")], "the app sent a status that is no int from 200 to 599: '200'"),
        ([start(status=304.0)], "the app sent a status that is no int from 200 to 599: 304.0"),
        ([START, {**END, "body": "ok"}], "the app sent a body that is no bytes: a str"),
    ],
)
async def test_what_breaks_the_protocol_is_said_word_by_word(messages: list[Message], complaint: str) -> None:
    async def end() -> None:
        cycle = Cycle(b"", ResponseNames())
        for message in messages:
            await cycle.send(message)
        raise cycle.complaint()

    with pytest.raises(AppError) as raised:
        await end()
    assert str(raised.value) == complaint


@pytest.mark.parametrize("message", [{"status": 200}, {}])
def test_a_message_without_its_type_is_an_error(message: Message, log: pytest.LogCaptureFixture) -> None:
    assert Bridge(sending(message), lifespan="off")(EVENT)["statusCode"] == 500
    assert len(log.records) == 1


@pytest.mark.parametrize(
    "late", [END, {**END, "body": b"", "more_body": False}, START, {"type": "http.response.trailers"}]
)
def test_a_message_after_the_end_is_logged_and_the_response_stands(
    late: Message, log: pytest.LogCaptureFixture
) -> None:
    result = Bridge(sending(START, END, late), lifespan="off")(EVENT)
    assert (result["statusCode"], result["body"]) == (200, "ok")
    [record] = log.records
    assert "answered 200, and failed after that" in record.getMessage()
    assert record.exc_info is not None


def test_a_send_that_was_refused_can_be_made_good(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(AppError):
            await respond(send, status=0)
        await respond(send, b"second try")

    assert Bridge(app, lifespan="off")(EVENT)["body"] == "second try"
    assert not log.records


# ---------------------------------------------------------------- what an app may send


@pytest.mark.parametrize("body", [b"bytes", bytearray(b"bytes"), memoryview(b"bytes")])
def test_a_body_may_be_any_kind_of_bytes(body: Any) -> None:
    assert Bridge(sending(START, {**END, "body": body}), lifespan="off")(EVENT)["body"] == "bytes"


def test_a_body_comes_in_pieces_of_any_kind() -> None:
    pieces = [b"a", bytearray(b"b"), memoryview(b"c"), b""]
    messages = [{**END, "body": piece, "more_body": True} for piece in pieces]
    app = sending(START, *messages, {"type": "http.response.body"})
    assert Bridge(app, lifespan="off")(EVENT)["body"] == "abc"


def test_headers_and_body_may_be_left_out() -> None:
    app = sending({"type": "http.response.start", "status": 204}, {"type": "http.response.body"})
    result = Bridge(app, lifespan="off")(EVENT)
    assert (result["statusCode"], result["headers"], result["body"]) == (204, {}, "")


def test_a_status_may_be_an_enum() -> None:
    from http import HTTPStatus

    result = Bridge(sending(start(status=HTTPStatus.CREATED), END), lifespan="off")(EVENT)
    assert result["statusCode"] == 201
    assert type(result["statusCode"]) is int


def test_a_304_has_the_length_of_what_it_leaves_out() -> None:
    app = sending(start(status=304, headers=[(b"content-length", b"7")]), {**END, "body": b""})
    assert Bridge(app, lifespan="off")(EVENT)["headers"] == {"content-length": "7"}


def test_headers_may_be_any_iterable_of_pairs() -> None:
    lines = ([name, b"1"] for name in (b"X-A", b"x-b"))
    result = Bridge(sending(start(headers=lines), END), lifespan="off")(EVENT)
    assert result["headers"] == {"x-a": "1", "x-b": "1"}


# ---------------------------------------------------------------- an app that raises


class BoomError(Exception):
    pass


def raising(error: BaseException, *messages: Any, wait: bool = False) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if wait:
            await asyncio.sleep(0.001)
        raise error

    return app


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("error", [BoomError("boom"), asyncio.CancelledError("boom")], ids=repr)
@pytest.mark.parametrize("messages", [[], [START], [START, {**END, "more_body": True}]], ids=len)
def test_an_error_before_the_end_is_500_with_one_traceback(
    messages: list[Message], error: BaseException, wait: bool, log: pytest.LogCaptureFixture
) -> None:
    result = Bridge(raising(error, *messages, wait=wait), lifespan="off")(EVENT)
    assert (result["statusCode"], result["body"]) == (500, "Internal Server Error")
    [record] = log.records
    assert record.exc_info is not None
    assert type(record.exc_info[1]) is type(error)
    assert "in app" in log.text


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("error", [BoomError("boom"), asyncio.CancelledError("boom")], ids=repr)
def test_an_error_after_the_end_is_logged_and_the_response_stands(
    error: BaseException, wait: bool, log: pytest.LogCaptureFixture
) -> None:
    result = Bridge(raising(error, START, END, wait=wait), lifespan="off")(EVENT)
    assert (result["statusCode"], result["body"]) == (200, "ok")
    [record] = log.records
    assert "answered 200, and failed after that" in record.getMessage()
    assert record.exc_info is not None


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("messages", [[], [START, END]], ids=len)
def test_errors_are_raised_where_they_are_to_be(messages: list[Message], wait: bool) -> None:
    error = BoomError("boom")
    with pytest.raises(BoomError) as raised:
        Bridge(raising(error, *messages, wait=wait), lifespan="off", errors="raise")(EVENT)
    assert raised.value is error


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("messages", [[], [START, END]], ids=len)
def test_what_would_end_lambdas_runtime_is_raised_as_an_error_of_the_app(messages: list[Message], wait: bool) -> None:
    error = asyncio.CancelledError("boom")
    with pytest.raises(AppError, match=r"the app raised CancelledError\('boom'\)") as raised:
        Bridge(raising(error, *messages, wait=wait), lifespan="off", errors="raise")(EVENT)
    assert isinstance(raised.value.__cause__, asyncio.CancelledError)


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_what_stops_the_process_passes_through(error: BaseException, wait: bool) -> None:
    # In a process of its own: asyncio reports the task that it came from when it collects it.
    code, output, _ = process(f"""
        async def app(scope, receive, send):
            if {wait}:
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)
            if scope["method"] == "GET":
                raise {error!r}
            await respond(send)

        handler = Bridge(app, lifespan="off")
        try:
            handler(EVENT)
        except BaseException as error:
            print(repr(error))
        event = {{**EVENT, "requestContext": {{**EVENT["requestContext"]}}}}
        event["requestContext"]["http"] = {{**event["requestContext"]["http"], "method": "POST"}}
        print(handler(event)["body"])
    """)
    assert (code, output) == (0, f"{error!r}\nok\n")


# ---------------------------------------------------------------- an app that is no coroutine function


class Waits:
    """An awaitable that is no coroutine."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def __await__(self) -> Generator[Any, None, None]:
        yield from respond(self._send, b"awaited").__await__()


def test_an_app_may_return_any_awaitable() -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return Waits(send)

    assert Bridge(app, lifespan="off")(EVENT)["body"] == "awaited"


def test_an_app_may_return_a_task_it_has_started() -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return asyncio.get_running_loop().create_task(respond(send, b"from a task"))

    assert Bridge(app, lifespan="off")(EVENT)["body"] == "from a task"


def test_an_app_that_raises_when_it_is_called_is_an_error(log: pytest.LogCaptureFixture) -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        raise BoomError

    assert Bridge(app, lifespan="off")(EVENT)["statusCode"] == 500
    assert len(log.records) == 1
    with pytest.raises(BoomError):
        Bridge(app, lifespan="off", errors="raise")(EVENT)


def test_an_app_that_returns_no_awaitable_is_an_error(log: pytest.LogCaptureFixture) -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> Any:
        return None

    assert Bridge(app, lifespan="off")(EVENT)["statusCode"] == 500
    assert len(log.records) == 1


def test_an_app_that_takes_other_arguments_is_an_error(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope) -> None: ...

    handler = Bridge(app, interface="asgi", lifespan="off")  # type: ignore[arg-type]
    assert handler(EVENT)["statusCode"] == 500
    assert len(log.records) == 1


def test_an_app_may_be_an_object_or_a_method() -> None:
    class App:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"object")

        async def method(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"method")

    assert Bridge(App(), lifespan="off")(EVENT)["body"] == "object"
    assert Bridge(App().method, lifespan="off")(EVENT)["body"] == "method"


# ---------------------------------------------------------------- streams


def test_a_stream_without_end_and_without_awaits_is_stopped(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        while True:
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})

    assert Bridge(app, lifespan="off")(EVENT)["statusCode"] == 500
    assert "streamed more than 6,291,556 bytes" in log.text
    with pytest.raises(ResultTooLargeError):
        Bridge(app, lifespan="off", errors="raise")(EVENT)


def test_a_stream_may_have_as_much_as_a_result_can_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge._app.asgi.cycle.Cycle.limit", 6)
    piece = {"type": "http.response.body", "body": b"abc"}
    app = sending(START, {**piece, "more_body": True}, piece)
    assert Bridge(app, lifespan="off")(EVENT)["body"] == "abcabc"
    app = sending(START, {**piece, "more_body": True}, {**piece, "body": b"abcd"})
    assert Bridge(app, lifespan="off")(EVENT)["statusCode"] == 500


# ---------------------------------------------------------------- receive


def test_the_body_comes_once_and_then_the_disconnect_when_the_response_is_complete() -> None:
    received: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.append(await receive())
        waiting = asyncio.create_task(receive())
        await send(START)
        await send({**END, "more_body": True})
        await asyncio.sleep(0.001)
        received.append(waiting.done())
        await send(END)
        received.append(await waiting)
        received.append(await receive())

    assert Bridge(app, lifespan="off")({**EVENT, "body": "hello"})["body"] == "okok"
    disconnect = {"type": "http.disconnect"}
    body = {"type": "http.request", "body": b"hello", "more_body": False}
    assert received == [body, False, disconnect, disconnect]


def test_an_event_without_a_body_is_an_empty_body() -> None:
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.append(await receive())
        await respond(send)

    Bridge(app, lifespan="off")({**EVENT, "body": None})
    assert received == [{"type": "http.request", "body": b"", "more_body": False}]


def test_several_receivers_may_wait_at_once() -> None:
    received: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> None:
            received.append((await receive())["type"])

        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(listen())
            await asyncio.sleep(0.001)
            await respond(send)

    assert Bridge(app, lifespan="off")(EVENT)["statusCode"] == 200
    assert received == ["http.request"] + ["http.disconnect"] * 4


def test_a_receiver_that_was_cancelled_can_receive_again() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.001)
        await respond(send, str(asyncio.create_task(receive()).done()).encode())

    assert Bridge(app, lifespan="off")(EVENT)["body"] == "False"


# ---------------------------------------------------------------- the deadline


def test_an_app_that_takes_too_long_is_cancelled_and_answered_with_504(log: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    seconds = [10.0, 0.0]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(seconds.pop(0))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        await respond(send, b"in time")

    handler = Bridge(app, lifespan="off")
    begin = time.monotonic()
    result = handler(EVENT, Context(60))
    assert time.monotonic() - begin < 0.06 + deadline.GRACE
    assert (result["statusCode"], result["body"]) == (504, "Gateway Timeout")
    assert seen == ["cancelled"]
    [record] = log.records
    assert "time ran out" in record.getMessage()
    assert handler(EVENT, Context(60))["body"] == "in time"


def test_the_deadline_is_raised_where_errors_are_to_be() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(10)

    with pytest.raises(DeadlineError):
        Bridge(app, lifespan="off", errors="raise")(EVENT, Context(40))


@pytest.mark.parametrize("milliseconds", [1, 0, -1000])
def test_an_invocation_without_time_left_still_has_an_answer(milliseconds: int) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(10)

    assert Bridge(app, lifespan="off")(EVENT, Context(milliseconds))["statusCode"] == 504


@pytest.mark.usefixtures("_short_grace")
def test_an_app_that_ignores_cancellation_is_left_and_goes_on_with_later_events() -> None:
    seen: list[str] = []
    release: list[asyncio.Event] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if release:
            release[0].set()
            await asyncio.sleep(0.002)
            return await respond(send, b"next")
        release.append(asyncio.Event())
        while not release[0].is_set():
            try:
                await release[0].wait()
            except asyncio.CancelledError:
                seen.append("ignored")
        seen.append("ended")
        return None

    handler = Bridge(app, lifespan="off")
    assert handler(EVENT, Context(40))["statusCode"] == 504
    assert seen == ["ignored"]
    assert handler(EVENT, Context(10_000))["body"] == "next"
    assert seen == ["ignored", "ended"]


def test_an_app_may_answer_when_it_is_cancelled(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await respond(send, b"too slow", 503)

    result = Bridge(app, lifespan="off")(EVENT, Context(40))
    assert (result["statusCode"], result["body"]) == (503, "too slow")
    assert "time ran out" in log.text


def test_a_complete_response_stands_though_what_follows_takes_too_long(log: pytest.LogCaptureFixture) -> None:
    cancelled: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"done")
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    handler = Bridge(app, lifespan="off")
    result = handler(EVENT, Context(40))
    assert (result["statusCode"], result["body"]) == (200, "done")
    assert "answered 200, and failed after that" in log.text
    assert cancelled == [True]


@pytest.mark.usefixtures("_short_grace")
def test_the_answer_does_not_wait_for_a_thread() -> None:
    ended: list[bool] = []

    def work() -> None:
        time.sleep(0.25)
        ended.append(True)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not ended:
            await anyio.to_thread.run_sync(work)
        await respond(send)

    handler = Bridge(app, lifespan="off")
    assert handler(EVENT, Context(60))["statusCode"] == 504
    assert not ended
    assert handler(EVENT, Context(10_000))["statusCode"] == 200  # anyio shields the thread, so it ends first
    assert ended


def test_without_a_deadline_an_app_may_take_its_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await respond(send)

    assert Bridge(app, lifespan="off")(EVENT, object())["statusCode"] == 200


# ---------------------------------------------------------------- handle_async


async def test_handle_async_answers_what_breaks_the_protocol(log: pytest.LogCaptureFixture) -> None:
    for messages, said in WRONG.values():
        assert (await Bridge(sending(*messages), lifespan="off").handle_async(EVENT))["statusCode"] == 500
        assert said in log.messages[-1]
    assert len(log.records) == len(WRONG)


@pytest.mark.parametrize("error", [BoomError("boom"), asyncio.CancelledError()], ids=repr)
async def test_handle_async_answers_or_raises_errors(error: BaseException, log: pytest.LogCaptureFixture) -> None:
    assert (await Bridge(raising(error), lifespan="off").handle_async(EVENT))["statusCode"] == 500
    assert (await Bridge(raising(error, START, END), lifespan="off").handle_async(EVENT))["body"] == "ok"
    assert len(log.records) == 2
    with pytest.raises(AppError if isinstance(error, asyncio.CancelledError) else BoomError):
        await Bridge(raising(error), lifespan="off", errors="raise").handle_async(EVENT)


def plain_call(handler: Any, event: Event) -> Any:
    return handler(event)


def call_on_a_loop(handler: Any, event: Event) -> Any:
    return asyncio.run(handler.handle_async(event))


@pytest.mark.parametrize("call", [plain_call, call_on_a_loop])
@pytest.mark.parametrize(
    ("method", "fields", "said"),
    [
        ("GET", {}, b"GET "),
        ("PUT", {"body": "aGVsbG8=", "isBase64Encoded": False}, b"PUT aGVsbG8="),
        ("PUT", {"body": "aGVsbG8=", "isBase64Encoded": True}, b"PUT hello"),
        ("PUT", {"body": "hello", "headers": {"content-length": "99"}}, b"PUT hello"),
        ("HEAD", {}, b""),
    ],
)
def test_a_request_arrives_whole_whichever_way_it_is_run(call: Any, method: str, fields: Fields, said: bytes) -> None:
    context = EVENT["requestContext"]
    event = {**EVENT, "requestContext": {**context, "http": {**context["http"], "method": method}}, **fields}
    seen: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        seen.append(scope["method"].encode() + b" " + body)
        if "headers" in fields:
            assert (b"content-length", b"5") in scope["headers"]
        await respond(send, seen[0], headers=[(b"content-length", b"%d" % len(seen[0]))])

    result = call(Bridge(app, lifespan="off"), event)
    assert seen == [said or b"HEAD "]
    body = result["body"].encode()
    assert (base64.b64decode(body) if result["isBase64Encoded"] else body) == said
    length = {name.lower(): value for name, value in result["headers"].items()}.get("content-length")
    assert length == (str(len(seen[0])) if method == "HEAD" else None)


@pytest.mark.usefixtures("_short_grace")
async def test_handle_async_has_the_deadline_too() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    assert (await Bridge(app, lifespan="off").handle_async(EVENT, Context(40)))["statusCode"] == 504
    assert seen == ["cancelled"]


async def test_to_cancel_handle_async_is_to_cancel_the_app() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            seen.append("ended")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Bridge(app, lifespan="off").handle_async(EVENT), 0.01)
    await asyncio.sleep(0)
    assert seen == ["ended"]


# ---------------------------------------------------------------- nothing is left behind


def test_requests_leave_nothing_behind() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["aws.event"]["body"] == "wait":
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(int)
        await receive()
        await respond(send)

    handler = Bridge(app, lifespan="off")
    waiting, ready = {**EVENT, "body": "wait"}, {**EVENT, "body": "go"}

    def requests(count: int) -> None:
        for _ in range(count):
            handler(waiting)
            handler(ready)

    requests(20)
    gc.collect()
    loop = process_runner().loop
    objects, files, tasks = len(gc.get_objects()), len(os.listdir("/dev/fd")), len(asyncio.all_tasks(loop))
    requests(1000)
    gc.collect()
    assert len(gc.get_objects()) - objects < 50
    assert len(os.listdir("/dev/fd")) <= files
    assert len(asyncio.all_tasks(loop)) == tasks


async def test_loops_that_have_ended_are_forgotten() -> None:
    def count() -> int:
        gc.collect()
        # By its type: to ask an object itself wakes those that are lazy.
        return sum(issubclass(type(found), asyncio.SelectorEventLoop) for found in gc.get_objects())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise BoomError
        await respond(send)

    handler = Bridge(app)

    def visit() -> None:
        asyncio.run(handler.handle_async(EVENT))

    await asyncio.to_thread(visit)
    before = count()
    for _ in range(5):
        await asyncio.to_thread(visit)
    assert count() <= before
