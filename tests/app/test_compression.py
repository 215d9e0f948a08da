"""Responses that are packed where the client accepts it."""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge import Bridge, ConfigurationError
from bridge._app import compression
from bridge._app.compression import chosen

from ..apps import APPS, Interface, Reply
from ..frameworks.events import HTTP_V2, SOURCES, Source
from ..responders import Responder, SyncResponder

URL = next(source for source in SOURCES if source.name == "function-url")
TEXT = b"the same words again and again, " * 100
TYPE = ("content-type", b"text/plain; charset=utf-8")


def unpacked(coding: str, data: bytes) -> bytes:
    match coding:
        case "gzip":
            return gzip.decompress(data)
        case "br":
            return bytes(pytest.importorskip("brotli").decompress(data))
        case "zstd":
            return bytes(pytest.importorskip("zstandard").ZstdDecompressor().decompressobj().decompress(data))
    return data


def ask(
    interface: Interface, reply: Reply, accepts: str | None = "gzip", compress: Any = True, method: str = "GET"
) -> Any:
    headers = [("Accept-Encoding", accepts)] if accepts is not None else []
    handler = Bridge(APPS[interface](reply), compress=compress)
    return HTTP_V2.reply(handler(HTTP_V2.event(method, "/", headers=headers)))


BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])


@BOTH
@pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_text_is_packed_as_the_client_accepts_it(interface: Interface, source: Source, coding: str) -> None:
    handler = Bridge(APPS[interface](Reply(headers=[TYPE, ("etag", b'"a"')], body=TEXT)), compress=True)
    reply = source.reply(handler(source.event("GET", "/", headers=[("Accept-Encoding", coding)])))
    assert reply.headers["content-encoding"] == coding
    assert reply.headers["vary"] == "Accept-Encoding"
    assert reply.headers["etag"] == 'W/"a"'
    assert len(reply.body) < len(TEXT) / 10
    assert unpacked(coding, reply.body) == TEXT


@BOTH
@pytest.mark.parametrize("accepts", [None, "", "identity", "gzip;q=0", "deflate, compress", "identity, gzip;q=0.5"])
def test_who_does_not_accept_it_gets_it_as_it_is(interface: Interface, accepts: str | None) -> None:
    reply = ask(interface, Reply(headers=[TYPE], body=TEXT), accepts)
    assert "content-encoding" not in reply.headers
    assert reply.headers["vary"] == "Accept-Encoding"  # to a cache, this is one of several
    assert reply.body == TEXT


@BOTH
@pytest.mark.parametrize(
    "reply",
    [
        Reply(headers=[TYPE], body=TEXT[:1023]),
        Reply(headers=[("content-type", b"image/png")], body=TEXT),
        Reply(headers=[], body=TEXT),
        Reply(headers=[TYPE, ("content-encoding", b"identity")], body=TEXT),
        Reply(headers=[TYPE, ("cache-control", b"max-age=1, no-transform")], body=TEXT),
        Reply(headers=[TYPE, ("content-range", b"bytes 0-9/*")], status=206, body=TEXT),
        Reply(headers=[TYPE, ("content-range", b"bytes */9")], status=416, body=TEXT),
    ],
)
def test_what_is_small_or_not_to_be_packed_stays_as_it_is(interface: Interface, reply: Reply) -> None:
    answer = ask(interface, reply)
    assert dict(answer.lines) == {name: value.decode() for name, value in reply.headers}
    assert answer.body == reply.body


@BOTH
def test_the_least_size_can_be_said(interface: Interface) -> None:
    reply = Reply(headers=[TYPE], body=b"a" * 100)
    assert "content-encoding" in ask(interface, reply, compress=100).headers
    assert "content-encoding" not in ask(interface, reply, compress=101).headers
    assert "content-encoding" in ask(interface, Reply(headers=[TYPE], body=b""), compress=0).headers


@BOTH
def test_off_it_is_not_even_imported(interface: Interface) -> None:
    reply = ask(interface, Reply(headers=[TYPE], body=TEXT), compress=False)
    assert dict(reply.lines) == {"content-type": TYPE[1].decode()}


@BOTH
@pytest.mark.parametrize(
    ("vary", "expected"), [("Cookie", "Cookie, Accept-Encoding"), ("accept-encoding", None), ("*", None)]
)
def test_vary_is_added_to(interface: Interface, vary: str, expected: str | None) -> None:
    reply = ask(interface, Reply(headers=[TYPE, ("vary", vary.encode())], body=TEXT))
    assert reply.headers["vary"] == (expected or vary)


