"""What other bridges get wrong, and Bridge does not: one test for each bug that was seen to happen.

The letters in a name: `m` and `l` are Mangum 0.22.0 (`l`: its event loop and lifespan), `a` apig-wsgi 2.20.0,
`s` serverless-wsgi 3.1.0 and `w` asgi-aws 2.0.0.
"""

import asyncio
import os
import re
import threading
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, StreamingResponse

from bridge import Bridge, EventError, LifespanError, RunningLoopError

from .apps import APPS, Asgi, Interface, Receive, Reply, Seen, Send, StartResponse
from .samples import sample
from .targets import CLIENT, HTTP_HOST, TARGET, Answer, Sent, said_of_body

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = dict[str, Any]

BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])
EVERY_TARGET = pytest.mark.parametrize("name", list(TARGET))
PAYLOAD_2_0 = pytest.mark.parametrize("name", ["http_api", "function_url"])


def seen(event: Event, interface: Interface = "asgi", **options: Any) -> Seen:
    """What reaches the app."""
    app = APPS[interface]()
    Bridge(app, **options)(event)
    return app.seen[0]


def environ(event: Event, **options: Any) -> MutableMapping[str, Any]:
    return seen(event, "wsgi", **options).raw


def to(name: str, path: str = "/", query: str = "", body: bytes = b"", **headers: str) -> Event:
    """What a target makes of a request."""
    lines = tuple((key.replace("_", "-"), value) for key, value in headers.items())
    return TARGET[name].event(Sent(path=path, query=query, headers=lines, body=body))


def result(name: str, interface: Interface, reply: Reply, method: str = "GET", **options: Any) -> dict[str, Any]:
    """What the function returns."""
    return Bridge(APPS[interface](reply), **options)(TARGET[name].event(Sent(method=method)))


def answer(name: str, interface: Interface, reply: Reply, **options: Any) -> Answer:
    """What the client gets."""
    return TARGET[name].answer(result(name, interface, reply, **options))


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("ok")(scope, receive, send)


# ---------------------------------------------------------------- headers and cookies of requests


@BOTH
@pytest.mark.parametrize("name", ["rest", "http_api_1_0", "alb_multi"])
def test_m1_a8_s2_w16_repeated_request_headers_and_cookie_lines_all_arrive(name: str, interface: Interface) -> None:
    lines = (("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2"))
    found = seen(TARGET[name].event(Sent(headers=lines)), interface)
    assert found.headers["x-a"] == (["1", "2"] if interface == "asgi" else ["1,2"])
    assert found.headers["cookie"] == ["a=1; b=2"]


@BOTH
def test_a2_w10_cookies_of_a_function_url_are_not_doubled(interface: Interface) -> None:
    assert seen(sample("function_url"), interface).headers["cookie"] == ["session=abc; theme=dark"]


def test_a2b_there_is_no_cookie_header_without_cookies() -> None:
    assert "HTTP_COOKIE" not in environ(to("http_api"))


@pytest.mark.parametrize("cookies", [None, []])
def test_s3_a_cookie_header_stays_where_the_event_has_no_cookies_apart(cookies: list[str] | None) -> None:
    event = {**sample("http_api"), "headers": {"cookie": "a=1"}, "cookies": cookies}
    assert environ(event)["HTTP_COOKIE"] == "a=1"


def test_a5_content_type_and_length_are_not_http_variables() -> None:
    found = environ(to("http_api", body=b"x", content_type="text/plain", content_length="1"))
    assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("text/plain", "1")
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & set(found)


@EVERY_TARGET
def test_a9_s25_a_header_with_underscores_cannot_pose_as_the_gateways(name: str) -> None:
    found = environ(TARGET[name].event(Sent(headers=(("x_forwarded_proto", "evil"),))))
    assert found["wsgi.url_scheme"] == TARGET[name].scheme
    assert found.get("HTTP_X_FORWARDED_PROTO") in (TARGET[name].scheme, None)  # Lattice and CloudFront send none


@BOTH
@pytest.mark.parametrize("name", ["rest_console_test", "http_api", "alb_health_check"])
def test_a9b_the_scheme_is_http_or_https_whatever_the_header_says(name: str, interface: Interface) -> None:
    for value in ("https, http", "evil", "", "HTTPS"):
        event = {**sample(name), "headers": {"x-forwarded-proto": value}}
        assert seen(event, interface).scheme in ("http", "https")


