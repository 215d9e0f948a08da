"""What AWS makes of calls and of results: `event` and `response` of each source."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from bridge.errors import ResultBodyError, ResultError
from bridge.sources import _alb as alb, _lattice as lattice, _v1 as v1, _v2 as v2, detect
from bridge.sources._client_request import ClientRequest
from bridge.types import Event, StreamingSource, Wire

from ..reverse import EVENTS
from ..samples import named, sample

HEADERS = [
    ("host", "example.com"),
    ("user-agent", "curl/8"),
    ("x-probe", "first"),
    ("x-probe", "second"),
    ("content-length", "3"),
]
TLS = {"x-amzn-tls-cipher-suite", "x-amzn-tls-version"}
"""What a function URL adds."""

EXECUTE_API = "abc.execute-api.eu-central-1.amazonaws.com"
RESPONSES: dict[str, Callable[[object], Wire]] = {
    "rest": v1.response,
    "http 1.0": lambda result: v1.response(result, http_api=True),
    "http 2.0": v2.response,
    "alb": alb.response,
    "alb multi": lambda result: alb.response(result, multi_value=True),
    "lattice": lattice.response,
}
every_event = pytest.mark.parametrize("name", EVENTS)
every_response = pytest.mark.parametrize("name", RESPONSES)
RECORDED: dict[str, tuple[str, dict[str, Any]]] = {
    "rest": ("rest", {}),
    "http 1.0": ("http_api_1_0", {}),
    "http 2.0": ("http_api_post", {"body": b"x"}),
    "url": ("function_url", {"query_string": "a=1", "headers": [("cookie", "a=1")]}),
    "alb": ("alb", {}),
    "alb multi": ("alb_multi", {}),
    "lattice 1": ("lattice_1", {}),
    "lattice 2": ("lattice_2_post", {"body": b"x"}),
    "edge origin": ("edge_origin", {}),
}
"""Events that AWS has sent, and what a call has to have for one that has the same fields."""

PNG = b"\x89PNG\r\n\x1a\n"
PNG64 = base64.b64encode(PNG).decode()


def of(name: str, **fields: Any) -> Event:
    return EVENTS[name][0](ClientRequest(**{"method": "GET", **fields}))


def says_base64(event: Event) -> bool:
    """What an event says of its body; V2 of VPC Lattice says nothing of text."""
    said: bool = event["is_base64_encoded"] if "raw_path" in event else event.get("isBase64Encoded", False)
    return said


@every_event
def test_event_is_told_apart_from_the_others(name: str) -> None:
    assert detect(of(name)) is EVENTS[name][1]


def form(value: Any, name: str = "") -> Any:
    """An event's fields with their types, and with what AWS calls its own things; without what a client has said."""
    if name.lower().endswith(("headers", "parameters")) or name in ("body", "cookies"):
        return ...
    if isinstance(value, dict):
        return {key: form(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [form(each) for each in value]
    if name.endswith("Arn") and value:
        here = re.sub(r":[a-z]+-[a-z]+-1:[0-9]{12}:", ":here:", value)
        return re.sub("[0-9a-f]{16,}", "id", here).replace("/local/", "/probe/")
    return type(value)


@pytest.mark.parametrize("name", RECORDED)
def test_event_has_the_fields_of_one_that_aws_has_sent(name: str) -> None:
    recorded, call = RECORDED[name]
    assert form(of(name, **call)) == form(sample(recorded))


def test_only_the_origin_s_name_is_in_an_event_of_an_origin_request_and_in_no_other_of_cloudfront() -> None:
    viewer, origin = of("edge viewer"), of("edge origin")
    del origin["Records"][0]["cf"]["request"]["origin"]
    assert form(viewer) == form(origin)


@every_event
def test_event_has_the_method(name: str) -> None:
    event = of(name, method="PATCH")
    assert named(EVENTS[name][1].request(event))["method"] == "PATCH"


# Headers


@pytest.mark.parametrize("name", ["http 1.0", "http 2.0", "url", "alb", "alb multi", "lattice 1", "lattice 2"])
def test_names_of_headers_are_lower_case(name: str) -> None:
    event = of(name, headers=HEADERS)
    headers = event.get("headers") or event["multiValueHeaders"]
    assert set(headers) - TLS == {name for name, _ in HEADERS}


def test_rest_api_has_names_of_headers_as_clients_write_them_but_its_own_and_keeps_some_to_itself() -> None:
    kept = ["connection", "content-md5", "expect", "max-forwards", "te", "trailer", "transfer-encoding", "upgrade"]
    event = of("rest", headers=[*HEADERS, *((name, "x") for name in kept)])
    assert event["headers"] == {"Host": "example.com", "User-Agent": "curl/8", "x-probe": "second"}
    assert event["multiValueHeaders"] == {
        "Host": ["example.com"],
        "User-Agent": ["curl/8"],
        "x-probe": ["first", "second"],
    }


@pytest.mark.parametrize("name", ["X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"])
def test_rest_api_spells_what_it_adds_its_own_way(name: str) -> None:
    assert of("rest", headers=[(name.lower(), "x")])["headers"] == {name: "x"}


def test_function_url_says_by_which_tls_its_client_came_whatever_the_client_says() -> None:
    recorded = sample("function_url")["headers"]
    headers = of("url", headers=[("x-amzn-tls-version", "SSLv2")])["headers"]
    assert headers.keys() == TLS
    assert recorded.keys() >= TLS
    assert headers["x-amzn-tls-version"] == recorded["x-amzn-tls-version"]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("http 1.0", "headers", "second"),
        ("http 1.0", "multiValueHeaders", ["first", "second"]),
        ("http 2.0", "headers", "first,second"),
        ("url", "headers", "first,second"),
        ("alb", "headers", "second"),
        ("alb multi", "multiValueHeaders", ["first", "second"]),
        ("lattice 1", "headers", "first, second"),
        ("lattice 2", "headers", ["first", "second"]),
    ],
)
def test_lines_of_one_header(name: str, field: str, value: object) -> None:
    assert of(name, headers=HEADERS)[field]["x-probe"] == value


