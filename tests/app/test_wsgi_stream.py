"""A WSGI app's answer, as it goes out: what, in which order, and when."""

import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from bridge import AppError, Bridge, ConfigurationError, DeadlineError, EventError, ResultTooLargeError, StatusError
from bridge._app.wsgi import stream as wsgi_stream
from bridge._http.body import BODY_LIMIT
from bridge.sources import CustomIntegration
from bridge.types import StreamingMode

from ..apps import Asgi, StartResponse
from ..asgi_apps import Context
from ..responders import Step, SyncResponder
from ..samples import HTTP, sample

URL = sample("function_url")
MODES: list[StreamingMode] = ["off", "on"]
both_modes = pytest.mark.parametrize("streaming", MODES)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "bridge")
    return caplog


class Parts:
    """An app's iterable that says when it is closed."""

    def __init__(self, parts: Iterable[bytes], close: Callable[[], None] = lambda: None) -> None:
        self._parts = parts
        self._close = close
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts

    def close(self) -> None:
        self.closed += 1
        self._close()


def giving(parts: Iterable[bytes], status: str = "200 OK", headers: Any = ()) -> Any:
    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [*headers])
        return parts

    return app


def answered(app: Any, event: Any = URL, context: Any = None, **options: Any) -> SyncResponder:
    responder = SyncResponder()
    Bridge(app, **{"streaming": "on", **options}).respond_sync(event, context, responder)
    return responder


# ---------------------------------------------------------------- what streams


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("streaming", ["off", "auto", "on"])
def test_what_streams_is_what_can_and_what_the_option_says(streaming: str, name: str) -> None:
    steps = answered(giving([b"a", b"b"]), sample(name), streaming=streaming).steps
    is_url, is_rest = name.startswith("function_url"), name.startswith("rest")
    if (is_url and streaming != "off") or (is_rest and streaming == "on"):
        assert steps.names == ["start", "write", "write", "end"]
        assert steps.body == b"ab"
    else:
        assert steps.result["body"] == "ab"


def test_a_prelude_has_the_form_that_the_events_sender_takes() -> None:
    headers = [("Set-Cookie", "a=1"), ("Vary", "x"), ("set-cookie", "b=2"), ("vary", "y"), ("Content-Length", "1")]
    app = giving([b"a"], "201 Created", headers)
    head = {"statusCode": 201, "headers": {"vary": "x, y"}, "cookies": ["a=1", "b=2"]}
    assert answered(app).steps.head == head
    head = {"statusCode": 201, "multiValueHeaders": {"vary": ["x", "y"], "set-cookie": ["a=1", "b=2"]}}
    assert answered(app, sample("rest")).steps.head == head


def test_another_event_is_refused_before_anything_is_said() -> None:
    responder = SyncResponder()
    with pytest.raises(EventError, match="aws:sqs"):
        Bridge(giving([])).respond_sync(sample("other_sqs"), None, responder)
    assert responder.steps == []


def test_the_result_for_another_event_goes_to_the_responder_as_it_is() -> None:
    def on_event(event: Any, context: Any) -> Any:
        return [context]

    responder = SyncResponder()
    Bridge(giving([]), on_event=on_event).respond_sync(sample("other_sqs"), 7, responder)
    assert responder.steps.result == [7]


@pytest.mark.parametrize("streaming", ["off", "on"])
def test_the_path_for_events_is_refused_here_too(streaming: Any) -> None:
    event = {**URL, "rawPath": "/events", "requestContext": {**URL["requestContext"]}}
    event["requestContext"]["http"] = {**event["requestContext"]["http"], "path": "/events"}
    responder = SyncResponder()
    Bridge(giving([b"secret"]), streaming=streaming, events_path="/events").respond_sync(event, None, responder)
    steps = responder.steps
    assert (steps.head if streaming == "on" else steps.result)["statusCode"] == 404