@BOTH
@EVERY_TARGET
def test_s6_w11_header_text_beyond_latin1_arrives(name: str, interface: Interface) -> None:
    assert seen(to(name, city="Łódź"), interface).headers["city"] == ["Łódź"]


@BOTH
@pytest.mark.parametrize("drop", [True, False], ids=["absent", "null"])
@pytest.mark.parametrize("name", ["rest", "http_api_1_0", "http_api", "function_url", "alb", "alb_multi"])
def test_m8_a15_s13_w2_headers_and_body_may_be_null_or_absent(name: str, interface: Interface, drop: bool) -> None:
    keys = ("headers", "multiValueHeaders", "body")
    event = {key: value for key, value in sample(name).items() if not drop or key not in keys}
    event |= {} if drop else {key: None for key in keys if key in event}
    assert seen(event, interface).body == b""


# ---------------------------------------------------------------- addresses


@BOTH
@pytest.mark.parametrize(
    ("host", "server"),
    [("[::1]:8000", ("::1", 8000)), ("[2001:db8::1]", ("2001:db8::1", 443))],
)
def test_m2_the_host_may_be_an_ipv6_address(interface: Interface, host: str, server: tuple[str, int]) -> None:
    assert seen({**sample("http_api"), "headers": {"host": host}}, interface).server == server


@BOTH
@pytest.mark.parametrize("headers", [{"host": "example.com:"}, {"host": "example.com", "x-forwarded-port": "443,80"}])
def test_m2c_a_malformed_port_fails_no_request(interface: Interface, headers: dict[str, str]) -> None:
    assert seen({**sample("http_api"), "headers": headers}, interface).server == ("example.com", 443)


@BOTH
def test_m8e_s14_a_health_check_has_defaults_for_what_it_lacks(interface: Interface) -> None:
    found = seen(sample("alb_health_check"), interface)
    assert (found.server, found.client, found.scheme) == (("localhost", 80), None, "http")


@BOTH
def test_m8f_s14_the_client_of_a_load_balancer_is_the_peer_that_it_saw(interface: Interface) -> None:
    event = {**sample("alb"), "headers": {"x-forwarded-for": "6.6.6.6, 9.9.9.9"}}
    assert seen(event, interface).client == "9.9.9.9"


def test_a6_s20_server_name_has_no_port_and_server_port_is_never_empty() -> None:
    found = environ({**sample("http_api"), "headers": {"host": "example.com:8443"}})
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == ("example.com", "8443")
    found = environ({**sample("function_url"), "headers": {"host": "example.com"}})
    assert (found["SERVER_NAME"], found["SERVER_PORT"], found["wsgi.url_scheme"]) == ("example.com", "443", "https")


@pytest.mark.parametrize("name", ["rest", "http_api_1_0", "http_api", "function_url"])
def test_a12_remote_addr_is_the_source_ip_and_not_the_clients_word(name: str) -> None:
    event = TARGET[name].event(Sent(headers=(("x-forwarded-for", "6.6.6.6"),)))
    assert environ(event)["REMOTE_ADDR"] == CLIENT


@EVERY_TARGET
def test_w9_scheme_server_client_raw_path_and_root_path_are_filled_in(name: str) -> None:
    target = TARGET[name]
    scope = seen(to(name, "/a%20b")).raw
    root_path = "/prod" if name == "rest" else ""
    assert scope["scheme"] == target.scheme
    assert scope["server"] == (target.host, 443 if target.scheme == "https" else 80)
    assert scope["client"] == (CLIENT, 0)
    assert (scope["path"], scope["root_path"]) == (f"{root_path}/a b", root_path)
    assert scope["raw_path"] == f"{root_path}/a%20b".encode()


def test_scope_says_which_asgi_it_is_and_has_raw_path_and_server() -> None:
    scope = seen(to("http_api", "/a%20b")).raw
    assert tuple(map(int, scope["asgi"]["spec_version"].split("."))) >= (2, 4)
    assert scope["raw_path"] == b"/a%20b"
    assert scope["server"] == (HTTP_HOST, 443)


# ---------------------------------------------------------------- paths