def test_load_balancer_has_one_kind_of_headers() -> None:
    assert "multiValueHeaders" not in of("alb")
    assert "headers" not in of("alb multi")


def test_http_api_moves_cookies_out_of_the_headers() -> None:
    event = of("http 2.0", headers=[("cookie", "a=1; b=2"), ("cookie", "c=3")])
    assert event["cookies"] == ["a=1", "b=2", "c=3"]
    assert event["headers"] == {}


def test_function_url_has_cookies_twice() -> None:
    event = of("url", headers=[("cookie", "a=1; b=2"), ("cookie", "c=3")])
    assert event["cookies"] == ["a=1", "b=2", "c=3"]
    assert event["headers"].keys() - TLS == {"cookie"}
    assert event["headers"]["cookie"] == "a=1; b=2; c=3"


@pytest.mark.parametrize("name", ["http 2.0", "url"])
def test_payload_2_0_leaves_out_what_is_not_there(name: str) -> None:
    event = of(name, query_string="&", headers=[("x-a", "1")])
    assert not {"cookies", "queryStringParameters", "body"} & set(event)
    assert event["rawQueryString"] == "&"


# Paths and queries


@pytest.mark.parametrize("raw_path", ["/a%20b", "/a%2Fb+c", "/a%2541", "/%FF", "/a//b/"])
def test_paths_that_arrive_as_they_were_sent(raw_path: str) -> None:
    assert of("rest", raw_path=raw_path)["path"] == raw_path
    assert of("url", raw_path=raw_path)["rawPath"] == raw_path
    assert of("alb", raw_path=raw_path)["path"] == raw_path


@pytest.mark.parametrize(
    ("raw_path", "path"), [("/a%20b", "/a b"), ("/a%2Fb+c", "/a/b+c"), ("/a%2541", "/a%41"), ("/%FF", "/\ufffd")]
)
def test_paths_that_arrive_decoded(raw_path: str, path: str) -> None:
    assert of("http 1.0", raw_path=raw_path)["path"] == path
    assert of("http 2.0", raw_path=raw_path)["rawPath"] == path
    assert of("http 2.0", raw_path=raw_path)["requestContext"]["http"]["path"] == path
    assert of("url", raw_path=raw_path)["requestContext"]["http"]["path"] == path