@BOTH
def test_a_weak_tag_stays_and_head_has_no_body(interface: Interface) -> None:
    tagged = Reply(headers=[TYPE, ("etag", b'W/"a"')], body=TEXT)
    assert ask(interface, tagged).headers["etag"] == 'W/"a"'
    head = ask(interface, tagged, method="HEAD")
    assert (head.body, head.headers["vary"]) == (b"", "Accept-Encoding")


@pytest.mark.parametrize("wrong", [-1, "gzip", None, 1.5])
def test_what_is_no_size_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Bridge\(compress=\.\.\.\) takes True, False or a number of bytes"):
        Bridge(APPS["asgi"](), compress=wrong)


# ---------------------------------------------------------------- streams


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for part in (b"data: one\n\n", b"", b"data: two\n\n"):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


def wsgi_stream(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    yield from (b"data: one\n\n", b"", b"data: two\n\n")


def wsgi_write(environ: Any, start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/event-stream")])
    write(b"data: one\n\n")
    write(b"data: two\n\n")
    return []


@pytest.mark.parametrize("app", [stream, wsgi_stream, wsgi_write])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_each_part_of_a_stream_can_be_unpacked_when_it_arrives(app: Any, coding: str) -> None:
    event = URL.event("GET", "/", headers=[("Accept-Encoding", coding)])
    handler = Bridge(app, lifespan="off", streaming="on", compress=True)
    if handler.is_asgi:
        responder = Responder()
        asyncio.run(handler.respond(event, None, responder))
        steps = responder.steps
    else:
        sync = SyncResponder()
        handler.respond_sync(event, None, sync)
        steps = sync.steps
    assert steps.head["headers"]["content-encoding"] == coding
    parts = [step[1] for step in steps if step[0] in ("write", "end") and step[1]]
    assert unpacked(coding, b"".join(parts)) == b"data: one\n\ndata: two\n\n"
    if coding == "gzip":
        assert zlib.decompressobj(31).decompress(parts[0]) == b"data: one\n\n"


def test_the_length_that_an_app_says_is_known_before_its_body_is() -> None:
    def small(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return iter([b"small"])

    result = Bridge(small, compress=True)(HTTP_V2.event("GET", "/", headers=[("Accept-Encoding", "gzip")]))
    assert result["body"] == "small"


# ---------------------------------------------------------------- apps that go their own ways


def test_what_a_wsgi_app_returns_is_closed() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Any:
            return iter([TEXT])

        def close(self) -> None:
            closed.append(True)

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body()

    Bridge(app, compress=True)(HTTP_V2.event("GET", "/"))
    assert closed == [True]


def test_an_error_page_takes_the_place_of_the_page_before_it() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield TEXT
        start_response("503 Sorry", [("Content-Type", "text/plain")], (ValueError, ValueError(), None))
        yield TEXT + b"sorry"

    reply = HTTP_V2.reply(Bridge(app, compress=True)(HTTP_V2.event("GET", "/", headers=[("Accept-Encoding", "gzip")])))
    assert (reply.status, gzip.decompress(reply.body)) == (503, TEXT + b"sorry")


@BOTH
def test_what_breaks_the_protocol_is_still_said(interface: Interface, caplog: pytest.LogCaptureFixture) -> None:
    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.body", "body": b""})

    def twice(environ: Any, start_response: Any) -> Any:
        for _ in range(2):
            start_response("200 OK", [])
        return []

    app: Any = asgi if interface == "asgi" else twice
    assert Bridge(app, compress=True)(HTTP_V2.event("GET", "/"))["statusCode"] == 500
    assert "AppError" in caplog.text


def test_an_app_that_says_nothing_has_said_nothing() -> None:
    bodies: list[Any] = [[], iter([b"a"]), iter([])]
    for body in bodies:
        app: Any = lambda environ, start_response, body=body: body  # noqa: E731
        assert Bridge(app, compress=True)(HTTP_V2.event("GET", "/"))["statusCode"] == 500


# ---------------------------------------------------------------- what is chosen


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "zstd"),
        ("*;q=0", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("gzip;q=many", None),
        ("gzip; level=9 ;q=0.3", "gzip"),
        ("", None),
    ],
)
def test_the_client_says_what_it_likes_best(accepts: str, coding: str | None) -> None:
    assert chosen(accepts, ["br", "zstd", "gzip"]) == coding


@given(st.text())
def test_no_text_of_a_client_raises(accepts: str) -> None:
    assert chosen(accepts, ["gzip"]) in ("gzip", None)


def test_gzip_is_there_without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "find_spec", lambda name: None)
    assert [*compression._codings()] == ["gzip"]
    monkeypatch.setattr(compression, "find_spec", lambda name: name == "brotlicffi")
    assert [*compression._codings()] == ["br", "gzip"]