@BOTH
@pytest.mark.parametrize("name", ["http_api", "http_api_1_0", "function_url", "rest", "alb"])
def test_m3_a1_a21_s5_a_path_is_decoded_once(name: str, interface: Interface) -> None:
    found = seen(to(name, "/a%2541"), interface)
    assert found.path == found.root_path + "/a%41"


@pytest.mark.parametrize("path", ["/a%2Fb", "/a%252Fb"])
def test_m3c_a_function_url_keeps_encoded_slashes_in_raw_path(path: str) -> None:
    assert seen(to("function_url", path)).raw["raw_path"] == path.encode()


@pytest.mark.parametrize("name", ["rest", "function_url", "alb"])
def test_s5b_path_bytes_that_are_not_utf8_arrive_as_they_were(name: str) -> None:
    assert environ(to(name, "/%FF"))["PATH_INFO"].encode("latin-1") == b"/\xff"


@EVERY_TARGET
def test_a1b_a1c_path_info_is_latin1_text_of_utf8_bytes(name: str) -> None:
    assert environ(to(name, "/%E6%97%A5"))["PATH_INFO"].encode("latin-1").decode() == "/日"


@BOTH
@EVERY_TARGET
def test_s12_an_encoded_question_mark_does_not_end_the_path(name: str, interface: Interface) -> None:
    assert seen(to(name, "/a%3Fb", "q=1"), interface).path.endswith("/a?b")


@EVERY_TARGET
@pytest.mark.parametrize("base_path", ["/api", "api", "/api/"])
def test_m4_m4d_s10_a_base_path_ends_where_a_segment_ends(name: str, base_path: str) -> None:
    found = environ(to(name, "/apiary/x"), base_path=base_path)
    assert found["PATH_INFO"] == "/apiary/x"
    assert "api" not in found["SCRIPT_NAME"]


@EVERY_TARGET
@pytest.mark.parametrize(("path", "rest"), [("/api/x", "/x"), ("/api/", "/"), ("/api", "")])
def test_m4b_m4c_m4d_a22_a_base_path_moves_into_the_root_path(name: str, path: str, rest: str) -> None:
    stage = "/prod" if name == "rest" else ""
    found = environ(to(name, path), base_path="/api/")
    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == (stage + "/api", rest)
    scope = seen(to(name, path), base_path="/api/").raw
    assert (scope["root_path"], scope["path"]) == (stage + "/api", stage + path)


def test_m4e_s1b_a_named_stage_is_the_root_path_and_not_part_of_the_route() -> None:
    found = environ(sample("http_api_stage"))
    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("/prod", "/items/7")
    assert seen(sample("http_api_stage")).root_path == "/prod"
    assert environ(sample("http_api_custom_domain"))["PATH_INFO"] == "/items/7"


@PAYLOAD_2_0
def test_s1_the_default_stage_is_no_root_path(name: str) -> None:
    assert environ(to(name, "/x"))["SCRIPT_NAME"] == ""


# ---------------------------------------------------------------- queries


def test_m12b_a_null_query_value_is_empty() -> None:
    event = {**sample("rest"), "multiValueQueryStringParameters": {"a": None}}
    assert environ(event)["QUERY_STRING"] == "a="


@BOTH
@pytest.mark.parametrize("name", ["alb", "alb_multi"])
@pytest.mark.parametrize("query", ["q=%FF", "q=a%20b", "q=a+b", "q=%2B"])
def test_m12c_w6b_the_query_of_a_load_balancer_is_as_the_client_sent_it(
    name: str, interface: Interface, query: str
) -> None:
    assert seen(to(name, query=query), interface).query == query


@BOTH
@PAYLOAD_2_0
def test_w6_a_comma_in_the_query_separates_nothing(name: str, interface: Interface) -> None:
    assert seen(to(name, query="ids=1,2"), interface).query == "ids=1,2"


# ---------------------------------------------------------------- bodies of requests


@BOTH
@pytest.mark.parametrize("name", ["rest", "http_api", "function_url", "alb"])
def test_s4_a_null_body_may_say_that_it_is_base64(name: str, interface: Interface) -> None:
    assert seen({**sample(name), "body": None, "isBase64Encoded": True}, interface).body == b""


def test_s15_the_authorizer_may_be_null() -> None:
    assert environ(sample("function_url_nulls"))["PATH_INFO"] == "/"