def test_http_api_cuts_the_path_at_a_decoded_question_mark_and_a_function_url_does_not() -> None:
    event = of("http 2.0", raw_path="/a%3Fb/c")
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/a"
    assert of("url", raw_path="/a%3Fb/c")["requestContext"]["http"]["path"] == "/a?b/c"


@pytest.mark.parametrize(
    ("raw_path", "path", "proxy"),
    [
        ("/", "/", None),
        ("/a%20b/c/", "/a%20b/c/", "a%20b/c"),
        ("//a", "/a", "a"),
        ("/XML/aX", "/XML/aX", "XML/aX"),
        ("", "/", None),
    ],
)
def test_rest_api_has_the_path_once_more_as_the_proxy_parameter(raw_path: str, path: str, proxy: str | None) -> None:
    event = of("rest", raw_path=raw_path)
    assert event["path"] == path
    assert event["pathParameters"] == (proxy and {"proxy": proxy})
    assert event["resource"] == event["requestContext"]["resourcePath"] == ("/{proxy+}" if proxy else "/")


def test_stage_of_a_rest_api_is_in_the_context_only() -> None:
    event = of("rest", raw_path="/beta//x", stage="beta", domain=EXECUTE_API)
    assert event["path"] == "/x"
    assert event["requestContext"]["path"] == "/beta//x"
    assert event["requestContext"]["stage"] == "beta"
    assert event["requestContext"]["apiId"] == "abc"


def test_rest_api_behind_a_custom_domain_has_a_stage_nevertheless() -> None:
    event = of("rest", raw_path="/x", domain="api.example.com")
    assert event["requestContext"]["stage"] == "prod"
    assert event["requestContext"]["path"] == event["path"] == "/x"


@pytest.mark.parametrize(("name", "field"), [("http 1.0", "path"), ("http 2.0", "rawPath")])
def test_stage_of_an_http_api_is_in_the_path(name: str, field: str) -> None:
    event = of(name, raw_path="/prod/x", stage="prod", domain=EXECUTE_API)
    assert event[field] == "/prod/x"
    assert event["requestContext"]["stage"] == "prod"


def test_proxy_parameter_of_an_http_api_has_no_stage() -> None:
    assert of("http 1.0", raw_path="/prod/x/", stage="prod")["pathParameters"] == {"proxy": "x"}
    assert of("http 1.0", raw_path="/X/yX")["pathParameters"] == {"proxy": "X/yX"}


QUERY = "b=x+y&b=x%2By&a=%C3%A4&c"


@pytest.mark.parametrize("name", ["rest", "http 1.0"])
def test_query_of_payload_1_0_is_decoded(name: str) -> None:
    event = of(name, query_string=QUERY)
    assert event["multiValueQueryStringParameters"] == {"b": ["x y", "x+y"], "a": ["ä"], "c": [""]}
    assert event["queryStringParameters"] == {"b": "x+y", "a": "ä", "c": ""}


@pytest.mark.parametrize("name", ["rest", "http 1.0"])
def test_payload_1_0_without_a_query_has_nulls(name: str) -> None:
    event = of(name)
    assert event["multiValueQueryStringParameters"] is event["queryStringParameters"] is None
    assert event["stageVariables"] is event["pathParameters"] is None


def test_semicolon_splits_the_query_of_a_rest_api() -> None:
    assert of("rest", query_string="a=1;b=2")["queryStringParameters"] == {"a": "1", "b": "2"}
    assert of("http 1.0", query_string="a=1;b=2")["queryStringParameters"] == {"a": "1;b=2"}


@pytest.mark.parametrize("name", ["http 2.0", "url"])
def test_query_of_payload_2_0_is_as_it_was_sent_and_decoded_beside(name: str) -> None:
    event = of(name, query_string=QUERY)
    assert event["rawQueryString"] == QUERY
    assert event["queryStringParameters"] == {"b": "x y,x+y", "a": "ä", "c": ""}


