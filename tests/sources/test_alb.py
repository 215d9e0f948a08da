from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.sources import _alb as alb

from ..samples import named, sample
from ..targets import ALB_HOST

BOTH = pytest.mark.parametrize("name", ["alb", "alb_multi"])


def requested(event: dict[str, Any]) -> dict[str, Any]:
    return named(alb.request(event))


@BOTH
def test_the_path_is_as_the_client_sent_it(name: str) -> None:
    request = requested(sample(name))
    assert request["path"] == "/items/café noir/x"
    assert request["raw_path"] == b"/items/caf%C3%A9%20noir%2Fx"
    assert request["root_path"] == ""


def test_the_query_is_as_the_client_sent_it() -> None:
    assert requested(sample("alb_multi"))["query"] == "tag=a%20b&tag=c%2Bd&empty="
    assert requested(sample("alb"))["query"] == "tag=c%2Bd&empty="


def test_a_query_parameter_without_a_value_is_empty() -> None:
    assert requested({**sample("alb"), "queryStringParameters": {"a": None}})["query"] == "a="
    multi = {"a": None, "b": [None], "c": []}
    assert requested({**sample("alb_multi"), "multiValueQueryStringParameters": multi})["query"] == "a=&b=&c="


def test_a_text_is_no_list_of_its_letters() -> None:
    with pytest.raises(TypeError):
        alb.request({**sample("alb_multi"), "multiValueQueryStringParameters": {"a": "text"}})


@BOTH
def test_host_and_scheme_are_those_of_the_url(name: str) -> None:
    request = requested(sample(name))
    assert (request["host"], request["scheme"]) == (ALB_HOST, "http")


@pytest.mark.parametrize(("proto", "scheme"), [("https", "https"), ("http", "http"), ("evil", "http")])
def test_the_scheme_is_http_if_the_load_balancer_does_not_say_https(proto: str, scheme: str) -> None:
    assert requested({**sample("alb"), "headers": {"x-forwarded-proto": proto}})["scheme"] == scheme


def test_the_headers_that_the_load_balancer_spells_win_against_a_client_s() -> None:
    ours = {"host": "own.example", "x-forwarded-proto": "http", "x-forwarded-for": "7.7.7.7"}
    theirs = {"HOST": "evil.example", "X-FORWARDED-PROTO": "https", "X-FORWARDED-FOR": "6.6.6.6"}
    request = requested({**sample("alb"), "headers": {**theirs, **ours}})
    assert (request["host"], request["scheme"], request["client"]) == ("own.example", "http", ("7.7.7.7", 0))


def test_the_host_may_be_in_the_single_value_headers_only() -> None:
    single = {"HOST": "evil.example", "host": "own.example"}
    event = {**sample("alb_multi"), "multiValueHeaders": {"x-a": ["1"]}, "headers": single}
    assert requested(event)["host"] == "own.example"


def test_a_body_is_what_the_event_says_it_is() -> None:
    packed = requested({**sample("alb"), "body": "b2s=", "isBase64Encoded": True})
    assert (packed["body"], packed["is_base64"]) == ("b2s=", True)
    assert requested({**sample("alb"), "body": "ok"})["is_base64"] is False
    assert packed["protocol"] == "HTTP/1.1"


@BOTH
def test_the_client_is_the_peer_that_the_load_balancer_saw(name: str) -> None:
    assert requested(sample(name))["client"] == ("203.0.113.7", 0)


def test_the_client_is_in_the_last_of_several_forwarded_lines() -> None:
    event = sample("alb_multi")
    event["multiValueHeaders"]["x-forwarded-for"] = ["6.6.6.6", "7.7.7.7, 203.0.113.7:54321"]
    assert requested(event)["client"] == ("203.0.113.7", 54321)


def test_every_header_line_is_there() -> None:
    lines = list(requested(sample("alb_multi"))["headers"])
    assert [value for name, value in lines if name == "x-probe"] == ["first", "second"]


