"""An ASGI app's answer, as it goes out: what, in which order, and when."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest

from bridge import AppError, Bridge, ConfigurationError, DeadlineError, EventError, ResultTooLargeError, StatusError
from bridge._app.asgi.loop import Runner
from bridge._http.body import BODY_LIMIT
from bridge._invocation import deadline
from bridge.sources import CustomIntegration
from bridge.types import StreamingMode

from ..asgi_apps import Context, Message, Receive, Scope, Send, respond
from ..responders import Responder, Step
from ..samples import HTTP, sample

URL = sample("function_url")
MODES: list[StreamingMode] = ["off", "on"]
both_modes = pytest.mark.parametrize("streaming", MODES)
START = {"type": "http.response.start", "status": 200, "headers": []}
SECONDS = 10
"""Longer than anything here takes, on any machine: a test that waits so long has failed."""


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "bridge")
    return caplog


class Lone(Bridge):
    """A Bridge whose `respond` answers by `respond_alone`: in a thread, since no loop may run there."""

    async def respond(self, event: Any, context: Any, responder: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            await super().respond(event, context, responder)
            return

        def answer() -> None:
            runner = Runner(asyncio.new_event_loop)
            try:
                self.respond_alone(runner, event, context, responder)
            finally:
                runner.close()

        await asyncio.to_thread(answer)


def on_a_shared_loop(test: Any) -> Any:
    """Mark a test of `respond` alone: it cancels it, or has something else run on its loop."""
    test.is_on_a_shared_loop = True
    return test


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kinds = [Bridge] if hasattr(metafunc.function, "is_on_a_shared_loop") else [Bridge, Lone]
    metafunc.parametrize("kind", kinds, indirect=True)


@pytest.fixture(autouse=True)
def kind(request: pytest.FixtureRequest) -> Iterator[None]:
    _kind.append(request.param)
    yield
    _kind.pop()


_kind: list[type[Bridge]] = []


def bridge(app: Any, **options: Any) -> Bridge:
    return _kind[-1](app, **{"lifespan": "off", "streaming": "on", **options})


def part(body: bytes, more_body: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more_body}


def sending(*messages: Message, then: BaseException | None = None) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if then is not None:
            raise then

    return app


async def answered(app: Any, event: Any = URL, context: Any = None, **options: Any) -> Responder:
    responder = Responder()
    await bridge(app, **options).respond(event, context, responder)
    return responder


# ---------------------------------------------------------------- what streams


STREAMS = {
    "off": [],
    "auto": [name for name in HTTP if name.startswith("function_url")],
    "on": [name for name in HTTP if name.startswith(("function_url", "rest"))],
}


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("streaming", STREAMS)
async def test_what_streams_is_what_can_and_what_the_option_says(streaming: str, name: str) -> None:
    responder = await answered(sending(START, part(b"a"), part(b"b", False)), sample(name), streaming=streaming)
    if name in STREAMS[streaming]:
        assert responder.steps[1:] == [("write", b"a"), ("end", b"b")]
        assert responder.steps.names[0] == "start"
    else:
        assert responder.steps.result["body"] == "ab"


async def test_the_plain_call_never_streams() -> None:
    result = await bridge(sending(START, part(b"a"), part(b"b", False))).handle_async(URL)
    assert result["body"] == "ab"


async def test_a_prelude_has_the_form_that_the_events_sender_takes() -> None:
    headers = [(b"set-cookie", b"a=1"), (b"Vary", b"x"), (b"set-cookie", b"b=2"), (b"vary", b"y")]
    app = sending({**START, "status": 201, "headers": headers}, part(b"", False))
    assert (await answered(app)).steps.head == {
        "statusCode": 201,
        "headers": {"vary": "x, y"},
        "cookies": ["a=1", "b=2"],
    }
    assert (await answered(app, sample("rest"))).steps.head == {
        "statusCode": 201,
        "multiValueHeaders": {"vary": ["x", "y"], "set-cookie": ["a=1", "b=2"]},
    }


async def test_headers_of_the_connection_and_lengths_are_not_passed_on() -> None:
    lines = [(b"content-length", b"1"), (b"transfer-encoding", b"chunked"), (b"x", b"1"), (b"server", b"evil")]
    responder = await answered(sending({**START, "headers": lines}, part(b"a", False)), exclude_headers="server")
    assert responder.steps.head["headers"] == {"x": "1"}


@both_modes
async def test_another_event_is_refused_before_anything_is_said(streaming: str) -> None:
    responder = Responder()
    with pytest.raises(EventError, match="aws:sqs"):
        await bridge(sending(), streaming=streaming).respond(sample("other_sqs"), None, responder)
    assert responder.steps == []


async def test_the_result_for_another_event_goes_to_the_responder_as_it_is() -> None:
    async def on_event(event: Any, context: Any) -> Any:
        return ["any", event["Records"][0]["eventSource"], context]

    responder = Responder()
    handler = Bridge(sending(), lifespan="off", streaming="on", on_event=on_event)
    await handler.respond(sample("other_sqs"), 7, responder)
    assert responder.steps.result == ["any", "aws:sqs", 7]


async def test_a_base_path_is_found() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, scope["root_path"].encode())

    event = {**URL, "rawPath": "/v1/x"}
    assert (await answered(app, event, base_path="/v1")).steps.body == b"/v1"


@both_modes
async def test_the_path_for_events_is_refused_here_too(streaming: str) -> None:
    event = {**URL, "rawPath": "/events", "requestContext": {**URL["requestContext"]}}
    event["requestContext"]["http"] = {**event["requestContext"]["http"], "path": "/events"}
    steps = (await answered(sending(), event, streaming=streaming, events_path="/events")).steps
    assert (steps.head if streaming == "on" else steps.result)["statusCode"] == 404


@both_modes
async def test_what_cloudfront_has_cut_is_refused_here_too(streaming: str) -> None:
    steps = (await answered(sending(), sample("edge_truncated"), streaming=streaming)).steps
    assert steps.result["status"] == "413"


async def test_a_wsgi_app_is_not_asked_this_way() -> None:
    handler = Bridge(lambda environ, start_response: [])
    assert not handler.is_asgi
    with pytest.raises(ConfigurationError, match="respond_sync"):
        await handler.respond(URL, None, Responder())


# ---------------------------------------------------------------- when


@both_modes
async def test_the_request_arrives(streaming: str) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = dict(scope["headers"]).get(b"content-length")
        seen.append([(await receive())["body"], length, scope["aws.event"], scope["aws.context"]])
        await respond(send)

    context = Context(9000)
    full = {**URL, "body": "aGVsbG8=", "isBase64Encoded": True}
    empty = {**URL, "body": None, "isBase64Encoded": False}
    for event in (full, empty):
        await answered(app, event, context, streaming=streaming)
    assert seen == [[b"hello", b"5", full, context], [b"", b"0", empty, context]]


@both_modes
@pytest.mark.parametrize(("method", "headers"), [("HEAD", {"content-length": "7"}), ("GET", {})])
async def test_the_length_of_what_head_leaves_out_goes_on(method: str, headers: object, streaming: str) -> None:
    event = sample("function_url")
    event["requestContext"]["http"]["method"] = method
    start = {**START, "headers": [(b"content-length", b"7")]}
    steps = (await answered(sending(start, part(b"1234567", False)), event, streaming=streaming)).steps
    assert (steps.head if streaming == "on" else steps.result)["headers"] == headers


@pytest.mark.parametrize("name", ["function_url", "rest"])
async def test_a_part_is_with_the_client_before_the_next_one_is_made(name: str) -> None:
    seen = asyncio.Semaphore(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        for number in b"1234":
            await send(part(bytes([number])))
            await seen.acquire()  # made by the client, when it has got the part
        await send(part(b"", False))

    async def client(step: Step) -> None:
        if step[0] == "write":
            seen.release()

    responder = Responder(client)
    async with asyncio.timeout(SECONDS):
        await bridge(app).respond(sample(name), None, responder)
    assert responder.steps.names == ["start", *["write"] * 4, "end"]
    assert responder.steps.body == b"1234"


async def test_status_and_headers_wait_for_the_first_part_which_may_be_empty() -> None:
    seen: list[list[str]] = []
    responder = Responder()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in (START, part(b""), part(b"x"), part(b"", False)):
            await send(message)
            seen.append([*responder.steps.names])

    await bridge(app).respond(URL, None, responder)
    assert seen == [[], ["start", "write"], ["start", "write", "write"], ["start", "write", "write", "end"]]
    assert responder.steps[1:] == [("write", b""), ("write", b"x"), ("end", b"")]


async def test_an_empty_part_later_on_is_nothing() -> None:
    responder = await answered(sending(START, part(b"a"), part(b""), part(b"", False)))
    assert responder.steps[1:] == [("write", b"a"), ("end", b"")]


@both_modes
async def test_the_answer_is_out_before_work_that_follows_it_begins(streaming: str) -> None:
    seen: list[str] = []
    responder = Responder()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send)
        seen.extend(responder.steps.names)
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        await asyncio.sleep(0)
        seen.append("worked")

    await bridge(app, streaming=streaming).respond(URL, None, responder)
    assert seen == [*(["start", "end"] if streaming == "on" else ["result"]), "worked"]


@both_modes
async def test_there_is_no_disconnect_before_the_answer_is_out(streaming: str) -> None:
    order: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> None:
            await receive()
            assert (await receive())["type"] == "http.disconnect"
            order.append("disconnect")

        listening = asyncio.create_task(listen())
        await respond(send)
        order.append("sent")
        await listening

    async def slow(step: Step) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        order.append(step[0])

    await bridge(app, streaming=streaming).respond(URL, None, Responder(slow))
    assert set(order[-2:]) == {"sent", "disconnect"}
    assert order[-3] in ("end", "result")


async def test_send_waits_for_the_client() -> None:
    gate = asyncio.Event()
    waiting: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        sent = asyncio.create_task(send(part(b"x")))
        for _ in range(10):
            await asyncio.sleep(0)
        waiting.append(not sent.done())
        gate.set()
        await sent
        await send(part(b"", False))

    async def slow(step: Step) -> None:
        if step[0] == "write":
            await gate.wait()

    await bridge(app).respond(URL, None, Responder(slow))
    assert waiting == [True]


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
@pytest.mark.parametrize("parts", [[], [b""], [b"a"], [b"", b"a", b"b"]], ids=repr)
async def test_a_response_without_a_body_ends_with_its_head(method: str, status: int, parts: list[bytes]) -> None:
    ended: list[bool] = []
    responder = Responder()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "status": status})
        for body in parts:
            await send(part(body))
            ended.append(responder.steps.names == ["start", "end"])
        await send(part(b"last", False))

    event = sample("function_url")
    event["requestContext"]["http"]["method"] = method
    await bridge(app).respond(event, None, responder)
    assert responder.steps.names == ["start", "end"]
    assert responder.steps.head["statusCode"] == status
    assert all(ended)


async def test_an_empty_body_has_head_and_end() -> None:
    assert (await answered(sending(START, part(b"", False)))).steps.names == ["start", "end"]


async def test_a_stream_has_no_limit_and_a_result_has_its_own() -> None:
    messages = [START, part(b"x"), part(bytes(BODY_LIMIT)), part(b"y", False)]
    responder = await answered(sending(*messages))
    assert len(responder.steps.body) == BODY_LIMIT + 2
    assert (await answered(sending(*messages), streaming="off")).steps.result["statusCode"] == 500


async def test_bytes_are_passed_through_as_they_are() -> None:
    body = bytes(1000)
    responder = await answered(sending(START, part(body), part(body, False)))
    assert all(step[1] is body for step in responder.steps[1:3])


@pytest.mark.parametrize("last", [False, True])
async def test_other_kinds_of_bytes_become_bytes(last: bool) -> None:
    messages = [START, {**part(b""), "body": memoryview(b"ab"), "more_body": not last}]
    responder = await answered(sending(*messages, *([] if last else [part(b"", False)])))
    assert responder.steps[1] == ("end" if last else "write", b"ab")


# ---------------------------------------------------------------- errors


class BoomError(Exception): ...


WRONG: list[tuple[Any, str]] = [
    (sending(then=BoomError("boom")), "boom"),
    (sending(START, then=BoomError("boom")), "boom"),
    (sending(), "had sent nothing"),
    (sending(START), "without an end"),
    (sending(part(b"")), "expected 'http.response.start'"),
    (sending({**START, "status": "200"}), "status"),
    (sending(START, {**part(b""), "body": "text"}), "no bytes"),
]


@pytest.mark.parametrize(("app", "text"), WRONG, ids=[text for _, text in WRONG])
@pytest.mark.parametrize("name", ["function_url", "rest"])
async def test_a_failure_before_the_first_part_is_a_500_in_the_form_of_a_stream(
    app: Any, text: str, name: str, log: pytest.LogCaptureFixture
) -> None:
    steps = (await answered(app, sample(name))).steps
    assert steps.wire(sample(name))[::2] == (500, b"Internal Server Error")
    (record,) = log.records
    assert record.exc_info
    assert text in str(record.exc_info[1])


@pytest.mark.parametrize("app", [app for app, _ in WRONG], ids=[text for _, text in WRONG])
@both_modes
async def test_a_failure_before_the_first_part_is_raised_where_that_is_wanted(app: Any, streaming: str) -> None:
    responder = Responder()
    with pytest.raises((BoomError, AppError)):
        await bridge(app, streaming=streaming, errors="raise").respond(URL, None, responder)
    assert responder.steps == []


@pytest.mark.parametrize("errors", ["respond", "raise"])
@pytest.mark.parametrize("error", [BoomError("boom"), asyncio.CancelledError("boom"), None], ids=repr)
async def test_a_failure_after_the_first_part_ends_the_stream_as_failed(
    errors: str, error: BaseException | None, log: pytest.LogCaptureFixture
) -> None:
    responder = await answered(sending(START, part(b"a"), then=error), errors=errors)
    assert responder.steps.names == ["start", "write", "fail"]
    failure = responder.steps[-1][1]
    assert isinstance(failure, type(error) if error else AppError)
    (record,) = log.records
    assert record.message.startswith("GET /items/café noir/x failed in the middle of its response (200): ")
    assert record.exc_info
    assert record.exc_info[1] is failure


@both_modes
@pytest.mark.parametrize("errors", ["respond", "raise"])
async def test_a_failure_after_the_response_costs_nobody_anything(
    errors: str, streaming: str, log: pytest.LogCaptureFixture
) -> None:
    app = sending(START, part(b"ok", False), then=BoomError("late"))
    responder = await answered(app, errors=errors, streaming=streaming)
    assert responder.steps.names == (["start", "end"] if streaming == "on" else ["result"])
    (record,) = log.records
    assert record.message.endswith(
        "answered 200, and failed after that (a background task, or the like): BoomError: late"
    )
    assert record.exc_info


@both_modes
async def test_more_after_the_end_is_the_apps_mistake(streaming: str, log: pytest.LogCaptureFixture) -> None:
    await answered(sending(START, part(b"a", False), part(b"b", False)), streaming=streaming)
    (record,) = log.records
    assert record.exc_info
    assert isinstance(record.exc_info[1], AppError)


async def test_a_head_that_is_too_long_is_a_500(log: pytest.LogCaptureFixture) -> None:
    def app(size: int) -> Any:
        return sending({**START, "headers": [(b"x", b"y" * size)]}, part(b"a", False))

    around = len((await answered(app(0))).steps[0][2])
    assert (await answered(app(16_384 - around))).steps.wire(URL)[0] == 200
    steps = (await answered(app(16_384 - around + 1))).steps
    assert steps.wire(URL)[::2] == (500, b"Internal Server Error")
    (record,) = log.records
    assert "16,385 bytes" in record.message
    with pytest.raises(ResultTooLargeError):
        await answered(app(17_000), errors="raise")


async def test_an_app_may_send_another_head_for_one_that_is_too_long() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({**START, "headers": [(b"x", b"y" * 17_000)]})
        except ResultTooLargeError:
            await respond(send, status=507)

    assert (await answered(app)).steps.head["statusCode"] == 507


@both_modes
async def test_what_a_source_raises_for_a_result_is_raised_when_the_app_has_ended(streaming: StreamingMode) -> None:
    ended: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"no such order", status=404)
        await receive()
        ended.append(await receive())

    options: Any = {"streaming": streaming, "sources": [CustomIntegration()]}
    with pytest.raises(StatusError, match=r'"httpStatus":404.*"body":"no such order"') as raised:
        async with asyncio.timeout(SECONDS):
            await answered(app, {}, **options)
    assert [message["type"] for message in ended] == ["http.disconnect"]
    with pytest.raises(StatusError) as plain:
        await bridge(app, **options).handle_async({})
    assert str(plain.value) == str(raised.value)


async def test_what_a_source_raises_for_the_response_to_a_failure_is_raised(log: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StatusError, match='"httpStatus":500'):
        await answered(sending(then=BoomError("boom")), {}, sources=[CustomIntegration()])
    assert [record.getMessage() for record in log.records] == ["POST / answered 500: BoomError: boom"]


async def test_a_result_that_is_too_large_is_raised_where_that_is_wanted() -> None:
    with pytest.raises(ResultTooLargeError):
        await answered(sending(START, part(b"\xff" * BODY_LIMIT, False)), streaming="off", errors="raise")


# ---------------------------------------------------------------- the deadline


@pytest.fixture
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "GRACE", 0.03)
    monkeypatch.setattr(deadline, "BACKGROUND_MARGIN", 0.06)


@both_modes
@pytest.mark.usefixtures("_short_grace")
async def test_an_app_that_has_not_begun_by_the_deadline_is_a_504(
    streaming: str, log: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(SECONDS)

    steps = (await answered(app, context=Context(40), streaming=streaming)).steps
    assert (steps.head if streaming == "on" else steps.result)["statusCode"] == 504
    assert len(log.records) == 1


@pytest.mark.usefixtures("_short_grace")
async def test_a_stream_without_end_fails_at_the_deadline(log: pytest.LogCaptureFixture) -> None:
    cleaned: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            while True:
                await send(part(b"x"))
        finally:
            cleaned.append(True)

    steps = (await answered(app, context=Context(40))).steps
    assert steps.names[0] == "start"
    assert steps.names[-1] == "fail"
    assert isinstance(steps[-1][1], DeadlineError)
    assert cleaned == [True]
    (record,) = log.records
    assert "failed in the middle of its response (200): the invocation's time ran out" in record.message


@both_modes
@pytest.mark.usefixtures("_short_grace")
async def test_background_work_is_cancelled_at_the_deadline(streaming: str, log: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send)
        try:
            await asyncio.sleep(SECONDS)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    responder = await answered(app, context=Context(60), streaming=streaming)
    assert len(responder.steps) == (2 if streaming == "on" else 1)
    assert seen == ["cancelled"]
    (record,) = log.records
    assert "answered 200, and failed after that" in record.message
    assert record.message.endswith(": the invocation's time ran out before the app had ended")


@both_modes
async def test_work_after_the_answer_has_more_time_than_an_answer(
    streaming: str, log: pytest.LogCaptureFixture
) -> None:
    waits = asyncio.Event()

    class Asked:
        """Has time for startup, where that is asked, next to none for an answer, and some for what follows."""

        left = [2, 10_000] if _kind[-1] is Lone else [1000, 2, 10_000]

        def get_remaining_time_in_millis(self) -> int:
            if len(self.left) == 1:
                waits.set()
            return self.left.pop(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send)
        await waits.wait()

    async with asyncio.timeout(SECONDS):
        responder = await answered(app, context=Asked(), streaming=streaming)
    assert len(responder.steps) == (2 if streaming == "on" else 1)
    assert log.records == []


@on_a_shared_loop
@both_modes
async def test_an_app_that_has_not_answered_has_no_time_for_what_follows(streaming: str) -> None:
    asked: list[int] = []

    class Asked:
        def get_remaining_time_in_millis(self) -> int:
            asked.append(1000 if not asked else 2)
            return asked[-1]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(SECONDS)

    await answered(app, context=Asked(), streaming=streaming)
    assert asked == [1000, 2]  # for startup, and for the answer


@on_a_shared_loop
@pytest.mark.usefixtures("_short_grace")
@both_modes
async def test_work_after_the_answer_that_ignores_its_cancellation_holds_up_nobody(streaming: str) -> None:
    free, ended = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send)
        while not free.is_set():
            with suppress(asyncio.CancelledError):
                await free.wait()
        ended.set()

    asyncio.get_running_loop().call_later(SECONDS, free.set)
    await answered(app, context=Context(60), streaming=streaming)
    assert not free.is_set()
    free.set()
    await ended.wait()


@pytest.mark.usefixtures("_short_grace")
@both_modes
async def test_a_result_that_is_on_its_way_at_the_deadline_arrives(streaming: StreamingMode) -> None:
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await respond(send)
        finally:
            asyncio.get_running_loop().call_soon(ended.set)

    async def slow(step: Step) -> None:
        await ended.wait()  # the app has been cancelled
        await asyncio.sleep(0.1)

    responder = Responder(slow)
    async with asyncio.timeout(SECONDS):
        await bridge(app, streaming=streaming).respond(URL, Context(40), responder)
    assert responder.steps.names == (["result"] if streaming == "off" else ["start", "end"])


@pytest.mark.usefixtures("_short_grace")
async def test_a_client_that_reads_too_slowly_gets_the_end_at_the_deadline() -> None:
    async def slow(step: Step) -> None:
        if step[0] == "write":
            await asyncio.sleep(SECONDS)

    responder = Responder(slow)
    async with asyncio.timeout(SECONDS / 2):
        await bridge(sending(START, part(b"x"))).respond(URL, Context(40), responder)
    assert responder.steps.names == ["start", "fail"]


@on_a_shared_loop
@pytest.mark.usefixtures("_short_grace")
@both_modes
async def test_what_goes_on_after_it_was_cancelled_sends_to_nobody(streaming: str) -> None:
    seen: list[str] = []
    late = asyncio.Event()
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await asyncio.sleep(SECONDS)
        except asyncio.CancelledError:
            await late.wait()
            seen.append((await receive())["type"])
            with pytest.raises(OSError, match="nowhere") as error:
                await send(START)
            seen.append(str(error.value.__cause__))
            ended.set()

    responder = await answered(app, context=Context(40), streaming=streaming)
    said = [*responder.steps]
    late.set()
    async with asyncio.timeout(SECONDS):
        await ended.wait()
    assert seen == ["http.disconnect", "the invocation is over"]
    assert responder.steps == said


# ---------------------------------------------------------------- cancellation


@both_modes
async def test_a_timeout_of_the_apps_own_leaves_the_answer_whole(streaming: str) -> None:
    gate = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        sent = asyncio.create_task(send(part(b"ab", more_body=streaming == "on")))
        for _ in range(5):
            await asyncio.sleep(0)
        sent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sent
        if streaming == "on":
            sent = asyncio.create_task(send(part(b"c", False)))
            await asyncio.sleep(0)
            gate.set()
            await sent
        else:
            asyncio.get_running_loop().call_soon(gate.set)

    async def slow(step: Step) -> None:
        await gate.wait()

    responder = Responder(slow)
    async with asyncio.timeout(SECONDS):
        await bridge(app, streaming=streaming).respond(URL, None, responder)
    if streaming == "on":
        assert responder.steps.wire(URL) == (200, [], b"abc")
        assert responder.steps.names == ["start", "write", "end"]
    else:
        assert responder.steps.result["body"] == "ab"


async def test_an_app_that_gives_up_waiting_and_ends_has_its_last_part_sent_before_the_failure() -> None:
    gate = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        sent = asyncio.create_task(send(part(b"ab")))
        await asyncio.sleep(0)
        sent.cancel()
        asyncio.get_running_loop().call_later(0.01, gate.set)

    async def slow(step: Step) -> None:
        await gate.wait()

    responder = Responder(slow)
    async with asyncio.timeout(SECONDS):
        await bridge(app).respond(URL, None, responder)
    assert responder.steps.names == ["start", "write", "fail"]


@on_a_shared_loop
async def test_to_cancel_respond_is_to_cancel_the_app_and_the_step() -> None:
    seen: list[str] = []
    begun = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await respond(send)
        finally:
            seen.append("app")

    async def stuck(step: Step) -> None:
        begun.set()
        try:
            await asyncio.sleep(SECONDS)
        finally:
            seen.append("step")

    task = asyncio.create_task(bridge(app).respond(URL, None, Responder(stuck)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert sorted(seen) == ["app", "step"]


@on_a_shared_loop
async def test_to_cancel_respond_releases_who_waits_for_a_step_that_has_not_begun() -> None:
    """Be it a task that the app has left behind."""
    waiting: list[asyncio.Task[None]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        waiting.append(asyncio.create_task(send(part(b"ab", False))))
        task.cancel()
        await asyncio.sleep(SECONDS)

    task = asyncio.create_task(bridge(app).respond(URL, None, Responder()))
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(SECONDS):
        await asyncio.wait(waiting)


# ---------------------------------------------------------------- the client


def leaving(at: str) -> Responder:
    async def leave(step: Step) -> None:
        if step[0] == at:
            raise ConnectionResetError("the client reset the connection")

    return Responder(leave)


async def test_an_app_whose_client_has_gone_is_told_so(log: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        listening = asyncio.create_task(receive())
        await send(START)
        for _ in range(2):
            with pytest.raises(OSError, match="nowhere") as error:
                await send(part(b"x"))
            seen.append(repr(error.value.__cause__))
        seen.append((await listening)["type"])
        seen.append((await receive())["type"])

    responder = leaving("write")
    await bridge(app).respond(URL, None, responder)
    assert seen == ["ConnectionResetError('the client reset the connection')"] * 2 + ["http.disconnect"] * 2
    assert responder.steps.names == ["start"]  # neither end nor fail
    (record,) = log.records
    assert record.levelname == "INFO"
    assert "the client reset the connection" in record.message


async def test_parts_that_are_sent_at_once_go_nowhere_after_the_client_has_gone() -> None:
    tried: list[str] = []

    async def leave(step: Step) -> None:
        tried.append(step[0])
        if step[0] == "write":
            await asyncio.sleep(0)
            raise ConnectionResetError

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        both = await asyncio.gather(send(part(b"x")), send(part(b"y")), return_exceptions=True)
        assert [type(error) for error in both] == [OSError, OSError]

    await bridge(app).respond(URL, None, Responder(leave))
    assert tried == ["start", "write"]


class GoneError(Exception): ...


async def respond_in_parts(send: Send) -> None:
    for message in (START, part(b"o"), part(b"k", False)):
        await send(message)


@pytest.mark.parametrize("at", ["start", "write", "end"])
async def test_an_exception_that_comes_of_the_clients_leaving_is_no_failure(
    at: str, log: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await respond_in_parts(send)
        except OSError:
            raise GoneError  # noqa: B904 - as Starlette does

    await bridge(app, errors="raise").respond(URL, None, leaving(at))
    assert [record.levelname for record in log.records] == ["INFO"]


async def test_another_exception_after_the_client_has_left_is_logged(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(OSError):
            await respond_in_parts(send)
        raise BoomError

    await bridge(app).respond(URL, None, leaving("write"))
    (record,) = log.records
    assert record.message.endswith("failed after its response could not be sent: BoomError")
    assert record.exc_info


async def test_a_client_that_leaves_when_the_stream_fails_is_no_error() -> None:
    responder = leaving("fail")
    await bridge(sending(START, part(b"x"), then=BoomError())).respond(URL, None, responder)
    assert responder.steps.names == ["start", "write"]


@pytest.mark.parametrize(
    ("streaming", "at", "error"),
    [
        ("on", "start", BoomError("broken")),
        ("on", "write", BoomError("broken")),
        ("on", "end", BoomError("broken")),
        ("off", "result", BoomError("broken")),
        ("off", "result", ConnectionResetError("Lambda has gone")),
    ],
)
@pytest.mark.parametrize("swallows", [True, False])
async def test_what_the_responder_raises_comes_out(
    streaming: str, at: str, error: Exception, swallows: bool, log: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await respond_in_parts(send)
        except OSError:
            if not swallows:
                raise

    async def breaks(step: Step) -> None:
        if step[0] == at:
            raise error

    responder = Responder(breaks)
    with pytest.raises(type(error)) as raised:
        await bridge(app, streaming=streaming).respond(URL, None, responder)
    assert raised.value is error
    assert log.records == []
    assert at not in responder.steps.names


# ---------------------------------------------------------------- side by side


@on_a_shared_loop
@both_modes
async def test_requests_side_by_side_know_nothing_of_each_other(streaming: str) -> None:
    name: ContextVar[str] = ContextVar("name")
    together = asyncio.Barrier(8)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await together.wait()
        caller = name.get()
        name.set("the app's own")
        await send(START)
        await together.wait()
        await send(part(caller.encode(), False))

    handler = bridge(app, streaming=streaming)

    async def ask(number: int) -> None:
        name.set(f"caller {number}")
        responder = Responder()
        await handler.respond(URL, None, responder)
        body = responder.steps.body if streaming == "on" else responder.steps.result["body"].encode()
        assert body == f"caller {number}".encode()
        assert name.get() == f"caller {number}"

    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(8)))