def test_query_of_a_load_balancer_stays_encoded() -> None:
    assert of("alb", query_string=QUERY)["queryStringParameters"] == {"b": "x%2By", "a": "%C3%A4", "c": ""}
    assert of("alb multi", query_string=QUERY)["multiValueQueryStringParameters"] == {
        "b": ["x+y", "x%2By"],
        "a": ["%C3%A4"],
        "c": [""],
    }


def test_lattice_has_the_query_in_the_path_and_beside() -> None:
    old = of("lattice 1", raw_path="/a%20b", query_string=QUERY)
    assert (old["raw_path"], old["query_string_parameters"]) == ("/a%20b?" + QUERY, {"b": "x+y", "a": "ä", "c": ""})
    new = of("lattice 2", raw_path="/a%20b", query_string=QUERY)
    assert new["path"] == "/a%20b?" + QUERY
    assert new["queryStringParameters"] == {"b": ["x y", "x+y"], "a": ["ä"], "c": [""]}
    assert of("lattice 2", raw_path="/a")["path"] == "/a"


def test_lattice_keeps_headers_of_the_connection_to_itself() -> None:
    kept = [("x-a", "1"), ("x-forwarded-for", "10.0.0.1")]
    headers = [*kept, ("connection", "close"), ("te", "trailers"), ("x-amzn-trace-id", "Root=1")]
    assert of("lattice 1", headers=headers)["headers"] == dict(kept)
    assert of("lattice 2", headers=headers)["headers"] == {name: [value] for name, value in kept}


# Bodies


@pytest.mark.parametrize("name", ["http 1.0", "http 2.0", "url", "alb", "alb multi", "lattice 1", "lattice 2"])
@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ([("content-type", "text/plain")], True),
        ([("content-type", "Text/HTML; charset=utf-8")], True),
        ([("content-type", "application/json")], True),
        ([("content-type", "application/xml")], True),
        ([("content-type", "application/javascript")], True),
        ([("content-type", "application/json"), ("content-encoding", "gzip")], False),
        ([("content-type", "application/x-www-form-urlencoded")], False),
        ([("content-type", "multipart/form-data; boundary=text/")], False),
        ([("content-type", "image/png")], False),
        ([], False),
    ],
)
def test_bodies_that_are_text_and_bodies_that_are_base64(name: str, headers: list[tuple[str, str]], text: bool) -> None:
    event = of(name, headers=headers, body=b"a=1")
    assert (event["body"], says_base64(event)) == (("a=1", False) if text else ("YT0x", True))


@pytest.mark.parametrize("name", ["http 1.0", "http 2.0", "url", "alb"])
def test_text_that_is_not_utf8_is_base64(name: str) -> None:
    event = of(name, headers=[("content-type", "text/plain")], body=b"\xff")
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("rest", None),
        ("http 1.0", None),
        ("http 2.0", None),
        ("url", None),
        ("alb", ""),
        ("alb multi", ""),
        ("lattice 1", ""),
        ("lattice 2", ""),
    ],
)
def test_no_body(name: str, body: str | None) -> None:
    event = of(name)
    assert event.get("body") == body
    assert says_base64(event) is False


def test_rest_api_packs_bodies_of_its_binary_media_types_only() -> None:
    call = ClientRequest(method="PUT", body=b"\xff!")
    packed = v1.event(call)
    assert (packed["body"], packed["isBase64Encoded"]) == ("/yE=", True)
    lossy = v1.event(call, binary=False)
    assert (lossy["body"], lossy["isBase64Encoded"]) == ("\ufffd!", False)


# The context


def test_context_of_payload_1_0() -> None:
    headers = [("user-agent", "curl/8")]
    context = of("rest", headers=headers, client="9.9.9.9", request_id="r", seconds=1.5)["requestContext"]
    assert context["identity"]["sourceIp"] == "9.9.9.9"
    assert context["identity"]["userAgent"] == "curl/8"
    assert {name for name, value in context["identity"].items() if value} == {"sourceIp", "userAgent"}
    assert context["requestId"] == "r"
    assert context["requestTime"] == "01/Jan/1970:00:00:01 +0000"
    assert context["requestTimeEpoch"] == 1500
    assert (context["resourceId"], context["deploymentId"]) == ("proxy0", "deploy")
    assert of("http 1.0")["requestContext"]["resourceId"] is None
    assert of("http 1.0")["requestContext"]["deploymentId"] is None


