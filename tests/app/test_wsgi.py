"""PEP 3333, rule by rule."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, TypeAlias
from wsgiref.validate import validator

import pytest
from flask import Flask, request

from bridge import AppError, Bridge, EventError, ResultTooLargeError
from bridge._app import wsgi
from bridge._http import TABLE_SIZE, ResponseNames, UnvouchedRequest
from bridge._http.body import BODY_LIMIT
from bridge.current import LambdaEvent, UnvouchedEvent
from bridge.sources import _v2 as v2

from ..apps import Reply, StartResponse, Wsgi
from ..asgi_apps import Context
from ..frameworks.events import REST
from ..samples import HTTP, sample
from ..targets import TARGET, TARGETS, Sent, Target

Environ: TypeAlias = dict[str, Any]
PLAIN = [("Content-Type", "text/plain")]


def environ_of(**changes: Any) -> Environ:
    event = {**sample("http_api"), **changes}
    return wsgi.environ_of(v2.request(event), event, None)


def run(app: Callable[[Environ, StartResponse], Iterable[bytes]]) -> tuple[Any, BaseException | None]:
    """What came of a request: the response and the error."""
    event = sample("http_api")
    return wsgi.WSGI(app, ResponseNames(), False).run(v2.request(event), event, None)


def status_and_body(app: Callable[[Environ, StartResponse], Iterable[bytes]]) -> tuple[int, bytes]:
    response, error = run(app)
    assert error is None
    return response[0], response[2]


class Chunks:
    """An iterable that knows whether it has been closed."""

    def __init__(self, *chunks: bytes, fail: Exception | None = None, fail_to_close: Exception | None = None) -> None:
        self.chunks = chunks
        self.fail = fail
        self.fail_to_close = fail_to_close
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.fail is not None:
            raise self.fail

    def close(self) -> None:
        self.closed += 1
        if self.fail_to_close is not None:
            raise self.fail_to_close


def answering(chunks: Iterable[bytes], status: str = "200 OK") -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    def app(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, PLAIN)
        return chunks

    return app


@pytest.mark.parametrize("name", HTTP)
def test_the_validator_of_the_standard_library_finds_nothing_wrong(name: str) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", PLAIN)
        return [b"got ", body]

    result = Bridge(validator(app), interface="wsgi")(sample(name))
    assert int(result.get("statusCode") or result["status"]) == 200


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_the_validator_finds_nothing_wrong_with_any_request(target: Target, method: str) -> None:
    headers = (("content-type", "text/plain"), ("x-name", "日"), ("cookie", "a=é"))
    sent = Sent(method=method, path="/caf%C3%A9%20/%E6%97%A5", query="a=%FF", headers=headers, body=b"\xff")
    assert target.answer(Bridge(validator(Wsgi()), interface="wsgi")(target.event(sent))).status == 200


class TestEnviron:
    def test_is_a_plain_dict_of_native_strings(self) -> None:
        environ = environ_of()
        assert type(environ) is dict
        for name, value in environ.items():
            if name.isupper():
                assert type(value) is str
                value.encode("latin-1")

    def test_has_the_keys_that_wsgi_requires(self) -> None:
        environ = environ_of()
        assert environ["REQUEST_METHOD"] == "GET"
        assert environ["SERVER_NAME"] == "h77p4p1abc.execute-api.eu-central-1.amazonaws.com"
        assert environ["SERVER_PORT"] == "443"
        assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        assert environ["wsgi.version"] == (1, 0)
        assert environ["wsgi.url_scheme"] == "https"
        assert environ["wsgi.errors"] is sys.stderr
        assert environ["wsgi.run_once"] is False

    @pytest.mark.parametrize(
        ("host", "server"),
        [
            ("own.example", ("own.example", "443")),
            ("own.example:8443", ("own.example", "8443")),
            ("[::1]:80", ("::1", "80")),
        ],
    )
    def test_has_the_server_that_the_client_asked_for(self, host: str, server: tuple[str, str]) -> None:
        environ = environ_of(headers={"host": host})
        assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == server

    def test_has_the_client_that_the_gateway_saw(self) -> None:
        assert environ_of()["REMOTE_ADDR"] == "203.0.113.7"

    def test_says_of_its_event_whether_a_gateway_vouches_for_it(self) -> None:
        event = sample("http_api")
        for given, kind in [(v2.request(event), LambdaEvent), (UnvouchedRequest(v2.request(event)), UnvouchedEvent)]:
            shown = wsgi.environ_of(given, event, None)["aws.event"]
            assert type(shown) is kind
            assert shown.raw_event is event

    def test_may_be_used_by_several_threads_and_processes_at_once(self) -> None:
        environ = environ_of()
        assert (environ["wsgi.multithread"], environ["wsgi.multiprocess"]) == (True, True)

    def test_path_is_latin1_text_of_utf8_bytes(self) -> None:
        assert environ_of(rawPath="/日")["PATH_INFO"] == "/日".encode().decode("latin-1")

    def test_path_that_is_not_utf8_is_its_bytes(self) -> None:
        assert environ_of(rawPath="/%FF")["PATH_INFO"] == "/\xff"

    def test_lone_surrogates_that_json_can_carry_are_question_marks(self) -> None:
        environ = environ_of(rawPath="/\ud800", rawQueryString="\ud800", cookies=["\ud800"])
        assert (environ["PATH_INFO"], environ["QUERY_STRING"], environ["HTTP_COOKIE"]) == ("/?", "?", "?")

    def test_script_name_and_path_info_share_the_path(self) -> None:
        event = sample("http_api_stage")
        environ = wsgi.environ_of(v2.request(event), event, None)
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/prod", "/items/7")

    def test_script_name_beyond_ascii_is_latin1_text_of_utf8_bytes(self) -> None:
        app = Wsgi()
        Bridge(app, base_path="/käse")({**sample("http_api"), "rawPath": "/käse/x"})
        assert app.seen[0].raw["SCRIPT_NAME"].encode("latin-1") == "/käse".encode()
        assert app.seen[0].raw["PATH_INFO"] == "/x"

    def test_query_and_cookies_beyond_ascii_are_latin1_text_of_utf8_bytes(self) -> None:
        environ = environ_of(rawQueryString="q=é", cookies=["a=é"])
        assert environ["QUERY_STRING"] == "q=\xc3\xa9"
        assert environ["HTTP_COOKIE"] == "a=\xc3\xa9"

    @pytest.mark.parametrize("name", ["x_forwarded_proto", "content_type", "X_Real-IP"])
    def test_headers_with_an_underscore_are_dropped(self, name: str) -> None:
        environ = environ_of(headers={name: "evil"})
        assert "evil" not in environ.values()

    def test_remote_addr_is_empty_for_an_unknown_client(self) -> None:
        app = Wsgi()
        Bridge(app)(sample("alb_health_check"))
        environ = app.seen[0].raw
        assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("", "localhost", "80")

    def test_content_length_is_that_of_the_body_whatever_the_header_says(self) -> None:
        environ = environ_of(body="é", headers={"content-length": "7"})
        assert environ["CONTENT_LENGTH"] == "2"
        assert environ["wsgi.input"].read() == "é".encode()

    def test_content_length_is_there_where_a_rest_api_left_it_out(self) -> None:
        app = Wsgi()
        Bridge(app)(sample("rest_upload"))
        assert app.seen[0].raw["CONTENT_LENGTH"] == "10"
        assert len(app.seen[0].body) == 10

    def test_content_type_and_length_are_there_once(self) -> None:
        environ = environ_of(body="x", headers={"content-type": "text/plain", "content-length": "1"})
        assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & set(environ)

    def test_input_is_empty_without_a_body(self) -> None:
        environ = environ_of(headers={})
        assert environ["wsgi.input"].read() == b""
        assert "CONTENT_LENGTH" not in environ

    def test_input_can_be_read_by_lines_and_pieces(self) -> None:
        stream = environ_of(body="one\ntwo\nthree")["wsgi.input"]
        assert (stream.readline(), stream.read(2), stream.readlines()) == (b"one\n", b"tw", [b"o\n", b"three"])

    def test_a_body_that_is_not_the_base64_it_says_is_an_error_of_the_event(self) -> None:
        with pytest.raises(EventError, match="not base64"):
            Bridge(Wsgi())({**sample("http_api"), "body": "!", "isBase64Encoded": True})


class TestStartResponse:
    @pytest.mark.parametrize(("line", "status"), [("200 OK", 200), ("204", 204), ("299 ", 299), ("599 Own", 599)])
    def test_status_may_have_a_reason_or_none(self, line: str, status: int) -> None:
        assert status_and_body(answering([], line))[0] == status

    def test_status_304_is_none_that_is_kept_for_its_headers_are_others(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("304 Not Modified", [("Content-Length", "7")])
            return []

        assert [run(app)[0] for _ in range(2)] == [(304, ({"content-length": "7"}, [], {}), b"")] * 2

    @pytest.mark.parametrize("line", ["", "OK", "20", "099 No", "199 No", "600 No", "٢٠٠ OK", "-20 x"])
    def test_status_without_a_number_is_an_error_of_the_app(self, line: str) -> None:
        response, error = run(answering([], line))
        assert response is None
        assert isinstance(error, AppError)
        assert "no status line" in str(error)

    @pytest.mark.parametrize("status", [200, b"200 OK", None, ["200 OK"]])
    def test_status_that_is_no_text_is_an_error_of_the_app(self, status: Any) -> None:
        response, error = run(answering([], status))
        assert response is None
        assert isinstance(error, AppError)

    def test_statuses_that_were_met_are_kept_in_a_table_with_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wsgi, "_codes", {})
        for number in range(2 * TABLE_SIZE):
            assert status_and_body(answering([], f"200 OK {number}"))[0] == 200
        assert len(wsgi._codes) == TABLE_SIZE

    def test_a_second_call_without_exc_info_is_an_error_of_the_app(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", PLAIN)
            start_response("500 No", PLAIN)
            return []

        response, error = run(app)
        assert response is None
        assert str(error) == "the app called start_response twice, the second time without exc_info (PEP 3333)"

    def test_a_second_call_with_exc_info_replaces_status_and_headers(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [("x", "1")])
            try:
                raise ValueError("failed")
            except ValueError:
                start_response("500 No", PLAIN, sys.exc_info())
            return [b"error page"]

        response, error = run(app)
        assert error is None
        assert response == (500, ({"content-type": "text/plain"}, [], {}), b"error page")

    def test_a_first_call_may_have_exc_info_too(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("500 No", PLAIN, (None, None, None))
            return [b"error page"]

        assert status_and_body(app) == (500, b"error page")

    @pytest.mark.parametrize("by_write", [True, False])
    def test_an_error_page_takes_the_place_of_the_half_page_before_it(self, by_write: bool) -> None:
        def app(_: Environ, start_response: StartResponse) -> Iterator[bytes]:
            write = start_response("200 OK", PLAIN)
            if by_write:
                write(b"half")
            else:
                yield b"half"
            start_response("500 No", PLAIN, (None, None, None))
            yield b"error page"

        assert status_and_body(app) == (500, b"error page")

    def test_headers_that_are_no_pairs_of_str_are_an_error_of_the_app(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [(b"x", b"1")])
            return []

        response, error = run(app)
        assert response is None
        assert isinstance(error, AppError)

    def test_its_arguments_are_positional(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response(status="200 OK", headers=[])
            return []

        assert isinstance(run(app)[1], TypeError)

    def test_may_be_called_when_the_first_chunk_is_asked_for(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> Iterator[bytes]:
            start_response("202 OK", PLAIN)
            yield b"a"

        assert status_and_body(app) == (202, b"a")

    def test_has_to_be_called(self) -> None:
        response, error = run(lambda environ, start_response: [b"no start"])
        assert response is None
        assert isinstance(error, AppError)
        assert str(error) == "the app returned, but it had not called start_response (PEP 3333)"


class TestBody:
    @pytest.mark.parametrize("chunks", [[], [b""], [b"a"], (b"a", b"b"), [b"a", b"", b"c"]])
    def test_is_all_chunks(self, chunks: Iterable[bytes]) -> None:
        assert status_and_body(answering(chunks)) == (200, b"".join(chunks))

    def test_may_be_any_iterable(self) -> None:
        assert status_and_body(answering(Chunks(b"a", b"b"))) == (200, b"ab")
        assert status_and_body(answering(iter([b"a", b"b"]))) == (200, b"ab")

    @pytest.mark.parametrize("rest", [[b"d"], (b"d",), Chunks(b"d")])
    def test_that_is_written_comes_before_the_chunks(self, rest: Iterable[bytes]) -> None:
        def app(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
            write = start_response("200 OK", PLAIN)
            for chunk in (b"a", b"b", b"c"):
                write(chunk)
            return rest

        assert status_and_body(app) == (200, b"abcd")

    def test_that_is_written_between_chunks_stays_between_them(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> Iterator[bytes]:
            write = start_response("200 OK", PLAIN)
            yield b"a"
            write(b"b")
            yield b"c"

        assert status_and_body(app) == (200, b"abc")

    @pytest.mark.parametrize("wrong", ["text", 7, None])
    @pytest.mark.parametrize("make", [lambda chunk: [chunk], lambda chunk: iter([chunk]), lambda chunk: chunk])
    def test_that_is_no_bytes_is_an_error_of_the_app(self, make: Callable[[Any], Any], wrong: object) -> None:
        response, error = run(answering(make(wrong)))
        assert response is None
        assert isinstance(error, TypeError)

    def test_that_is_written_as_text_is_an_error_of_the_app(self) -> None:
        def app(_: Environ, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", PLAIN)("text")  # type: ignore[arg-type]
            return []

        assert isinstance(run(app)[1], TypeError)

    def test_without_an_end_is_stopped(self) -> None:
        def endless() -> Iterator[bytes]:
            while True:
                yield bytes(100_000)

        response, error = run(answering(endless()))
        assert response is None
        assert isinstance(error, ResultTooLargeError)

    def test_of_the_size_of_the_limit_is_not_stopped(self) -> None:
        assert status_and_body(answering(Chunks(bytes(BODY_LIMIT))))[1] == bytes(BODY_LIMIT)

    def test_that_is_all_there_already_has_only_the_limit_of_its_result(self) -> None:
        assert status_and_body(answering([bytes(BODY_LIMIT), b"x"]))[1] == bytes(BODY_LIMIT) + b"x"


class TestClose:
    def test_is_called_once_after_the_last_chunk(self) -> None:
        chunks = Chunks(b"a")
        assert status_and_body(answering(chunks)) == (200, b"a")
        assert chunks.closed == 1

    def test_is_called_after_an_error_too(self) -> None:
        chunks = Chunks(b"a", fail=ValueError("failed"))
        response, error = run(answering(chunks))
        assert (response, str(error), chunks.closed) == (None, "failed", 1)

    def test_is_called_where_start_response_was_not(self) -> None:
        chunks = Chunks(b"a")
        run(lambda environ, start_response: chunks)
        assert chunks.closed == 1

    def test_is_called_where_the_process_is_to_end(self) -> None:
        def leaving() -> Iterator[bytes]:
            try:
                yield b"a"
                raise SystemExit(3)
            finally:
                seen.append("closed")

        seen: list[str] = []
        with pytest.raises(SystemExit):
            run(answering(leaving()))
        assert seen == ["closed"]

    def test_that_fails_leaves_the_response_whole(self) -> None:
        response, error = run(answering(Chunks(b"a", fail_to_close=ValueError("failed"))))
        assert response == (200, ({"content-type": "text/plain"}, [], {}), b"a")
        assert str(error) == "failed"


@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
def test_what_stops_the_process_passes_through(stop: type[BaseException], caplog: pytest.LogCaptureFixture) -> None:
    def app(_: Environ, __: StartResponse) -> list[bytes]:
        raise stop(3)

    with pytest.raises(stop):
        run(app)
    said = [record.getMessage() for record in caplog.records]
    if stop is SystemExit:
        (line,) = said
        assert line.startswith(f"the app has ended the process by SystemExit(3), at {__file__}:")
    else:
        assert said == []


def test_on_a_running_loop_the_app_has_event_and_context_too() -> None:
    app, event, context = Wsgi(), sample("http_api"), Context(60_000)
    asyncio.run(Bridge(app).handle_async(event, context))
    environ = app.seen[0].raw
    assert environ["aws.event"].raw_event is event
    assert environ["aws.context"] is context


def test_on_a_running_loop_a_failure_is_logged_with_the_context_variables_of_its_thread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    user = ContextVar("user", default="nobody")
    seen: list[str] = []

    def app(_: Environ, __: StartResponse) -> list[bytes]:
        user.set("ada")
        raise ValueError("failed")

    def note(record: logging.LogRecord) -> bool:
        seen.append(user.get())
        return True

    caplog.handler.addFilter(note)
    try:
        asyncio.run(Bridge(app).handle_async(sample("http_api")))
    finally:
        caplog.handler.removeFilter(note)
    assert seen == ["ada"]


def test_an_app_that_raises_has_no_response() -> None:
    def app(_: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", PLAIN)
        raise ValueError("failed")

    response, error = run(app)
    assert (response, str(error)) == (None, "failed")


def test_latin1_text_in_response_headers_stands_for_bytes() -> None:
    result = Bridge(Wsgi(Reply(headers=[("x", b"caf\xe9")])))(TARGET["http_api"].event(Sent()))
    assert result["headers"] == {"x": "caf\xe9"}


# ---------------------------------------------------------------- the path as it was sent


@pytest.mark.parametrize(
    ("path", "query", "sent"),
    [
        ("/a%2Fb", "", "/prod/a%2Fb"),
        ("/a%2Fb", "q=%2F&r", "/prod/a%2Fb?q=%2F&r="),
        ("/caf%C3%A9", "", "/prod/caf%C3%A9"),
        ("/a/b", "q=%2F", None),
    ],
)
def test_an_app_can_tell_what_path_was_sent_where_it_is_not_the_one_it_sees(
    path: str, query: str, sent: str | None
) -> None:
    app = Wsgi()
    Bridge(app)(REST.event("GET", path, query))
    environ = app.seen[0].raw
    assert environ.get("REQUEST_URI") == environ.get("RAW_URI") == sent


def test_werkzeug_finds_it() -> None:
    app = Flask(__name__)

    @app.get("/<path:rest>")
    def raw(rest: str) -> str:
        return str(request.environ["REQUEST_URI"])

    assert Bridge(app)(REST.event("GET", "/a%2Fb"))["body"] == "/prod/a%2Fb"


def test_server_name_and_method_stand_for_bytes_as_all_text_does() -> None:
    app = Wsgi()
    Bridge(app)({**sample("http_api"), "headers": {"host": "\u65e5\u672c"}})
    environ = app.seen[0].raw
    assert environ["SERVER_NAME"] == environ["HTTP_HOST"] == "\u65e5\u672c".encode().decode("latin-1")
    validated = {name: value for name, value in environ.items() if name.isupper() and isinstance(value, str)}
    assert all(value.encode("latin-1") is not None for value in validated.values())
