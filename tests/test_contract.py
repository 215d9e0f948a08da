"""One contract, whatever the source and whatever the interface: what a client sends the app gets, and back."""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import parse_qs, parse_qsl

import pytest

from bridge import Bridge
from bridge.types import CustomSource
from examples.custom_source.app import YandexApiGateway

from .apps import APPS, Asgi, Interface, Reply, Seen, Wsgi
from .targets import CLIENT, TARGETS, YANDEX, Answer, Sent, Target

Exchange: TypeAlias = Callable[..., tuple[Seen, Answer]]


SOURCES: dict[str, list[CustomSource]] = {YANDEX.name: [YandexApiGateway()]}
"""What Bridge has to be told, by the target's name."""


def bridged(target: Target, app: Asgi | Wsgi) -> Bridge:
    return Bridge(app, sources=SOURCES.get(target.name, ()))


@pytest.fixture(params=[*TARGETS, YANDEX], ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> Target:
    chosen: Target = request.param
    return chosen


@pytest.fixture(params=["asgi", "wsgi"])
def interface(request: pytest.FixtureRequest) -> Interface:
    chosen: Interface = request.param
    return chosen


@pytest.fixture
def exchange(target: Target, interface: Interface) -> Exchange:
    """What the app sees of a request, and what the client gets for the app's reply."""

    def run(sent: Sent, reply: Reply | None = None) -> tuple[Seen, Answer]:
        app = APPS[interface](reply)
        result = bridged(target, app)(target.event(sent))
        return app.seen[0], target.answer(result)

    return run


def test_method_arrives(exchange: Exchange) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        seen, _ = exchange(Sent(method=method))
        assert seen.method == method


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ("/", "/"),
        ("/items/7", "/items/7"),
        ("/items/", "/items/"),
        ("/a//b", "/a//b"),
        ("/a%20b", "/a b"),
        ("/a+b", "/a+b"),
        ("/caf%C3%A9/%E6%97%A5", "/café/日"),
        ("/a%2541", "/a%41"),
        ("/a%3Fb%23c", "/a?b#c"),
        ("/a;v=1,2/@me", "/a;v=1,2/@me"),
    ],
)
def test_path_arrives_decoded_once(exchange: Exchange, wire: str, path: str) -> None:
    seen, _ = exchange(Sent(path=wire))
    assert seen.path == seen.root_path + path


@pytest.mark.parametrize("wire", ["/", "/a%20b", "/a%2541", "/a;v=1,2/@me", "/%E6%97%A5"])
def test_raw_path_is_what_the_client_sent(target: Target, wire: str) -> None:
    app = APPS["asgi"]()
    bridged(target, app)(target.event(Sent(path=wire)))
    assert app.seen[0].raw["raw_path"].decode() == app.seen[0].root_path + wire


def test_encoded_slash_stays_encoded_in_raw_path_where_the_source_keeps_it(target: Target) -> None:
    app = APPS["asgi"]()
    bridged(target, app)(target.event(Sent(path="/a%2Fb")))
    expected = b"/a%2Fb" if target.path_encoded else b"/a/b"
    assert app.seen[0].raw["raw_path"] == app.seen[0].root_path.encode() + expected


def test_root_path_is_the_stage_that_the_url_has(exchange: Exchange, target: Target) -> None:
    seen, _ = exchange(Sent(path="/x"))
    assert seen.root_path == target.root_path


@pytest.mark.parametrize(
    "query",
    ["", "a=1", "a=a%20b", "a=a+b", "a=1%2B2", "a=%26%3D", "a=caf%C3%A9", "a=1&b=2", "a=&b=", "a%20b=1", "a=1,2"],
)
def test_query_means_what_the_client_sent(exchange: Exchange, target: Target, query: str) -> None:
    seen, _ = exchange(Sent(query=query))
    assert parse_qs(seen.query, keep_blank_values=True) == parse_qs(query, keep_blank_values=True)
    if target.query != "decoded":
        assert seen.query == query


def test_repeated_query_parameters_all_arrive_in_order_if_the_source_has_them(
    exchange: Exchange, target: Target
) -> None:
    seen, _ = exchange(Sent(query="a=1&a=2&a=1"))
    expected = ["1"] if target.query == "last" else ["1", "2", "1"]
    assert [value for _, value in parse_qsl(seen.query)] == expected


def test_query_that_is_not_utf8_arrives_as_it_was_where_the_source_keeps_it(exchange: Exchange, target: Target) -> None:
    seen, _ = exchange(Sent(query="q=%FF"))
    assert seen.query == ("q=%EF%BF%BD" if target.query == "decoded" else "q=%FF")


def test_header_arrives(exchange: Exchange) -> None:
    seen, _ = exchange(Sent(headers=(("x-probe", "one"),)))
    assert seen.headers["x-probe"] == ["one"]


def test_header_text_beyond_ascii_arrives_as_utf8(exchange: Exchange) -> None:
    seen, _ = exchange(Sent(headers=(("cloudfront-viewer-city", "Łódź"),)))
    assert seen.headers["cloudfront-viewer-city"] == ["Łódź"]


def test_repeated_headers_all_arrive_if_the_source_has_them(
    exchange: Exchange, target: Target, interface: Interface
) -> None:
    seen, _ = exchange(Sent(headers=(("x-probe", "one"), ("x-probe", "two"))))
    joined = target.separator.join(["one", "two"])
    lines = {"lines": ["one", "two"], "joined": [joined], "last": ["two"]}[target.repeats]
    assert seen.headers["x-probe"] == (lines if interface == "asgi" else [",".join(lines)])