@pytest.mark.parametrize("name", ["rest", "http 1.0"])
def test_context_of_payload_1_0_repeats_the_call(name: str) -> None:
    context = of(name, method="PATCH", request_id="r", domain=EXECUTE_API)["requestContext"]
    assert (context["httpMethod"], context["domainName"], context["protocol"]) == ("PATCH", EXECUTE_API, "HTTP/1.1")
    assert (context["requestId"], context["extendedRequestId"]) == ("r", "r")
    assert context["accountId"] == "123456789012"
    assert context["stage"] == ("prod" if name == "rest" else "$default")


def test_only_http_apis_state_their_version() -> None:
    assert "version" not in of("rest")
    assert of("http 1.0")["version"] == "1.0"
    assert of("http 2.0")["version"] == of("url")["version"] == "2.0"


@pytest.mark.parametrize(("name", "account"), [("http 2.0", "123456789012"), ("url", "anonymous")])
def test_context_of_payload_2_0(name: str, account: str) -> None:
    headers = [("user-agent", "curl/8")]
    domain = "u.lambda-url.eu-west-1.on.aws" if name == "url" else "u.execute-api.eu-west-1.amazonaws.com"
    event = of(name, headers=headers, client="9.9.9.9", request_id="r", seconds=1.5, domain=domain)
    context = event["requestContext"]
    assert event["routeKey"] == context["routeKey"] == context["stage"] == "$default"
    assert (context["accountId"], context["apiId"], context["domainName"]) == (account, "u", domain)
    assert (context["http"]["sourceIp"], context["http"]["userAgent"]) == ("9.9.9.9", "curl/8")
    assert context["http"]["protocol"] == "HTTP/1.1"
    assert (context["requestId"], context["time"]) == ("r", "01/Jan/1970:00:00:01 +0000")
    assert context["timeEpoch"] == 1500


@pytest.mark.parametrize("name", ["rest", "http 1.0", "http 2.0"])
def test_a_custom_domain_is_not_the_id_of_an_api(name: str) -> None:
    context = of(name, domain="www.example.com")["requestContext"]
    assert (context["apiId"], context["domainPrefix"]) == ("local", "www")


def test_context_of_lattice() -> None:
    event = of("lattice 2", seconds=1.5)
    assert (event["version"], event["requestContext"]["timeEpoch"]) == ("2.0", "1500000")
    assert event["requestContext"]["region"] == "us-east-1"
    assert "requestContext" not in of("lattice 1")


# Results


@every_response
def test_result_becomes_a_response(name: str) -> None:
    headers: dict[str, object] = {"content-type": "text/plain"}
    multiple = {"content-type": ["text/plain"]}
    result = {"statusCode": 201, "body": "ä", "isBase64Encoded": False}
    result |= {"multiValueHeaders": multiple} if name == "alb multi" else {"headers": headers}
    assert RESPONSES[name](result) == (201, [("content-type", "text/plain")], "ä".encode())


@every_response
def test_base64_goes_out_as_bytes(name: str) -> None:
    assert RESPONSES[name]({"statusCode": 200, "body": PNG64, "isBase64Encoded": True})[2] == PNG


@every_response
def test_body_that_is_not_the_base64_it_says_is_refused(name: str) -> None:
    with pytest.raises(ResultBodyError, match="not base64"):
        RESPONSES[name]({"statusCode": 200, "body": "!", "isBase64Encoded": True})


@every_response
@pytest.mark.parametrize("nothing", [{}, {"body": None}, {"body": ""}])
def test_result_may_have_no_body_and_no_headers(name: str, nothing: dict[str, object]) -> None:
    status, lines, body = RESPONSES[name]({"statusCode": 204, **nothing})
    assert (status, body) == (204, b"")
    assert lines in ([], [("content-type", "application/json")])


@every_response
@pytest.mark.parametrize("status", ["test", None, True, 99, 103, 199, 600, 1000, -200, 20.5, "²"])
def test_status_that_http_does_not_have_is_refused(name: str, status: object) -> None:
    with pytest.raises(ResultError, match="statusCode"):
        RESPONSES[name]({"statusCode": status})