@BOTH
def test_s19_the_request_context_of_a_console_test_may_be_null(interface: Interface) -> None:
    assert seen({**sample("rest_console_test"), "requestContext": None}, interface).path == "/items"


# ---------------------------------------------------------------- headers and cookies of responses


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize("exclude", ["server", "Server", "set-cookie"])
def test_m6_m6c_excluded_headers_are_sent_to_no_target(name: str, interface: Interface, exclude: str) -> None:
    reply = Reply(headers=[("Server", b"x"), ("set-cookie", b"a=1"), ("set-cookie", b"b=2")])
    names = {line[0].lower() for line in answer(name, interface, reply, exclude_headers=[exclude]).lines}
    assert names == {"server", "set-cookie"} - {exclude.lower()}


@BOTH
@EVERY_TARGET
def test_m7_a_header_value_may_have_any_latin1_bytes(name: str, interface: Interface) -> None:
    assert answer(name, interface, Reply(headers=[("x", b"caf\xe9")])).values("x") == ["caf\xe9"]


@BOTH
@EVERY_TARGET
def test_a4_s18_w7_every_cookie_is_set(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("set-cookie", b"a=1"), ("set-cookie", b"b=2")])
    assert answer(name, interface, reply).values("set-cookie") == ["a=1", "b=2"]


@BOTH
@EVERY_TARGET
def test_a3_s18b_repeated_response_headers_keep_all_their_values(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("vary", b"a"), ("link", b"</1>"), ("vary", b"b"), ("link", b"</2>")])
    found = answer(name, interface, reply)
    assert ", ".join(found.values("vary")) == "a, b"
    assert ", ".join(found.values("link")) == "</1>, </2>"


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize("status", [204, 304])
def test_m10_s9_a_response_without_content_gets_no_content_type(name: str, interface: Interface, status: int) -> None:
    returned = result(name, interface, Reply(status=status, headers=[], body=b""))
    assert TARGET[name].answer(returned).lines == []
    assert said_of_body(returned) == ("", False)


@BOTH
@EVERY_TARGET
def test_s26_the_apps_content_length_is_not_passed_on(name: str, interface: Interface) -> None:
    assert answer(name, interface, Reply(headers=[("Content-Length", b"2")])).lines == []


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize("status", [299, 420, 599])
def test_s7_a_status_that_http_does_not_name_goes_out(name: str, interface: Interface, status: int) -> None:
    assert answer(name, interface, Reply(status=status)).status == status


# ---------------------------------------------------------------- bodies of responses


@BOTH
@EVERY_TARGET
def test_m10c_the_response_to_head_has_no_body(name: str, interface: Interface) -> None:
    assert said_of_body(result(name, interface, Reply(body=b"x"), "HEAD"))[0] == ""


TEXT = [
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/javascript",
    "image/svg+xml",
    "Text/Plain",
]


@BOTH
@EVERY_TARGET
def test_m11d_m11g_a20_w8_text_travels_as_text(name: str, interface: Interface) -> None:
    for content_type in TEXT:
        reply = Reply(headers=[("content-type", content_type.encode())], body=b"text")
        assert said_of_body(result(name, interface, reply))[1] is False, content_type


@BOTH
@EVERY_TARGET
def test_m11b_a_packed_body_is_base64_even_where_its_bytes_are_utf8(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("content-type", b"text/plain"), ("content-encoding", b"zstd")], body=b"valid")
    assert said_of_body(result(name, interface, reply))[1] is True


@BOTH
def test_m11e_the_parameters_of_a_content_type_decide_nothing(interface: Interface) -> None:
    reply = Reply(headers=[("content-type", b"image/png; x=text/")])
    assert result("http_api", interface, reply)["isBase64Encoded"] is True


@BOTH
@EVERY_TARGET
def test_m11f_a_doubled_content_type_is_still_text(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("content-type", b"text/plain"), ("content-type", b"text/plain")])
    assert said_of_body(result(name, interface, reply))[1] is False


@BOTH
@EVERY_TARGET
def test_a19_the_identity_coding_is_no_coding(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("content-type", b"text/plain"), ("content-encoding", b"identity")])
    assert said_of_body(result(name, interface, reply))[1] is False


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize(
    ("content_type", "body"),
    [(b"image/png", b"\x89PNG\xff"), (b"text/plain", b"\xff"), (b"text/html; charset=latin-1", b"caf\xe9")],
)
def test_a11_a11b_s8_bytes_that_are_not_utf8_arrive(
    name: str, interface: Interface, content_type: bytes, body: bytes
) -> None:
    assert answer(name, interface, Reply(headers=[("content-type", content_type)], body=body)).body == body


