from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.errors import BodyNotIncludedError, RequestTooLargeError, ResultBodyError, ResultError
from bridge.sources import _edge as edge
from bridge.sources._client_request import ClientRequest

from ..samples import named, sample
from ..targets import EDGE_DISALLOWED, EDGE_HOST, EDGE_READ_ONLY

TRIGGERS = {"edge_viewer": edge.VIEWER_REQUEST, "edge_origin": edge.ORIGIN_REQUEST}
BOTH = pytest.mark.parametrize("name", TRIGGERS)


def requested(name: str, **changes: Any) -> dict[str, Any]:
    event = sample(name)
    event["Records"][0]["cf"]["request"].update(changes)
    return named(TRIGGERS[name].request(event))


# Requests


def test_the_path_and_the_query_are_as_the_viewer_sent_them() -> None:
    request = requested("edge_viewer")
    assert request["path"] == "/items/café noir/x"
    assert request["raw_path"] == b"/items/caf%C3%A9%20noir%2Fx"
    assert request["root_path"] == ""
    assert request["query"] == "tag=a%20b&tag=c%2Bd&empty"


def test_every_header_line_is_there_and_the_cookie_lines_are_one() -> None:
    lines = list(requested("edge_viewer")["headers"])
    assert [value for name, value in lines if name == "x-probe"] == ["first", "second"]
    assert [value for name, value in lines if name == "cookie"] == ["session=abc; theme=dark"]


@BOTH
def test_the_client_is_the_one_that_cloudfront_saw_whatever_the_headers_say(name: str) -> None:
    assert requested(name)["client"] == ("203.0.113.7", 0)


def test_the_host_is_the_host_header_or_else_the_distributions() -> None:
    assert requested("edge_viewer")["host"] == EDGE_HOST
    assert requested("edge_origin")["host"] == "example.org"
    assert requested("edge_viewer", headers={})["host"] == EDGE_HOST
    assert requested("edge_viewer", headers={"host": []})["host"] == EDGE_HOST


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("example.org", "https"),
        ("example.org:443", "https"),
        ("example.org:80", "http"),
        ("127.0.0.1:8000", "http"),
        ("[::1]:8000", "http"),
        ("[::1]", "https"),
        ("example.org:x", "https"),
    ],
)
def test_the_scheme_is_https_if_the_host_names_no_other_port(host: str, scheme: str) -> None:
    assert requested("edge_viewer", headers={"host": [{"key": "Host", "value": host}]})["scheme"] == scheme


@pytest.mark.parametrize("header", ["cloudfront-forwarded-proto", "x-forwarded-proto"])
def test_the_scheme_is_no_matter_of_headers_that_a_viewer_can_write(header: str) -> None:
    assert requested("edge_viewer", headers={header: [{"value": "http"}]})["scheme"] == "https"


def test_the_body_is_base64() -> None:
    request = requested("edge_origin")
    assert (request["body"], request["is_base64"]) == ("bmFtZT1jYWYlQzMlQTk=", True)
    assert requested("edge_viewer")["body"] is None


def test_the_body_of_a_console_test_may_be_text() -> None:
    request = requested("edge_origin", body={"data": "text", "encoding": "text"})
    assert (request["body"], request["is_base64"]) == ("text", False)


@pytest.mark.parametrize(("name", "size"), [("edge_viewer", "40,960"), ("edge_origin", "1,048,576")])
def test_a_body_that_cloudfront_has_cut_is_refused_and_the_limit_named(name: str, size: str) -> None:
    message = f"^PUT '/%41': CloudFront has cut the body after {size} bytes, .* at the trigger {name[5:]}-request$"
    with pytest.raises(RequestTooLargeError, match=message):
        requested(name, method="PUT", uri="/%41", body={"data": "AAAA", "encoding": "base64", "inputTruncated": True})