@every_response
@pytest.mark.parametrize("status", [200, 599])
def test_status_that_http_has_goes_out(name: str, status: int) -> None:
    assert RESPONSES[name]({"statusCode": status})[0] == status


@every_response
@pytest.mark.parametrize("body", [{"a": 1}, ["a"], 1, True])
def test_body_that_is_no_string_is_refused(name: str, body: object) -> None:
    with pytest.raises(ResultError, match="body"):
        RESPONSES[name]({"statusCode": 200, "body": body})


@pytest.mark.parametrize("name", ["rest", "http 1.0", "alb", "alb multi", "lattice"])
@pytest.mark.parametrize("result", ["ok", None, 1, ["a"], True])
def test_result_that_is_no_object_is_refused(name: str, result: object) -> None:
    with pytest.raises(ResultError, match="must be an object"):
        RESPONSES[name](result)


@pytest.mark.parametrize(
    ("name", "field", "headers"),
    [
        ("rest", "headers", ["a"]),
        ("rest", "headers", {"x-a": 1}),
        ("rest", "headers", {"x-a": None}),
        ("rest", "headers", {"x-a": ["b"]}),
        ("rest", "multiValueHeaders", ["a"]),
        ("rest", "multiValueHeaders", {"x-a": "b"}),
        ("rest", "multiValueHeaders", {"x-a": [1]}),
        ("http 1.0", "multiValueHeaders", {"x-a": "b"}),
        ("http 2.0", "headers", ["a"]),
        ("http 2.0", "cookies", "a=1"),
        ("alb", "headers", ["a"]),
        ("alb", "headers", {"x-a": 1}),
        ("alb", "headers", {"x-a": ["b"]}),
        ("alb", "multiValueHeaders", {"x-a": ["b"]}),
        ("alb multi", "multiValueHeaders", ["a"]),
        ("alb multi", "multiValueHeaders", {"x-a": "b"}),
        ("alb multi", "multiValueHeaders", {"x-a": [1]}),
        ("alb multi", "headers", {"x-a": "b"}),
        ("lattice", "headers", ["a"]),
        ("lattice", "headers", {"x-a": 1}),
        ("lattice", "headers", {"x-a": ["b"]}),
        ("lattice", "cookies", "a=1"),
        ("lattice", "cookies", [1]),
    ],
)
def test_malformed_headers_are_refused(name: str, field: str, headers: object) -> None:
    with pytest.raises(ResultError, match=r"[Hh]eader|cookies"):
        RESPONSES[name]({"statusCode": 200, field: headers})


NOT_OF_THE_FORM = "headers must be an object, cookies a list and body a string"


@pytest.mark.parametrize(
    ("name", "result", "complaint"),
    [
        ("rest", "ok", "the result must be an object, not a str"),
        ("rest", {"b": 1, "a": 2}, "the result has keys that REST APIs refuse: a, b"),
        ("rest", {"headers": ["a"]}, "headers and multiValueHeaders must be objects"),
        ("rest", {"headers": {"x-a": 1}}, "header values must be strings; 'x-a' has a int"),
        ("rest", {"multiValueHeaders": {"x-a": [1]}}, "header values must be strings; 'x-a' has a int"),
        ("rest", {"multiValueHeaders": {"x-a": "b"}}, "multiValueHeaders must have lists for values; 'x-a' has a str"),
        ("rest", {"body": 1}, "body must be a string, not a int"),
        ("rest", {"statusCode": 99}, "statusCode must be a number from 200 to 599, not 99"),
        ("http 2.0", {"statusCode": "200"}, "statusCode must be an int from 200 to 599, not '200'"),
        ("http 2.0", {"statusCode": 200, "headers": ["a"]}, NOT_OF_THE_FORM),
        ("alb", "ok", "the result must be an object, not a str"),
        ("alb", {"statusCode": None}, "statusCode must be an int from 200 to 599, not None"),
        ("alb", {"statusCode": 200, "multiValueHeaders": {}}, "the target group wants headers, not multiValueHeaders"),
        ("alb", {"statusCode": 200, "headers": ["a"]}, "headers must be an object, not a list"),
        (
            "alb",
            {"statusCode": 200, "headers": {"x-a": 1}},
            "headers has a int for 'x-a' that is not of the right form",
        ),
        ("alb", {"statusCode": 200, "body": 1}, "body must be a string, not a int"),
        ("lattice", "ok", "the result must be an object, not a str"),
        ("lattice", {"statusCode": None}, "statusCode must be an int from 200 to 599, not None"),
        ("lattice", {"statusCode": 200, "cookies": "a=1"}, NOT_OF_THE_FORM),
        ("lattice", {"statusCode": 200, "headers": {"x-a": 1}}, "header values must be strings; 'x-a' has a int"),
    ],
)
def test_refusal_says_what_was_expected_and_what_came(name: str, result: object, complaint: str) -> None:
    with pytest.raises(ResultError) as refusal:
        RESPONSES[name](result)
    assert str(refusal.value) == complaint