async def test_an_asgi_app_is_not_asked_this_way() -> None:
    handler = Bridge(Asgi())
    assert handler.is_asgi
    with pytest.raises(ConfigurationError, match="await respond"):
        handler.respond_sync(URL, None, SyncResponder())


# ---------------------------------------------------------------- when


@pytest.mark.parametrize("name", ["function_url", "rest"])
@pytest.mark.parametrize("how", ["yielded", "written"])
def test_a_part_is_with_the_client_before_the_next_one_is_made(name: str, how: str) -> None:
    seen: list[bytes] = []

    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        for number in b"1234":
            assert len(seen) == number - b"1"[0]
            if how == "yielded":
                yield bytes([number])
            else:
                write(bytes([number]))

    def client(step: Step) -> None:
        if step[0] == "write":
            seen.append(step[1])

    responder = SyncResponder(client)
    Bridge(app, interface="wsgi", streaming="on").respond_sync(sample(name), None, responder)
    assert responder.steps.names == ["start", *["write"] * 4, "end"]
    assert responder.steps.body == b"1234"


def test_status_and_headers_wait_for_the_first_part_that_is_not_empty() -> None:
    responder = SyncResponder()
    seen: list[int] = []

    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        for chunk in (b"", b"x", b""):
            seen.append(len(responder.steps))
            yield chunk
        seen.append(len(responder.steps))

    Bridge(app, streaming="on").respond_sync(URL, None, responder)
    assert seen == [0, 0, 2, 2]
    assert responder.steps.names == ["start", "write", "end"]


@pytest.mark.parametrize("parts", [[b"a"], (b"a",)])
def test_a_body_that_is_all_there_goes_out_with_the_end(parts: Any) -> None:
    assert answered(giving(parts)).steps[1:] == [("end", b"a")]


@both_modes
def test_the_answer_is_out_before_the_iterable_is_closed(streaming: str) -> None:
    responder = SyncResponder()
    seen: list[str] = []
    parts = Parts([b"a", b"b"], close=lambda: seen.extend(responder.steps.names))
    Bridge(giving(parts), streaming=streaming).respond_sync(URL, None, responder)  # type: ignore[arg-type]
    assert seen == (["start", "write", "write", "end"] if streaming == "on" else ["result"])
    assert parts.closed == 1


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 x")])
@pytest.mark.parametrize("parts", [[], [b""], [b"a", b"b"]], ids=repr)
def test_a_response_without_a_body_has_head_and_end(method: str, status: str, parts: list[bytes]) -> None:
    event = sample("function_url")
    event["requestContext"]["http"]["method"] = method
    steps = answered(giving(parts, status), event).steps
    assert steps.names == ["start", "end"]
    assert steps.head["statusCode"] == int(status[:3])


def test_an_empty_body_has_head_and_end() -> None:
    assert answered(giving([])).steps.names == ["start", "end"]


def test_a_stream_has_no_limit_and_a_result_has_its_own() -> None:
    app = giving([bytes(BODY_LIMIT), b"xy"])
    assert len(answered(app).steps.body) == BODY_LIMIT + 2
    assert answered(app, streaming="off").steps.result["statusCode"] == 500


def test_bytes_are_passed_through_as_they_are() -> None:
    body = bytes(1000)
    assert answered(giving([body])).steps[1][1] is body


def test_what_is_written_and_what_is_yielded_keep_their_order() -> None:
    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        yield b"b"
        write(b"c")

    assert answered(app).steps.body == b"abc"
    assert answered(app, streaming="off").steps.result["body"] == "abc"


# ---------------------------------------------------------------- start_response again


def boom() -> Any:
    try:
        raise ZeroDivisionError("boom")
    except ZeroDivisionError:
        return sys.exc_info()


def test_headers_may_be_replaced_before_the_first_part() -> None:
    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("x", "1")])
        yield b""
        start_response("500 Oops", [("y", "2")], boom())
        yield b"page"

    steps = answered(app).steps
    assert steps.wire(URL) == (500, [("y", "2")], b"page")