@pytest.mark.parametrize(
    ("headers", "has_one"),
    [
        ({}, False),
        ({"content-length": "0"}, False),
        ({"content-length": "1"}, True),
        ({"content-length": "x"}, False),
        ({"CONTENT-LENGTH": "0", "content-length": "1"}, True),
        ({"transfer-encoding": "chunked"}, True),
        ({"content-length": "0", "transfer-encoding": "chunked"}, True),
    ],
)
def test_a_body_that_cloudfront_keeps_to_itself_is_refused(headers: dict[str, str], has_one: bool) -> None:
    event = sample("edge_viewer")
    lines = {name: [{"value": value}] for name, value in headers.items()}
    event["Records"][0]["cf"]["request"].update(method="PUT", uri="/%41", headers=lines)
    if not has_one:
        assert named(edge.VIEWER_REQUEST.request(event))["body"] is None
        return
    with pytest.raises(BodyNotIncludedError) as refusal:
        edge.VIEWER_REQUEST.request(event)
    assert str(refusal.value) == (
        "PUT '/%41' has a body, and the event has not, so the app would take it for empty: switch on "
        '"Include body" (IncludeBody) where the function is associated with the distribution'
    )


@pytest.mark.parametrize(
    "incomplete", [{"body": {"inputTruncated": True}}, {"headers": {"transfer-encoding": [{"value": "chunked"}]}}]
)
@pytest.mark.parametrize("client", ["9.9.9.9", None])
def test_a_refusal_says_whose_request_it_was(incomplete: dict[str, Any], client: str | None) -> None:
    with pytest.raises((BodyNotIncludedError, RequestTooLargeError)) as refusal:
        requested("edge_viewer", method="PUT", uri="/%41", clientIp=client, **incomplete)
    error = refusal.value
    assert (error.method, error.path, error.client) == ("PUT", "/A", client or "")


NULLABLE = ["clientIp", "headers", "method", "querystring", "uri", "body"]


@given(st.sets(st.sampled_from(NULLABLE)), st.sampled_from(list(TRIGGERS)), st.booleans())
def test_any_key_may_be_null_or_left_out(keys: set[str], name: str, leave_out: bool) -> None:
    event = sample(name)
    cf = event["Records"][0]["cf"]
    cf["request"].update(dict.fromkeys(keys))
    if leave_out:
        cf["request"] = {key: value for key, value in cf["request"].items() if key not in keys}
        del cf["config"]
    if "body" in keys and "headers" not in keys:
        cf["request"]["headers"].pop("content-length", None)
    request = named(TRIGGERS[name].request(event))
    assert request["method"] in ("GET", "POST")
    assert request["path"] == named(TRIGGERS[name].request(sample(name)))["path"] or "uri" in keys
    assert request["path"] == "/" or "uri" not in keys
    assert request["query"] == "" or "querystring" not in keys
    assert request["protocol"] == "HTTP/1.1"


def test_a_request_without_a_host_has_none() -> None:
    event = sample("edge_viewer")
    del event["Records"][0]["cf"]["config"]
    event["Records"][0]["cf"]["request"]["headers"] = {}
    assert named(edge.VIEWER_REQUEST.request(event))["host"] == ""


def test_the_host_that_cloudfront_spells_wins_against_a_client_s() -> None:
    headers = {"HOST": [{"value": "evil.example"}], "host": [{"value": "own.example"}]}
    assert requested("edge_viewer", headers=headers)["host"] == "own.example"


@pytest.mark.parametrize("lines", [None, [], [{}], [{"key": "X"}], [{"value": None}]])
def test_a_header_may_be_without_a_value(lines: Any) -> None:
    values = [value for _, value in requested("edge_viewer", headers={"x": lines})["headers"]]
    assert values in ([], [None])  # which both interfaces leave out


# Results

Headers = tuple[dict[str, str], list[str], dict[str, list[str]]]


def made(name: str, headers: Headers = ({}, [], {}), status: int = 200, body: str = "", is_base64: bool = False) -> Any:
    return TRIGGERS[name].result({}, status, headers, body, is_base64)


def test_a_trigger_is_what_it_is_made_of() -> None:
    made = edge.Trigger("origin-request", 7, ["x-mine"])
    assert (made.event_type, made.LIMIT) == ("origin-request", 7)
    assert [name for name in ("x-mine", "via", "x-cache", "x-edge-a") if made.refuses(name)] == [
        "x-mine",
        "x-cache",
        "x-edge-a",
    ]


