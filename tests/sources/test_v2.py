from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.sources import _v2 as v2

from ..samples import named, sample
from ..targets import HTTP_HOST, URL_HOST


def requested(event: dict[str, Any]) -> dict[str, Any]:
    return named(v2.request(event))


def at(raw_path: str | None, path: str | None, **changes: Any) -> dict[str, Any]:
    event = {**sample("http_api"), "rawPath": raw_path, **changes}
    event["requestContext"]["http"]["path"] = path
    return requested(event)


def test_an_http_api_request_has_its_path_decoded_already() -> None:
    request = requested(sample("http_api"))
    assert (request["path"], request["raw_path"]) == ("/items/café noir", b"/items/caf%C3%A9%20noir")


def test_a_function_url_request_has_its_raw_path_as_the_client_sent_it() -> None:
    request = requested(sample("function_url"))
    assert (request["path"], request["raw_path"]) == ("/items/café noir/x", b"/items/caf%C3%A9%20noir%2Fx")


@pytest.mark.parametrize(
    ("raw", "http", "path", "raw_path"),
    [
        ("/a", "/a", "/a", b"/a"),
        ("/a%41", "/a%41", "/a%41", b"/a%2541"),
        ("/a%2541", "/a%41", "/a%41", b"/a%2541"),
        ("/a%2Fb", "/a/b", "/a/b", b"/a%2Fb"),
        ("/a?b", "/a?b", "/a?b", b"/a%3Fb"),
        ("/a b", "/shop/a b", "/a b", b"/a%20b"),
        ("/a%41", "/shop/a%41", "/a%41", b"/a%2541"),
        ("/a%41", None, "/a%41", b"/a%2541"),
        (None, "/a b", "/a b", b"/a%20b"),
        ("", "", "/", b"/"),
        (None, None, "/", b"/"),
    ],
)
def test_the_path_is_decoded_only_if_the_two_paths_differ_by_that(
    raw: str | None, http: str | None, path: str, raw_path: bytes
) -> None:
    request = at(raw, http)
    assert (request["path"], request["raw_path"]) == (path, raw_path)


def test_a_path_that_is_not_utf8_keeps_its_bytes() -> None:
    request = at("/%FF", "/\ufffd")
    assert request["path"].encode("utf-8", "surrogateescape") == b"/\xff"
    assert request["raw_path"] == b"/%FF"


@pytest.mark.parametrize(("raw", "http"), [("/\ud800", "/\ud800"), ("/\ud800", None)])
def test_a_path_with_half_a_character_is_one_nevertheless(raw: str, http: str | None) -> None:
    request = at(raw, http)
    assert (request["path"], request["raw_path"]) == (raw, b"/%3F")


def test_a_named_stage_is_the_root_path_on_the_execute_api_domain() -> None:
    request = requested(sample("http_api_stage"))
    assert (request["path"], request["raw_path"], request["root_path"]) == ("/prod/items/7", b"/prod/items/7", "/prod")


def test_the_default_stage_is_no_root_path_even_where_the_path_begins_like_it() -> None:
    request = at("/$default/x", "/$default/x")
    assert (request["path"], request["raw_path"], request["root_path"]) == ("/$default/x", b"/$default/x", "")


@pytest.mark.parametrize("http_path", ["/prod/items/7", "/shop/prod/items/7", "/shop/items/7"])
def test_a_named_stage_is_gone_on_a_custom_domain(http_path: str) -> None:
    event = sample("http_api_custom_domain")
    event["requestContext"]["http"]["path"] = http_path
    request = requested(event)
    assert (request["path"], request["raw_path"], request["root_path"]) == ("/items/7", b"/items/7", "")


def test_the_query_is_as_the_client_sent_it() -> None:
    assert requested(sample("http_api"))["query"] == "tag=a%20b&tag=c%2Bd&empty"


def test_the_cookies_of_an_http_api_are_apart() -> None:
    assert requested(sample("http_api"))["cookie"] == "session=abc; theme=dark"


def test_the_cookies_of_a_function_url_are_in_the_headers_and_only_there() -> None:
    request = requested(sample("function_url"))
    assert request["cookie"] is None
    assert ("cookie", "session=abc; theme=dark") in request["headers"]