def test_cookies_arrive_in_one_line(exchange: Exchange) -> None:
    seen, _ = exchange(Sent(headers=(("cookie", "a=1; b=2"),)))
    assert seen.headers["cookie"] == ["a=1; b=2"]


def test_cookies_that_were_sent_in_two_lines_arrive_in_one(exchange: Exchange, target: Target) -> None:
    seen, _ = exchange(Sent(headers=(("cookie", "a=1"), ("cookie", "b=2"))))
    if target.repeats == "last":
        assert seen.headers["cookie"] == ["b=2"]
    else:
        assert seen.headers["cookie"] == [f"a=1{target.cookies_joined}b=2"]


def test_no_cookies_is_no_cookie_header(exchange: Exchange) -> None:
    seen, _ = exchange(Sent())
    assert "cookie" not in seen.headers


@pytest.mark.parametrize(
    "body",
    [b"", b"text", "日本".encode(), b"\xff\xfe\x00\x01", b'{"a": 1}', bytes(range(256)), b"\n"],
    ids=["empty", "ascii", "utf8", "invalid-utf8", "json", "all-bytes", "newline"],
)
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "application/octet-stream", ""])
def test_request_body_arrives_byte_for_byte(exchange: Exchange, body: bytes, content_type: str) -> None:
    headers = (("content-type", content_type), ("content-length", str(len(body))))
    seen, _ = exchange(Sent(method="POST", headers=headers, body=body))
    assert seen.body == body


def test_client_is_the_peer_that_the_gateway_saw(exchange: Exchange) -> None:
    seen, _ = exchange(Sent())
    assert seen.client == CLIENT


def test_scheme_and_server_are_those_of_the_url(exchange: Exchange, target: Target) -> None:
    seen, _ = exchange(Sent())
    assert seen.scheme == target.scheme
    assert seen.server == (target.host, 443 if target.scheme == "https" else 80)


def test_event_and_context_are_there_for_the_app(target: Target, interface: Interface) -> None:
    app = APPS[interface]()
    event, context = target.event(Sent()), object()
    bridged(target, app)(event, context)
    assert app.seen[0].raw["aws.event"].raw_event is event
    assert app.seen[0].raw["aws.context"] is context


def test_status_goes_out(exchange: Exchange) -> None:
    for status in (200, 201, 299, 301, 404, 418, 500, 599):
        _, answer = exchange(Sent(), Reply(status=status))
        assert answer.status == status


def test_response_headers_go_out_and_none_is_added(exchange: Exchange) -> None:
    reply = Reply(headers=[("Content-Type", b"text/plain"), ("X-One", b"1")])
    _, answer = exchange(Sent(), reply)
    assert sorted(answer.lines) == [("content-type", "text/plain"), ("x-one", "1")]


def test_response_without_headers_goes_out_without_headers(exchange: Exchange) -> None:
    _, answer = exchange(Sent(), Reply(headers=[]))
    assert answer.lines == []


def test_repeated_response_headers_go_out_with_all_their_values(exchange: Exchange, target: Target) -> None:
    reply = Reply(headers=[("vary", b"Origin"), ("link", b"</a>"), ("vary", b"Accept"), ("vary", b"Cookie")])
    _, answer = exchange(Sent(), reply)
    lines = ["Origin", "Accept", "Cookie"]
    assert answer.values("vary") == (lines if target.repeats_out == "lines" else [", ".join(lines)])
    assert answer.values("link") == ["</a>"]


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_cookies_go_out_one_line_each_in_order(exchange: Exchange, count: int) -> None:
    cookies = [f"c{number}=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT" for number in range(count)]
    _, answer = exchange(Sent(), Reply(headers=[("Set-Cookie", cookie.encode()) for cookie in cookies]))
    assert answer.values("set-cookie") == cookies


def test_latin1_bytes_in_a_response_header_go_out_one_to_one(exchange: Exchange) -> None:
    _, answer = exchange(Sent(), Reply(headers=[("x-name", b"caf\xe9")]))
    assert answer.values("x-name") == ["caf\xe9"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-8", "日本".encode()),
        ("text/html; charset=latin-1", b"caf\xe9"),
        ("application/json", b"{}"),
        ("image/png", b"\x89PNG\r\n\x1a\n\x00"),
        ("image/png", b"all ascii"),
        ("text/plain", b""),
    ],
)
def test_response_body_goes_out_byte_for_byte(exchange: Exchange, content_type: str, body: bytes) -> None:
    _, answer = exchange(Sent(), Reply(headers=[("content-type", content_type.encode())], body=body))
    assert answer.body == body


def test_compressed_body_goes_out_byte_for_byte(exchange: Exchange) -> None:
    headers = [("content-type", b"text/html"), ("content-encoding", b"br")]
    _, answer = exchange(Sent(), Reply(headers=headers, body=b"valid as text"))
    assert answer.body == b"valid as text"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_response_without_a_body_by_http_has_none(exchange: Exchange, method: str, status: int) -> None:
    _, answer = exchange(Sent(method=method), Reply(status=status, body=b"must not go out"))
    assert answer.body == b""
    assert answer.values("content-type") == ["text/plain"]


def test_headers_of_the_connection_do_not_go_out(exchange: Exchange) -> None:
    names = ["content-length", "connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "te"]
    _, answer = exchange(Sent(), Reply(headers=[*((name, b"2") for name in names), ("date", b"now")]))
    assert answer.lines == [("date", "now")]