@BOTH
def test_a_result_is_in_cloudfronts_own_words(name: str) -> None:
    headers: Headers = ({"vary": "a, b", "x": "1"}, ["c=1", "d=2"], {"vary": ["a", "b"]})
    assert made(name, headers, 404, "ok") == {
        "status": "404",
        "statusDescription": "Not Found",
        "headers": {
            "vary": [{"value": "a"}, {"value": "b"}],
            "x": [{"value": "1"}],
            "set-cookie": [{"value": "c=1"}, {"value": "d=2"}],
        },
        "body": "ok",
        "bodyEncoding": "text",
    }
    assert made(name, body="b2s=", is_base64=True)["bodyEncoding"] == "base64"


@BOTH
@pytest.mark.parametrize("status", [200, 204, 304])
def test_a_result_without_a_body_has_no_key_for_it(name: str, status: int) -> None:
    assert set(made(name, status=status)) == {"status", "statusDescription", "headers"}


@BOTH
def test_headers_that_cloudfront_refuses_are_left_out(name: str) -> None:
    refused = EDGE_DISALLOWED | EDGE_READ_ONLY[name] | {"x-amz-cf-", "x-edge-anything"}
    kept = {"x-amz-meta", "x-edged", "age", "date", "server", "x-cache-hit", "warning"}
    headers = dict.fromkeys([*refused, *kept], "said")
    repeated = {header: ["1", "2"] for header in ("via", "x-cache")}
    assert set(made(name, (headers, [], repeated))["headers"]) == kept


def test_headers_of_one_trigger_only_are_left_out_there() -> None:
    headers: Headers = ({"host": "h", "accept-encoding": "gzip"}, [], {})
    assert set(made("edge_viewer", headers)["headers"]) == {"accept-encoding"}
    assert set(made("edge_origin", headers)["headers"]) == {"host"}


# What CloudFront makes of a call


def of(name: str, **fields: Any) -> Any:
    return TRIGGERS[name].event(ClientRequest(**{"method": "GET", **fields}))["Records"][0]["cf"]


@BOTH
def test_an_event_has_the_request_as_it_was_sent(name: str) -> None:
    cf = of(name, method="PUT", raw_path="/a%2Fb", query_string="c=%20", client="9.9.9.9", domain="d", request_id="r")
    assert (cf["config"]["distributionDomainName"], cf["config"]["requestId"]) == ("d", "r")
    request = cf["request"]
    assert [request[key] for key in ("method", "uri", "querystring", "clientIp")] == [
        "PUT",
        "/a%2Fb",
        "c=%20",
        "9.9.9.9",
    ]


@BOTH
def test_an_event_has_every_header_line_but_those_that_cloudfront_keeps(name: str) -> None:
    kept = [("x-a", "1"), ("x-a", "2"), ("cookie", "a=1")]
    hidden = [(header, "x") for header in (*EDGE_DISALLOWED, "x-forwarded-port", "x-amzn-trace-id")]
    headers = of(name, headers=[*kept, *hidden])["request"]["headers"]
    assert (headers.pop("via", None) is not None) is (name == "edge_origin")  # it is CloudFront's own request
    assert headers == {
        "x-a": [{"key": "X-A", "value": "1"}, {"key": "X-A", "value": "2"}],
        "cookie": [{"key": "Cookie", "value": "a=1"}],
    }


@pytest.mark.parametrize(
    ("name", "forwarded", "expected"),
    [
        ("edge_viewer", "127.0.0.1", None),
        ("edge_viewer", "6.6.6.6, 127.0.0.1", "6.6.6.6"),
        ("edge_origin", "6.6.6.6, 127.0.0.1", "6.6.6.6, 127.0.0.1"),
    ],
)
def test_cloudfront_adds_to_forwarded_for_after_the_viewer_request(
    name: str, forwarded: str, expected: str | None
) -> None:
    headers = of(name, headers=[("x-forwarded-for", forwarded)])["request"]["headers"]
    headers.pop("via", None)
    assert headers == ({} if expected is None else {"x-forwarded-for": [{"key": "X-Forwarded-For", "value": expected}]})