def test_a_health_check_is_a_request_without_host_and_client() -> None:
    request = requested(sample("alb_health_check"))
    assert list(request["headers"]) == [("user-agent", "ELB-HealthChecker/2.0")]
    assert (request["host"], request["client"], request["scheme"], request["query"]) == (None, None, "http", "")


NULLABLE = ["httpMethod", "path", "headers", "multiValueHeaders", "queryStringParameters", "body", "isBase64Encoded"]


@given(st.sets(st.sampled_from(NULLABLE)), st.sampled_from(["alb", "alb_multi"]))
def test_any_key_may_be_null(keys: set[str], name: str) -> None:
    request = requested({**sample(name), **dict.fromkeys(keys)})
    assert request["method"] == "GET"
    assert request["path"] == ("/" if "path" in keys else "/items/café noir/x")
    assert request["is_base64"] is False


HEADERS = ({"vary": "a, b"}, ["c=1", "d=2", "e=3"], {"vary": ["a", "b"]})


def test_a_result_has_the_kind_of_headers_that_the_event_had() -> None:
    multi = alb.result(sample("alb_multi"), 200, ({"vary": "a, b"}, ["c=1"], {"vary": ["a", "b"]}), "ok", False)
    assert multi == {
        "statusCode": 200,
        "statusDescription": "200 OK",
        "multiValueHeaders": {"vary": ["a", "b"], "set-cookie": ["c=1"]},
        "body": "ok",
        "isBase64Encoded": False,
    }
    single = alb.result(sample("alb"), 200, ({"vary": "a, b"}, [], {"vary": ["a", "b"]}), "ok", False)
    assert single["headers"] == {"vary": "a, b"}
    assert "multiValueHeaders" not in single
    event = {**sample("alb"), "multiValueHeaders": None}  # as an emulator may have it
    assert alb.result(event, 200, ({"vary": "a, b"}, [], {"vary": ["a", "b"]}), "ok", False) == single


@pytest.mark.parametrize("count", [1, 2, 3, 100, 512])
def test_every_cookie_has_a_spelling_of_its_own_in_single_value_headers(count: int) -> None:
    cookies = [f"c{number}=1" for number in range(count)]
    headers = alb.result(sample("alb"), 200, ({}, list(cookies), {}), "", False)["headers"]
    assert {name.lower() for name in headers} == {"set-cookie"}
    assert list(headers.values()) == cookies


def test_a_single_cookie_is_spelled_in_lower_case() -> None:
    headers = alb.result(sample("alb"), 200, ({"x": "1"}, ["c=1"], {}), "", False)["headers"]
    assert headers == {"x": "1", "set-cookie": "c=1"}


def test_of_more_cookies_than_spellings_the_last_win() -> None:
    headers = alb.result(sample("alb"), 200, ({}, [f"c{number}=1" for number in range(514)], {}), "", False)["headers"]
    assert len(headers) == 512
    assert (headers["set-cookie"], headers["Set-cookie"]) == ("c512=1", "c513=1")


def test_each_spelling_of_set_cookie_is_made_once() -> None:
    spelled = [alb._spellings[number] for number in (0, 1, 2, 3, 8, 511)]
    assert spelled == ["set-cookie", "Set-cookie", "sEt-cookie", "SEt-cookie", "set-Cookie", "SET-COOKIE"]
    assert sorted(alb._spellings) == [0, 1, 2, 3, 8, 511]
    assert [*alb._spellings.values()] == spelled


@pytest.mark.parametrize("status", list(HTTPStatus))
def test_the_description_is_the_status_with_its_phrase(status: HTTPStatus) -> None:
    assert alb.DESCRIPTIONS[status.value] == f"{status.value} {status.phrase}"


@pytest.mark.parametrize(
    ("status", "description"),
    [
        (299, "299 OK"),
        (420, "420 Bad Request"),
        (599, "599 Internal Server Error"),
        (600, "600 Unknown"),
        (999, "999 Unknown"),
    ],
)
def test_the_description_of_a_status_that_http_does_not_name_is_that_of_its_class(
    status: int, description: str
) -> None:
    assert alb.DESCRIPTIONS[status] == description