def no_traceback() -> Any:
    kind, error, _ = boom()
    return kind, error.with_traceback(None), None


@pytest.mark.parametrize("made", [boom, no_traceback])
def test_headers_that_are_out_cannot_be_replaced(made: Callable[[], Any], log: pytest.LogCaptureFixture) -> None:
    info = made()

    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        start_response("500 Oops", [], info)
        raise AssertionError

    steps = answered(app).steps
    assert steps.names == ["start", "write", "fail"]
    assert steps[-1][1] is info[1]
    (record,) = log.records
    assert record.exc_info
    assert record.exc_info[1] is info[1] is not None
    frames = [frame.name for frame in traceback.extract_tb(info[1].__traceback__)]
    assert (frames[-1] == "boom") is (made is boom)


@pytest.mark.parametrize("exc_info", [None, (None, None, None)])
def test_headers_are_given_once(exc_info: Any, log: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        start_response("200 OK", [], exc_info)
        yield b"b"

    steps = answered(app).steps
    assert (steps[0], steps[1]) == (answered(giving([b"a"])).steps[0], ("write", b"a"))
    assert (steps.names[2:], len(log.records)) == (["fail"], 1) if exc_info is None else (["write", "end"], 0)


# ---------------------------------------------------------------- errors


class BoomError(Exception): ...


def raises(environ: Any, start_response: StartResponse) -> Any:
    raise BoomError("boom")


def starts_and_raises(environ: Any, start_response: StartResponse) -> Any:
    start_response("200 OK", [])
    raise BoomError("boom")


def raises_first(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [])
    if environ:
        raise BoomError("boom")
    yield b""


def says_nothing(environ: Any, start_response: StartResponse) -> Any:
    return []


def yields_without_a_head(environ: Any, start_response: StartResponse) -> Any:
    return [b"a"]


WRONG = [raises, starts_and_raises, raises_first, says_nothing, yields_without_a_head, giving(["text"])]  # type: ignore[list-item]


@pytest.mark.parametrize("app", WRONG)
@pytest.mark.parametrize("name", ["function_url", "rest"])
def test_a_failure_before_the_first_part_is_a_500_in_the_form_of_a_stream(
    app: Any, name: str, log: pytest.LogCaptureFixture
) -> None:
    assert answered(app, sample(name)).steps.wire(sample(name))[::2] == (500, b"Internal Server Error")
    (record,) = log.records
    assert record.exc_info


@pytest.mark.parametrize("app", WRONG)
@both_modes
def test_a_failure_before_the_first_part_is_raised_where_that_is_wanted(app: Any, streaming: str) -> None:
    responder = SyncResponder()
    with pytest.raises((BoomError, AppError, TypeError)):
        Bridge(app, streaming=streaming, errors="raise").respond_sync(URL, None, responder)  # type: ignore[arg-type]
    assert responder.steps == []


@pytest.mark.parametrize(
    ("app", "complaint"),
    [
        (
            yields_without_a_head,
            "the app sent a body, or its end, but it had not called start_response (PEP 3333)",
        ),
        (giving(["text"]), "the app sent a part of its body that is no bytes: a str (PEP 3333)"),  # type: ignore[list-item]
    ],
)
def test_a_mistake_of_the_app_s_is_named(app: Any, complaint: str) -> None:
    with pytest.raises(AppError) as raised:
        answered(app, errors="raise")
    assert str(raised.value) == complaint


@pytest.mark.parametrize("errors", ["respond", "raise"])
def test_a_failure_after_the_first_part_ends_the_stream_as_failed(errors: str, log: pytest.LogCaptureFixture) -> None:
    parts = Parts(part() for part in (lambda: b"a", lambda: 1 // 0))  # type: ignore[misc]
    steps = answered(giving(parts), errors=errors).steps
    assert steps.names == ["start", "write", "fail"]
    assert isinstance(steps[-1][1], ZeroDivisionError)
    assert parts.closed == 1
    (record,) = log.records
    assert record.message.startswith(
        "GET /items/café noir/x failed in the middle of its response (200): ZeroDivisionError: "
    )


@both_modes
@pytest.mark.parametrize("errors", ["respond", "raise"])
def test_a_failure_to_close_costs_nobody_anything(errors: str, streaming: str, log: pytest.LogCaptureFixture) -> None:
    def close() -> None:
        raise BoomError("late")

    steps = answered(giving(Parts([b"a"], close)), errors=errors, streaming=streaming).steps
    assert steps.names == (["start", "write", "end"] if streaming == "on" else ["result"])
    (record,) = log.records
    assert record.message == CLOSE_LINE + "was sent before"


CLOSE_LINE = (
    "GET /items/café noir/x answered 200, and close() of the app's iterable failed after that: BoomError: late. The "
    "fault is the app's, or that of a middleware which wraps the iterable. The response "
)


def test_a_failure_to_close_is_told_of_in_a_plain_call_too(log: pytest.LogCaptureFixture) -> None:
    def close() -> None:
        raise BoomError("late")

    assert Bridge(giving(Parts([b"a"], close)))(URL)["statusCode"] == 200
    (record,) = log.records
    assert record.message == CLOSE_LINE + "goes out all the same"
    with pytest.raises(BoomError) as raised:
        Bridge(giving(Parts([b"a"], close)), errors="raise")(URL)
    assert not raised.value.__dict__


def test_a_failure_to_close_what_has_failed_is_told_of_apart(log: pytest.LogCaptureFixture) -> None:
    def close() -> None:
        raise BoomError("late")

    def parts() -> Iterator[bytes]:
        yield b"a"
        raise ZeroDivisionError

    steps = answered(giving(Parts(parts(), close))).steps
    assert steps.names == ["start", "write", "fail"]
    assert [record.message.partition("/x ")[2] for record in log.records] == [
        "failed in the middle of its response (200): ZeroDivisionError",
        "failed in close() of its iterable, and its response was not complete: BoomError: late",
    ]


ENDED = "the app has ended the process by SystemExit(None), at "


def test_what_ends_the_process_passes_and_the_iterable_is_closed(log: pytest.LogCaptureFixture) -> None:
    def parts() -> Iterator[bytes]:
        yield b"a"
        raise SystemExit

    closing = Parts(parts())
    responder = SyncResponder()
    with pytest.raises(SystemExit):
        Bridge(giving(closing), streaming="on").respond_sync(URL, None, responder)
    assert responder.steps.names == ["start", "write"]
    assert closing.closed == 1
    (record,) = log.records
    assert record.getMessage().startswith(ENDED)


def test_what_ends_the_process_passes_from_close_too(log: pytest.LogCaptureFixture) -> None:
    closing = Parts([b"a"], close=sys.exit)
    responder = SyncResponder()
    with pytest.raises(SystemExit):
        Bridge(giving(closing), streaming="on").respond_sync(URL, None, responder)
    assert responder.steps.wire(URL)[2] == b"a"
    assert closing.closed == 1
    (record,) = log.records
    assert record.getMessage().startswith(ENDED)


def test_a_head_that_is_too_long_is_a_500(log: pytest.LogCaptureFixture) -> None:
    app = giving([b"a"], headers=[("x", "y" * 17_000)])
    assert answered(app).steps.wire(URL)[::2] == (500, b"Internal Server Error")
    assert len(log.records) == 1
    with pytest.raises(ResultTooLargeError):
        answered(app, errors="raise")


@both_modes
def test_what_a_source_raises_for_a_result_is_raised(streaming: StreamingMode, log: pytest.LogCaptureFixture) -> None:
    parts = Parts([b"no such", b" order"])
    with pytest.raises(StatusError, match=r'"httpStatus":404.*"body":"no such order"'):
        answered(giving(parts, "404 Not Found"), {}, streaming=streaming, sources=[CustomIntegration()])
    assert parts.closed == 1
    assert not log.records


# ---------------------------------------------------------------- the deadline


class Clock:
    """Time that passes when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wsgi_stream, "monotonic", clock)
    return clock


def ticking(clock: Clock, parts: int) -> Iterator[bytes]:
    """One part a second."""
    for number in range(parts):
        clock.now += 1
        yield b"%d" % number


def test_a_stream_without_end_fails_at_the_deadline_and_is_closed(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    parts = Parts(ticking(clock, 1_000_000))
    steps = answered(giving(parts), context=Context(3900)).steps
    assert steps.names == ["start", "write", "write", "write", "write", "fail"]
    assert isinstance(steps[-1][1], DeadlineError)
    assert parts.closed == 1
    (record,) = log.records
    assert "failed in the middle of its response (200): the invocation's time ran out" in record.message


def test_a_result_that_is_not_complete_by_the_deadline_is_a_504(clock: Clock) -> None:
    steps = answered(giving(Parts(ticking(clock, 1_000_000))), context=Context(3900), streaming="off").steps
    assert steps.result["statusCode"] == 504


@both_modes
def test_a_body_of_one_part_may_be_late(clock: Clock, streaming: str) -> None:
    steps = answered(giving(ticking(clock, 1)), context=Context(700), streaming=streaming).steps
    assert (steps.head if streaming == "on" else steps.result)["statusCode"] == 200


def test_without_a_deadline_there_is_none(clock: Clock) -> None:
    assert answered(giving(ticking(clock, 100))).steps.names[-1] == "end"


# ---------------------------------------------------------------- the client


def leaving(at: str) -> SyncResponder:
    def leave(step: Step) -> None:
        if step[0] == at:
            raise ConnectionResetError("the client reset the connection")

    return SyncResponder(leave)


@pytest.mark.parametrize("at", ["start", "write", "end"])
def test_an_app_whose_client_has_gone_is_closed(at: str, log: pytest.LogCaptureFixture) -> None:
    parts = Parts([b"a", b"b"])
    Bridge(giving(parts), streaming="on", errors="raise").respond_sync(URL, None, leaving(at))
    assert parts.closed == 1
    (record,) = log.records
    assert record.levelname == "INFO"
    assert "its client has gone" in record.message


def test_what_writes_to_a_client_that_has_gone_is_told_so() -> None:
    seen: list[str] = []

    def app(environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        for _ in range(2):
            with pytest.raises(OSError, match="nowhere") as error:
                write(b"x")
            seen.append(repr(error.value.__cause__))
        return []

    responder = leaving("write")
    Bridge(app, streaming="on").respond_sync(URL, None, responder)
    assert seen == ["ConnectionResetError('the client reset the connection')"] * 2
    assert responder.steps.names == ["start"]


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
def test_what_the_responder_raises_comes_out(
    streaming: StreamingMode, at: str, error: Exception, log: pytest.LogCaptureFixture
) -> None:
    def breaks(step: Step) -> None:
        if step[0] == at:
            raise error

    parts = Parts([b"a"])
    with pytest.raises(type(error)) as raised:
        Bridge(giving(parts), streaming=streaming).respond_sync(URL, None, SyncResponder(breaks))
    assert raised.value is error
    assert parts.closed == 1
    assert log.records == []


@pytest.mark.parametrize("streaming", ["off", "on"])
def test_what_cloudfront_has_cut_is_refused_here_too(streaming: Any) -> None:
    responder = SyncResponder()
    Bridge(giving([b"secret"]), streaming=streaming).respond_sync(sample("edge_truncated"), None, responder)
    assert responder.steps.result["status"] == "413"