@BOTH
def test_cloudfront_cuts_a_body_that_is_too_long(name: str) -> None:
    limit = TRIGGERS[name].LIMIT
    assert of(name, body=b"x" * limit)["request"]["body"]["inputTruncated"] is False
    cut = of(name, body=b"x" * (limit + 1))["request"]["body"]
    assert cut["inputTruncated"] is True
    assert len(cut["data"]) == -(-limit // 3) * 4


def test_an_origin_request_has_its_origin_and_says_that_cloudfront_made_it() -> None:
    request = of("edge_origin", domain="d")["request"]
    assert request["headers"] == {"via": [{"key": "Via", "value": "1.1 d (CloudFront)"}]}
    assert request["origin"] == sample("edge_origin")["Records"][0]["cf"]["request"]["origin"]


@BOTH
def test_an_event_is_of_the_distribution_that_aws_writes_about(name: str) -> None:
    config = sample("edge_origin")["Records"][0]["cf"]["config"]
    assert of(name)["config"]["distributionId"] == config["distributionId"]


def test_an_event_without_a_body_says_so() -> None:
    body = {"action": "read-only", "data": "", "encoding": "base64", "inputTruncated": False}
    assert of("edge_viewer")["request"]["body"] == body


# What CloudFront makes of a result


@BOTH
def test_a_result_becomes_a_response(name: str) -> None:
    headers = {"x-a": [{"value": "1"}, {"key": "X-A", "value": "2"}], "x-b": [{"value": "3"}]}
    result = {"status": "201", "headers": headers, "body": "ä"}
    assert TRIGGERS[name].response(result) == (201, [("x-a", "1"), ("X-A", "2"), ("x-b", "3")], "ä".encode())


@BOTH
@pytest.mark.parametrize("status", [200, 599])
def test_a_status_that_http_has_goes_out(name: str, status: int) -> None:
    assert TRIGGERS[name].response({"status": str(status)})[0] == status


@BOTH
def test_base64_goes_out_as_bytes(name: str) -> None:
    assert TRIGGERS[name].response({"status": "200", "body": "b2s=", "bodyEncoding": "base64"})[2] == b"ok"
    with pytest.raises(ResultBodyError, match="not base64"):
        TRIGGERS[name].response({"status": "200", "body": "!", "bodyEncoding": "base64"})


@pytest.mark.parametrize("nothing", [{}, {"body": None}, {"body": ""}, {"headers": None}])
def test_only_the_status_is_required(nothing: dict[str, Any]) -> None:
    assert edge.VIEWER_REQUEST.response({"status": "204", **nothing}) == (204, [], b"")


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ("ok", "^the result must be an object, not a str$"),
        ({"uri": "/x", "method": "GET"}, "^the result has no status, so CloudFront would ask .* here is none$"),
        ({"status": 200}, '^status must be a string from "200" to "599", not 200$'),
        ({"status": "199"}, "status"),
        ({"status": "600"}, "status"),
        ({"status": "²"}, "status"),
        ({"status": "OK"}, "status"),
        ({"status": "200", "body": 1}, '^body must be a string and bodyEncoding "text" or "base64"$'),
        ({"status": "200", "body": "x", "bodyEncoding": "utf-8"}, "bodyEncoding"),
        ({"status": "204", "body": "x"}, "^status 204 must not have a body at a viewer request$"),
        ({"status": "200", "headers": [1]}, "^headers must be an object, not a list$"),
        ({"status": "200", "headers": {"x": "1"}}, "^headers must have lists of .*, all of them texts: 'x'$"),
        ({"status": "200", "headers": {"x": ["1"]}}, "headers must have lists"),
        ({"status": "200", "headers": {"x": [{"value": 1}]}}, "headers must have lists"),
        ({"status": "200", "headers": {"Via": [{"value": "x"}]}}, "refuses responses that have the header 'Via'"),
        ({"status": "200", "headers": {"x": [{"key": "X-Edge-A", "value": "x"}]}}, "'X-Edge-A'"),
    ],
)
def test_a_result_that_cloudfront_answers_with_502(result: Any, complaint: str) -> None:
    with pytest.raises(ResultError, match=complaint):
        edge.VIEWER_REQUEST.response(result)


def test_204_may_have_a_body_at_an_origin_request() -> None:
    assert edge.ORIGIN_REQUEST.response({"status": "204", "body": "x"})[0] == 204