@pytest.mark.parametrize("name", ["alb", "alb_multi"])
def test_s9_a_load_balancer_is_told_whether_an_empty_body_is_base64(name: str) -> None:
    assert result(name, "wsgi", Reply(body=b""))["isBase64Encoded"] is False


@EVERY_TARGET
def test_w1_w12_l9_a_streamed_body_is_whole(name: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(iter([b"0", b"1", b"2"]))(scope, receive, send)

    assert TARGET[name].answer(Bridge(app)(to(name))).body == b"012"


def test_w12_a_second_receive_waits_for_the_end_of_the_response() -> None:
    kinds: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kinds.append((await receive())["type"])
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        kinds.append(str(waiting.done()))
        await PlainTextResponse("ok")(scope, receive, send)
        kinds.append((await waiting)["type"])

    assert Bridge(app, lifespan="off")(to("http_api", body=b"x"))["body"] == "ok"
    assert kinds == ["http.request", "False", "http.disconnect"]


# ---------------------------------------------------------------- VPC Lattice and Lambda@Edge


@BOTH
@pytest.mark.parametrize(
    "name", [pytest.param("lattice_1", id="m9-lattice-1"), pytest.param("lattice_2", id="m9-a14-w14-lattice-2")]
)
def test_a_request_by_lattice_is_served(name: str, interface: Interface) -> None:
    found = seen(sample(name), interface)
    assert (found.method, found.path) == ("GET", "/items/café noir/x")
    assert (found.query, found.client) == ("tag=a%20b&tag=c%2Bd&empty", "10.0.3.4")
    assert answer(name, interface, Reply()) == Answer(status=200, lines=[("content-type", "text/plain")], body=b"ok")


EDGE = pytest.mark.parametrize("name", ["edge_viewer", "edge_origin"])


@BOTH
@EDGE
def test_m3e_the_path_at_the_edge_is_decoded(name: str, interface: Interface) -> None:
    assert seen(to(name, "/a%20b"), interface).path == "/a b"


@BOTH
@EDGE
def test_m5_every_line_of_a_header_at_the_edge_arrives(name: str, interface: Interface) -> None:
    found = seen(TARGET[name].event(Sent(headers=(("x-a", "1"), ("x-a", "2")))), interface)
    assert found.headers["x-a"] == (["1", "2"] if interface == "asgi" else ["1,2"])


@BOTH
@EDGE
def test_m5b_every_cookie_at_the_edge_is_set(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("set-cookie", b"a=1"), ("set-cookie", b"b=2")])
    assert result(name, interface, reply)["headers"] == {"set-cookie": [{"value": "a=1"}, {"value": "b=2"}]}


@BOTH
@EDGE
def test_m5c_bytes_at_the_edge_are_base64_in_cloudfronts_own_words(name: str, interface: Interface) -> None:
    returned = result(name, interface, Reply(headers=[("content-type", b"image/png")], body=b"\x89PNG"))
    assert (returned["status"], returned["body"], returned["bodyEncoding"]) == ("200", "iVBORw==", "base64")
    assert not {"isBase64Encoded", "statusCode"} & set(returned)


@BOTH
@EDGE
def test_m5d_headers_that_cloudfront_answers_with_502_do_not_go_out(name: str, interface: Interface) -> None:
    reply = Reply(headers=[("content-length", b"2"), ("connection", b"close"), ("via", b"x"), ("x-edge-a", b"x")])
    assert result(name, interface, reply)["headers"] == {}


@BOTH
@EDGE
@pytest.mark.parametrize("drop", [True, False])
def test_m5e_a_request_at_the_edge_may_have_no_body(name: str, interface: Interface, drop: bool) -> None:
    event = to(name)
    event["Records"][0]["cf"]["request"]["body"] = None
    if drop:
        del event["Records"][0]["cf"]["request"]["body"]
    assert seen(event, interface).body == b""


# ---------------------------------------------------------------- events of other kinds