# Streams


def test_only_function_urls_and_rest_apis_stream() -> None:
    assert v2.streams(sample("function_url"))
    assert v1.streams(sample("rest"))
    assert not v2.streams(sample("http_api"))
    assert not v1.streams(sample("http_api_1_0"))


@pytest.mark.parametrize("context", [{}, {"domainName": None}, {"domainName": "XXXX"}])
def test_no_other_domain_streams(context: dict[str, Any]) -> None:
    assert v2.streams({"requestContext": context}) is False


OPENINGS: dict[str, tuple[StreamingSource, Callable[[object], Wire]]] = {
    "rest": (v1, v1.opening),
    "url": (v2, v2.opening),
}
every_opening = pytest.mark.parametrize("name", OPENINGS)


@every_opening
@pytest.mark.parametrize("cookies", [[], ["a=1", "b=2"]])
def test_prelude_opens_the_response_that_it_says(name: str, cookies: list[str]) -> None:
    source, opening = OPENINGS[name]
    prelude = source.prelude(201, ({"content-type": "text/css", "x-a": "1"}, [*cookies], {}))
    assert prelude.keys() - {"cookies"} == {"statusCode", "multiValueHeaders" if name == "rest" else "headers"}
    assert ("cookies" in prelude) is (name == "url" and cookies != [])
    lines = [("content-type", "text/css"), ("x-a", "1"), *(("set-cookie", cookie) for cookie in cookies)]
    assert opening(prelude) == (201, lines, b"")


@every_opening
def test_prelude_may_have_cookies_apart_and_no_status(name: str) -> None:
    _, opening = OPENINGS[name]
    lines = [("content-type", "text/css"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    assert opening({"headers": {"content-type": "text/css"}, "cookies": ["a=1", "b=2"]}) == (200, lines, b"")


REST_PRELUDE = "the prelude must be an object with cookies, headers, multiValueHeaders, statusCode only"
URL_PRELUDE = "the prelude must be an object with cookies, headers, statusCode only"


@pytest.mark.parametrize(
    ("name", "prelude", "complaint"),
    [
        ("rest", ["statusCode"], REST_PRELUDE),
        ("rest", {"body": "x"}, REST_PRELUDE),
        ("rest", {"cookies": "a=1"}, "cookies must be a list, not a str"),
        ("rest", {"cookies": [1]}, "header values must be strings; 'cookies' has a int"),
        ("url", ["statusCode"], URL_PRELUDE),
        ("url", {"multiValueHeaders": {}}, URL_PRELUDE),
        ("url", {"cookies": "a=1"}, NOT_OF_THE_FORM),
    ],
)
def test_prelude_of_another_form_is_refused(name: str, prelude: object, complaint: str) -> None:
    with pytest.raises(ResultError) as refusal:
        OPENINGS[name][1](prelude)
    assert str(refusal.value) == complaint


# Results for payload 1.0


@pytest.mark.parametrize("key", ["cookies", "statusDescription", "wrongValue"])
def test_rest_api_refuses_keys_that_it_does_not_know(key: str) -> None:
    with pytest.raises(ResultError, match=key):
        v1.response({"statusCode": 200, key: "x"})
    assert v1.response({"statusCode": 200, key: "x"}, http_api=True)[0] == 200


@pytest.mark.parametrize("result", [{}, {"headers": None}, {"headers": {}}, {"multiValueHeaders": None}])
def test_everything_in_a_result_for_payload_1_0_may_be_missing(result: dict[str, object]) -> None:
    assert v1.response(result) == (200, [("content-type", "application/json")], b"")


def test_status_of_payload_1_0_may_be_a_string() -> None:
    assert v1.response({"statusCode": "201"})[0] == 201


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), ("x", "x")])
def test_header_of_payload_1_0_may_be_a_bool(value: object, text: str) -> None:
    assert ("x-a", text) in v1.response({"headers": {"x-a": value}})[1]


