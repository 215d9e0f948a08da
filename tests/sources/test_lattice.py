from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.sources import _lattice as lattice

from ..samples import named, sample
from ..targets import LATTICE_HOST

BOTH = pytest.mark.parametrize("name", ["lattice_1", "lattice_2"])
PATH = {"lattice_1": "raw_path", "lattice_2": "path"}
QUERY = {"lattice_1": "query_string_parameters", "lattice_2": "queryStringParameters"}


def requested(event: dict[str, Any]) -> dict[str, Any]:
    return named(lattice.request(event))


@BOTH
def test_the_path_is_as_the_client_sent_it_without_the_query(name: str) -> None:
    request = requested(sample(name))
    assert request["path"] == "/items/café noir/x"
    assert request["raw_path"] == b"/items/caf%C3%A9%20noir%2Fx"
    assert request["root_path"] == ""


@BOTH
def test_the_query_is_the_one_in_the_path_for_it_is_as_the_client_sent_it(name: str) -> None:
    assert requested(sample(name))["query"] == "tag=a%20b&tag=c%2Bd&empty"
    assert requested({**sample(name), PATH[name]: "/x?a=?b?"})["query"] == "a=?b?"
    assert requested({**sample(name), PATH[name]: "/x?"})["query"] == ""


@pytest.mark.parametrize(
    ("name", "parameters", "query"),
    [
        ("lattice_1", {"tag": "a b", "ü": "c+d"}, "tag=a+b&%C3%BC=c%2Bd"),
        ("lattice_1", {"a": None, "b": ""}, "a=&b="),
        ("lattice_2", {"tag": ["a b", "c+d"]}, "tag=a+b&tag=c%2Bd"),
        ("lattice_2", {"tag": "a b", "empty": [], "null": [None]}, "tag=a+b&empty=&null="),
        ("lattice_2", None, ""),
    ],
)
def test_the_query_is_made_of_the_parameters_where_the_path_has_none(name: str, parameters: Any, query: str) -> None:
    assert requested({**sample(name), PATH[name]: "/x", QUERY[name]: parameters})["query"] == query


def test_header_lines_are_apart_in_v2_and_joined_in_v1() -> None:
    lines = [value for name, value in requested(sample("lattice_2"))["headers"] if name == "x-probe"]
    assert lines == ["first", "second"]
    assert ("x-probe", "first, second") in requested(sample("lattice_1"))["headers"]


def test_cookie_lines_are_one() -> None:
    event = sample("lattice_2")
    event["headers"]["cookie"] = ["a=1", "b=2"]
    assert [value for name, value in requested(event)["headers"] if name == "cookie"] == ["a=1; b=2"]


def test_v2_events_may_have_text_for_values_as_those_of_2023_had() -> None:
    event = {**sample("lattice_2"), "headers": {"host": "own.example", "x-a": "1", "x-forwarded-for": "10.0.0.1"}}
    request = requested(event)
    assert list(request["headers"]) == [("host", "own.example"), ("x-a", "1"), ("x-forwarded-for", "10.0.0.1")]
    assert (request["host"], request["client"]) == ("own.example", ("10.0.0.1", 0))


@BOTH
def test_host_client_and_scheme(name: str) -> None:
    request = requested(sample(name))
    assert (request["host"], request["scheme"]) == (LATTICE_HOST, "https")
    assert request["client"] == ("10.0.3.4", 0)  # the last of X-Forwarded-For: the others are the client's word


@BOTH
def test_the_headers_that_lattice_spells_win_against_a_client_s(name: str) -> None:
    ours = {"host": "own.example", "x-forwarded-proto": "http", "x-forwarded-for": "7.7.7.7"}
    theirs = {"HOST": "evil.example", "X-FORWARDED-PROTO": "https", "X-FORWARDED-FOR": "6.6.6.6"}
    request = requested({**sample(name), "headers": {**theirs, **ours}})
    assert (request["host"], request["scheme"], request["client"]) == ("own.example", "http", ("7.7.7.7", 0))


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("http", "http"),
        ("https", "https"),
        ("https, http", "http"),
        ("http,https", "https"),
        ("", "https"),
        ("x", "https"),
    ],
)
def test_the_scheme_is_https_if_lattice_does_not_say_http(proto: str, scheme: str) -> None:
    assert requested({**sample("lattice_1"), "headers": {"x-forwarded-proto": proto}})["scheme"] == scheme
    lines = {"x-forwarded-proto": [part.strip() for part in proto.split(",")]}
    assert requested({**sample("lattice_2"), "headers": lines})["scheme"] == scheme


@pytest.mark.parametrize(("key", "name"), [("is_base64_encoded", "lattice_1"), ("isBase64Encoded", "lattice_2_post")])
def test_a_body_may_be_base64(key: str, name: str) -> None:
    request = requested({**sample(name), "body": "AA==", key: True})
    assert (request["body"], request["is_base64"]) == ("AA==", True)


def test_a_body_is_text_where_the_event_does_not_say() -> None:
    assert requested(sample("lattice_2"))["is_base64"] is False


KEYS = {
    "lattice_1": ["raw_path", "method", "headers", "query_string_parameters", "body", "is_base64_encoded"],
    "lattice_2": ["path", "method", "headers", "queryStringParameters", "body", "isBase64Encoded", "requestContext"],
}


@given(st.data(), st.sampled_from(list(KEYS)), st.booleans())
def test_any_key_may_be_null_or_left_out(data: st.DataObject, name: str, leave_out: bool) -> None:
    keys = data.draw(st.sets(st.sampled_from(KEYS[name])))
    event = {**sample(name), **dict.fromkeys(keys)}
    if leave_out:
        event = {key: value for key, value in event.items() if key not in keys or key == "raw_path"}
    request = requested(event)
    assert request["method"] == "GET"
    assert request["path"] == ("/" if {"raw_path", "path"} & keys else "/items/café noir/x")
    assert request["is_base64"] is False
    assert request["protocol"] == "HTTP/1.1"


@given(st.dictionaries(st.sampled_from(["host", "x-forwarded-for", "x-forwarded-proto", "x"]), st.none() | st.just([])))
def test_headers_may_be_empty(headers: dict[str, Any]) -> None:
    request = requested({**sample("lattice_2"), "headers": headers})
    assert (request["host"], request["client"], request["scheme"]) == (None, None, "https")


def test_a_result_has_one_string_per_header() -> None:
    assert lattice.result({}, 201, ({"vary": "a, b"}, [], {"vary": ["a", "b"]}), "b2s=", True) == {
        "statusCode": 201,
        "headers": {"vary": "a, b"},
        "body": "b2s=",
        "isBase64Encoded": True,
    }


def test_the_first_cookie_is_a_header_and_the_others_are_apart() -> None:
    one = lattice.result({}, 200, ({"x": "1"}, ["a=1"], {}), "", False)
    assert one["headers"] == {"x": "1", "set-cookie": "a=1"}
    assert "cookies" not in one
    two = lattice.result({}, 200, ({}, ["a=1", "b=2"], {}), "", False)
    assert (two["headers"], two["cookies"]) == ({"set-cookie": "a=1"}, ["b=2"])
    three = lattice.result({}, 200, ({}, ["a=1", "b=2", "c=3"], {}), "", False)
    assert (three["headers"], three["cookies"]) == ({"set-cookie": "a=1"}, ["b=2", "c=3"])