# What is no response


def complaint(interface: Interface, app: Any, compress: Any, caplog: pytest.LogCaptureFixture) -> str:
    """What the log says of an app's failure."""
    caplog.clear()
    handler = Bridge(app, compress=compress, interface=interface, lifespan="off")
    assert handler(HTTP_V2.event("GET", "/", headers=[("Accept-Encoding", "gzip")]))["statusCode"] == 500
    (record,) = caplog.records
    return record.message


def once(lines: list[Any]) -> Any:
    """Headers that can be looked at once."""
    return (line for line in lines)


TYPE_BYTES = (b"content-type", b"text/plain")
ASGI_WRONG: dict[str, list[Any]] = {
    name: [{"type": "http.response.start", "status": 200, "headers": headers}, {"type": "http.response.body"}]
    for name, headers in {
        "text": [("content-type", "text/plain")],
        "text beside bytes": [TYPE_BYTES, (b"x-a", "1")],
        "no pairs": [TYPE_BYTES, (b"x", b"y", b"z")],
        "a number": [TYPE_BYTES, (b"x", 1)],
        "None": None,
        "a dict": {b"content-type": b"text/plain"},
        "control characters": [TYPE_BYTES, (b"x", b"a\r\nb")],
    }.items()
} | {
    "a body that is text": [
        {"type": "http.response.start", "status": 200, "headers": [TYPE_BYTES]},
        {"type": "http.response.body", "body": "x" * 5000},
    ],
    "a body that is None": [
        {"type": "http.response.start", "status": 200, "headers": [TYPE_BYTES]},
        {"type": "http.response.body", "body": None},
    ],
    "a later part that is text": [
        {"type": "http.response.start", "status": 200, "headers": [TYPE_BYTES]},
        {"type": "http.response.body", "body": b"x" * 5000, "more_body": True},
        {"type": "http.response.body", "body": "x"},
    ],
    "a status that is text": [
        {"type": "http.response.start", "status": "200", "headers": [TYPE_BYTES]},
        {"type": "http.response.body", "body": b"x" * 5000},
    ],
}


@pytest.mark.parametrize("name", ASGI_WRONG)
def test_an_asgi_app_s_mistake_has_the_same_name_as_without_compression(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in ASGI_WRONG[name]:
            await send(message)

    said = complaint("asgi", app, True, caplog)
    assert said == complaint("asgi", app, False, caplog)
    assert said.startswith("GET / answered 500: the app sent ")


WSGI_WRONG: dict[str, Any] = {
    "bytes": [(b"Content-Type", b"text/plain")],
    "bytes beside text": [("Content-Type", "text/plain"), ("X-A", b"1")],
    "no pairs": [("Content-Type", "text/plain"), ("X", "Y", "Z")],
    "a number": [("Content-Type", "text/plain"), (1, "x")],
    "None": None,
}


@pytest.mark.parametrize("made", [list, iter], ids=["list", "iterator"])
@pytest.mark.parametrize("name", WSGI_WRONG)
def test_a_wsgi_app_s_mistake_has_the_same_name_as_without_compression(
    name: str, made: Callable[[list[bytes]], Any], caplog: pytest.LogCaptureFixture
) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", WSGI_WRONG[name])
        return made([b"x" * 5000])

    said = complaint("wsgi", app, True, caplog)
    assert said == complaint("wsgi", app, False, caplog)
    assert said.startswith("GET / answered 500: the app sent ")


@pytest.mark.parametrize(("made", "parts"), [(list, ["text"]), (iter, [b"first", "text"]), (list, [b"first", None])])
def test_a_part_of_a_wsgi_body_that_is_no_bytes_is_named(
    made: Callable[[list[Any]], Any], parts: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return made(parts)

    assert "the app sent a part of its body that is no bytes: a " in complaint("wsgi", app, True, caplog)


@BOTH
def test_headers_that_can_be_looked_at_once_are_enough(interface: Interface) -> None:
    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": once([TYPE_BYTES])})
        await send({"type": "http.response.body", "body": TEXT})

    def wsgi(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", once([("Content-Type", "text/plain")]))
        return [TEXT]

    handler = Bridge(asgi if interface == "asgi" else wsgi, compress=True, interface=interface, lifespan="off")
    reply = HTTP_V2.reply(handler(HTTP_V2.event("GET", "/", headers=[("Accept-Encoding", "gzip")])))
    assert (reply.headers["content-type"], unpacked("gzip", reply.body)) == ("text/plain", TEXT)