def test_content_type_in_any_case_is_the_content_type() -> None:
    assert v1.response({"headers": {"Content-TYPE": "text/css"}})[1] == [("Content-TYPE", "text/css")]


def test_values_of_the_multi_value_map_go_first_and_its_spelling_wins() -> None:
    result = {"multiValueHeaders": {"X-Probe": ["multi"]}, "headers": {"x-probe": "solo", "content-type": "text/css"}}
    assert v1.response(result)[1] == [("X-Probe", "multi"), ("X-Probe", "solo"), ("content-type", "text/css")]


def test_pair_in_both_maps_goes_out_once() -> None:
    result = {"multiValueHeaders": {"content-type": ["text/css"]}, "headers": {"Content-Type": "text/css"}}
    assert v1.response(result)[1] == [("content-type", "text/css")]


def test_rest_api_sends_base64_as_it_is_where_the_client_does_not_accept_binary() -> None:
    result = {"body": PNG64, "isBase64Encoded": True}
    assert v1.response(result, binary=False)[2] == PNG64.encode()
    assert v1.response(result, binary=False, http_api=True)[2] == PNG


# Results for payload 2.0


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ({"message": "ä"}, '{"message": "ä"}'),
        ({}, "{}"),
        (["a", 1], '["a", 1]'),
        ("Hello!", "Hello!"),
        (1, "1"),
        (True, "true"),
        (None, "null"),
    ],
)
def test_result_without_a_status_is_the_body(result: object, body: str) -> None:
    assert v2.response(result) == (200, [("content-type", "application/json")], body.encode())


def test_cookies_of_payload_2_0_are_lines_of_their_own() -> None:
    _, lines, _ = v2.response({"statusCode": 200, "headers": {"x-a": "1"}, "cookies": ["a=1", "b=2"]})
    assert lines == [("x-a", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]


def test_payload_2_0_ignores_keys_that_it_does_not_know() -> None:
    assert v2.response({"statusCode": 200, "multiValueHeaders": {"x-a": ["1"]}}) == (200, [], b"")


def test_values_of_payload_2_0_become_text() -> None:
    assert v2.response({"statusCode": 200, "headers": {"x-a": 1}})[1] == [("x-a", "1")]


# Results for VPC Lattice


def test_cookies_of_lattice_are_lines_beside_the_one_in_the_headers() -> None:
    result = {"statusCode": 200, "headers": {"set-cookie": "a=1"}, "cookies": ["b=2", "c=3"]}
    assert lattice.response(result)[1] == [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("set-cookie", "c=3")]


# Results for load balancers


def test_spellings_of_set_cookie_are_lines_of_their_own() -> None:
    headers = {"set-cookie": "a=1", "Set-cookie": "b=2"}
    assert alb.response({"statusCode": 200, "headers": headers})[1] == [("set-cookie", "a=1"), ("Set-cookie", "b=2")]


def test_load_balancer_takes_the_map_that_its_target_group_wants() -> None:
    both = {"statusCode": 200, "headers": {"x-a": "single"}, "multiValueHeaders": {"x-a": ["multi", "multi 2"]}}
    assert alb.response(both)[1] == [("x-a", "single")]
    assert alb.response(both, multi_value=True)[1] == [("x-a", "multi"), ("x-a", "multi 2")]


def test_a_lone_surrogate_that_is_all_of_a_result_is_a_question_mark() -> None:
    assert v2.response("a\ud800")[2] == b"a?"