@BOTH
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("other_destination", "aws:lambda-destination", id="m9-destination"),
        pytest.param("other_authorizer_1_0", "aws:authorizer", id="m9-authorizer-1.0"),
        pytest.param("other_authorizer_2_0", "aws:authorizer", id="m9-authorizer-2.0"),
        pytest.param("other_sqs", "aws:sqs", id="m9-a16b-sqs"),
        pytest.param("other_eventbridge", "aws:schedule", id="a16-s11-eventbridge"),
    ],
)
def test_an_event_that_is_no_request_is_refused_by_name(name: str, kind: str, interface: Interface) -> None:
    app = APPS[interface]()
    with pytest.raises(EventError, match=kind):
        Bridge(app)(sample(name))
    assert app.seen == []


@pytest.mark.parametrize("name", ["other_websocket_connect", "other_websocket_message"])
def test_m9_a16c_an_event_of_a_websocket_api_is_refused_for_a_wsgi_app(name: str) -> None:
    app = APPS["wsgi"]()
    with pytest.raises(EventError, match="WebSocket API takes an ASGI app"):
        Bridge(app)(sample(name))
    assert app.seen == []


# ---------------------------------------------------------------- apps that fail


async def silent(scope: Scope, receive: Receive, send: Send) -> None: ...


async def half(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


@pytest.mark.parametrize("app", [silent, half])
def test_m14_an_incomplete_response_is_a_500_that_says_why_in_the_log(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert Bridge(app)(to("http_api"))["statusCode"] == 500
    assert "the app returned, but it had sent" in caplog.text


@BOTH
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("no"), id="m14c-an-exception"),
        pytest.param(SystemExit(3), id="m14e-system-exit"),
        pytest.param(KeyboardInterrupt(), id="m14e-keyboard-interrupt"),
    ],
)
def test_what_an_app_raises_can_reach_lambda(error: BaseException, interface: Interface) -> None:
    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    def wsgi(_: object, __: object) -> Iterable[bytes]:
        raise error

    app: Any = asgi if interface == "asgi" else wsgi
    with pytest.raises(type(error)):
        Bridge(app, lifespan="off", errors="raise")(to("http_api"))


def test_m14d_an_exception_after_the_response_can_reach_lambda_too() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await ok(scope, receive, send)
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        Bridge(app, lifespan="off", errors="raise")(to("http_api"))


def test_a10_an_error_page_replaces_what_start_response_had() -> None:
    def app(_: object, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("x", "1")])
        start_response("500 No", [("y", "2")], (None, None, None))
        return [b"error page"]

    returned = Bridge(app)(to("http_api"))
    assert (returned["statusCode"], returned["headers"], returned["body"]) == (500, {"y": "2"}, "error page")


def test_a10b_a_second_start_response_is_an_error() -> None:
    def app(_: object, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("x", "1")])
        start_response("200 OK", [("y", "2")])
        return []

    assert Bridge(app)(to("http_api"))["statusCode"] == 500


@pytest.mark.parametrize("fail", [False, True])
def test_s17_the_iterable_of_a_wsgi_app_is_closed(fail: bool) -> None:
    closed: list[bool] = []

    def app(_: object, start_response: StartResponse) -> Iterable[bytes]:
        try:
            start_response("200 OK", [])
            yield b"a"
            if fail:
                raise ValueError
        finally:
            closed.append(True)

    Bridge(app)(to("http_api"))
    assert closed == [True]


# ---------------------------------------------------------------- lifespan and loop


class Lifespan:
    """An app with a lifespan, that counts."""

    def __init__(self, message: str = "lifespan.startup.complete") -> None:
        self.message = message
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.seen.append("request")
            await ok(scope, receive, send)
            return
        self.seen.append((await receive())["type"])
        await send({"type": self.message})
        self.seen.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})


def test_l1_startup_runs_once_for_many_events_and_shutdown_at_the_end() -> None:
    app = Lifespan()
    bridge = Bridge(app)
    for _ in range(3):
        bridge(to("http_api"))
    assert app.seen == ["lifespan.startup", "request", "request", "request"]
    bridge.close()
    assert app.seen[-1] == "lifespan.shutdown"


async def raises_in_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise ValueError("can only handle HTTP")
    await ok(scope, receive, send)


async def returns_in_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await ok(scope, receive, send)