def test_a_request_without_a_cookie_has_none() -> None:
    assert requested(sample("http_api_stage"))["cookie"] is None


def test_a_form_is_base64() -> None:
    request = requested(sample("http_api_post"))
    assert (request["body"], request["is_base64"]) == ("bmFtZT1jYWYlQzMlQTk=", True)


def test_the_client_is_the_source_ip_whatever_the_forwarded_header_says() -> None:
    assert requested(sample("http_api"))["client"] == ("203.0.113.7", 0)


@pytest.mark.parametrize(
    ("headers", "host"), [({"host": "own.example"}, "own.example"), ({}, HTTP_HOST), (None, HTTP_HOST)]
)
def test_the_host_is_the_host_header_or_else_the_domain(headers: dict[str, str] | None, host: str) -> None:
    assert at("/", "/", headers=headers)["host"] == host


def test_the_headers_that_the_gateway_spells_win_against_a_client_s() -> None:
    headers = {"HOST": "evil.example", "X-FORWARDED-PROTO": "https", "host": "own.example", "x-forwarded-proto": "http"}
    request = at("/", "/", headers=headers)
    assert (request["host"], request["scheme"]) == ("own.example", "http")
    assert list(request["headers"]) == list(headers.items())


@pytest.mark.parametrize(
    ("proto", "scheme"), [("https", "https"), ("http", "http"), ("evil", "https"), (None, "https")]
)
def test_the_scheme_is_https_if_the_gateway_does_not_say_http(proto: str | None, scheme: str) -> None:
    assert at("/", "/", headers={"x-forwarded-proto": proto})["scheme"] == scheme


def test_a_function_url_request_may_have_nulls_for_what_it_lacks() -> None:
    request = requested(sample("function_url_nulls"))
    assert request["host"] == URL_HOST
    assert (request["cookie"], request["body"], request["query"]) == (None, None, "")


NULLABLE = ["rawPath", "rawQueryString", "cookies", "headers", "queryStringParameters", "body", "isBase64Encoded"]
NULLABLE_CONTEXT = ["domainName", "stage", "authorizer", "authentication", "accountId"]
NULLABLE_HTTP = ["method", "path", "protocol", "sourceIp", "userAgent"]


@given(
    st.sets(st.sampled_from(NULLABLE)),
    st.sets(st.sampled_from(NULLABLE_CONTEXT)),
    st.sets(st.sampled_from(NULLABLE_HTTP)),
    st.booleans(),
    st.sampled_from(["http_api", "http_api_stage", "function_url"]),
)
def test_any_key_may_be_null_or_left_out(
    keys: set[str], context: set[str], http: set[str], leave_out: bool, name: str
) -> None:
    event = sample(name)
    for part, names in ((event, keys), (event["requestContext"], context), (event["requestContext"]["http"], http)):
        part |= dict.fromkeys(names)
        for key in names if leave_out else ():
            del part[key]
    request = requested(event)
    whole = requested(sample(name))
    assert request["method"] == "GET"
    assert request["path"].startswith("/")
    assert request["protocol"] == whole["protocol"] == "HTTP/1.1"
    assert request["query"] == ("" if "rawQueryString" in keys else whole["query"])
    assert request["client"] in (("203.0.113.7", 0), None)


def test_a_context_may_have_only_its_http_part() -> None:
    request = requested({"requestContext": {"http": {}}})
    assert (request["method"], request["path"], request["host"], request["client"]) == ("GET", "/", "", None)


def test_a_result_has_one_string_per_header_and_the_cookies_apart() -> None:
    headers = ({"vary": "a, b"}, ["c=1", "d=2"], {"vary": ["a", "b"]})
    assert v2.result({}, 201, headers, "ok", False) == {
        "statusCode": 201,
        "headers": {"vary": "a, b"},
        "cookies": ["c=1", "d=2"],
        "body": "ok",
        "isBase64Encoded": False,
    }


def test_a_result_without_cookies_has_no_key_for_them() -> None:
    assert "cookies" not in v2.result({}, 200, ({}, [], {}), "", False)