@pytest.mark.parametrize("app", [raises_in_lifespan, returns_in_lifespan])
def test_l2c_a_lifespan_that_has_to_be_there_is_an_error_where_it_is_not(app: Any) -> None:
    with pytest.raises(LifespanError, match='lifespan="on", but the app'):
        Bridge(app, lifespan="on")(to("http_api"))


@pytest.mark.parametrize("app", [raises_in_lifespan, returns_in_lifespan])
def test_w4_w4b_an_app_without_a_lifespan_is_served(app: Any) -> None:
    assert Bridge(app)(to("http_api"))["body"] == "ok"


def test_w15b_a_startup_that_fails_is_an_error_and_does_not_hang() -> None:
    with pytest.raises(LifespanError, match="startup failed"):
        Bridge(Lifespan("lifespan.startup.failed"))(to("http_api"))


def test_l3_an_asyncio_run_before_does_no_harm() -> None:
    asyncio.run(asyncio.sleep(0))
    assert Bridge(ok, lifespan="off")(to("http_api"))["body"] == "ok"


def test_l3b_a_closed_loop_in_the_threads_place_does_no_harm() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    asyncio.set_event_loop(loop)
    try:
        assert Bridge(ok, lifespan="off")(to("http_api"))["body"] == "ok"
    finally:
        asyncio.set_event_loop(None)


def test_l4_an_event_may_come_in_any_thread() -> None:
    bodies: list[str] = []
    bridge = Bridge(ok, lifespan="off")
    thread = threading.Thread(target=lambda: bodies.append(bridge(to("http_api"))["body"]))
    thread.start()
    thread.join()
    assert bodies == ["ok"]


async def test_l5_inside_a_running_loop_there_is_handle_async_and_the_error_says_so() -> None:
    bridge = Bridge(ok, lifespan="off")
    with pytest.raises(RunningLoopError, match=r"await handler\.handle_async"):
        bridge(to("http_api"))
    assert (await bridge.handle_async(to("http_api")))["body"] == "ok"


def test_l7_a_background_task_is_done_before_lambda_freezes_the_process() -> None:
    done: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("ok", background=BackgroundTask(done.append, True))(scope, receive, send)

    assert Bridge(app, lifespan="off")(to("http_api"))["body"] == "ok"
    assert done == [True]


def test_w5_events_leave_no_file_descriptors_behind() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.0001)
        await ok(scope, receive, send)

    bridge = Bridge(app)
    bridge(to("http_api"))
    before = os.listdir("/dev/fd")
    for _ in range(20):
        bridge(to("http_api"))
    assert len(os.listdir("/dev/fd")) <= len(before)


@pytest.mark.parametrize(
    "options",
    [
        {"interface": "asgi"},
        {"lifespan": "off"},
        {"base_path": "/x"},
        {"exclude_headers": ["x"]},
        {"is_text": bool},
        {"errors": "raise"},
        {"loop_factory": asyncio.new_event_loop},
    ],
    ids=lambda options: next(iter(options)),
)
def test_w13_every_option_can_be_used(options: dict[str, Any]) -> None:
    assert Bridge(Asgi(), **options)(to("http_api"))["body"] == "ok"


# ---------------------------------------------------------------- the list itself

SEEN_TO_FAIL = {
    "m": "1 2 2c 3 3c 3e 4 4b 4c 4d 4e 5 5b 5c 5d 5e 6 6c 7 8 8e 8f 9 10 10c"
    " 11b 11d 11e 11f 11g 12b 12c 14 14c 14d 14e",
    "l": "1 2c 3 3b 4 5 7 9",
    "a": "1 1b 1c 2 2b 3 4 5 6 8 9 9b 10 10b 11 11b 12 14 15 16 16b 16c 19 20 21 22",
    "s": "1 1b 2 3 4 5 5b 6 7 8 9 10 11 12 13 14 15 17 18 18b 19 20 25 26",
    "w": "1 2 4 4b 5 6 6b 7 8 9 10 11 12 13 14 15b 16",
}


@pytest.mark.parametrize("letter", SEEN_TO_FAIL)
def test_every_bug_has_its_test(letter: str) -> None:
    source = Path(__file__).read_text("utf-8")
    names = re.findall(r'^(?:async )?def test_(\w+)|id="([^"]+)"', source, re.MULTILINE)
    words = {word for name in names for word in re.split("[_-]", "-".join(name))}
    assert {letter + number for number in SEEN_TO_FAIL[letter].split()} <= words
