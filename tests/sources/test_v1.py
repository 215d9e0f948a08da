from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.sources import _v1 as v1

from ..samples import named, sample
from ..targets import REST_HOST


def requested(event: dict[str, Any]) -> dict[str, Any]:
    return named(v1.request(event))


def rest(**changes: Any) -> dict[str, Any]:
    return requested({**sample("rest"), **changes})


def test_a_rest_request_by_its_execute_api_url_has_the_stage_in_its_path() -> None:
    request = requested(sample("rest"))
    assert request["path"] == "/prod/items/café noir"
    assert request["raw_path"] == b"/prod/items/caf%C3%A9%20noir"
    assert request["root_path"] == "/prod"


def test_a_rest_request_whose_url_has_no_stage_has_none() -> None:
    context = {**sample("rest")["requestContext"], "path": "/items/7"}
    assert rest(path="/items/7", requestContext=context)["root_path"] == ""


def test_a_rest_request_on_a_custom_domain_has_none() -> None:
    request = requested(sample("rest_custom_domain"))
    assert (request["path"], request["raw_path"], request["root_path"]) == ("/shop/items/7", b"/shop/items/7", "")


def test_an_http_api_request_has_its_path_decoded_already() -> None:
    request = requested({**sample("http_api_1_0"), "path": "/100%25 é"})
    assert (request["path"], request["raw_path"]) == ("/100%25 é", b"/100%2525%20%C3%A9")


def test_an_http_api_request_has_the_named_stage_as_its_root_path() -> None:
    event = {**sample("http_api_1_0"), "path": "/prod/x"}
    event["requestContext"]["stage"] = "prod"
    assert requested(event)["root_path"] == "/prod"


def test_every_header_line_is_there_and_the_cookie_lines_are_one() -> None:
    lines = list(rest()["headers"])
    assert [value for name, value in lines if name == "X-Probe"] == ["first", "second"]
    assert [value for name, value in lines if name.lower() == "cookie"] == ["session=abc; theme=dark"]


def test_single_value_headers_are_taken_where_there_are_no_others() -> None:
    assert ("X-Probe", "second") in rest(multiValueHeaders=None)["headers"]


def test_the_query_is_encoded_again_as_a_form_does_it() -> None:
    assert rest()["query"] == "tag=a+b&tag=c%2Bd&empty="


def test_the_single_value_query_is_taken_where_there_is_no_other() -> None:
    single = {"tag": "c+d", "null": None}
    assert rest(multiValueQueryStringParameters=None, queryStringParameters=single)["query"] == "tag=c%2Bd&null="


@pytest.mark.parametrize("values", [None, [], [None], [""]])
def test_a_query_parameter_without_a_value_is_empty(values: Any) -> None:
    assert rest(multiValueQueryStringParameters={"a": values})["query"] == "a="


def test_the_console_test_button_makes_a_request() -> None:
    request = requested(sample("rest_console_test"))
    assert request["method"] == "GET"
    assert request["path"] == "/items"
    assert request["query"] == ""
    assert list(request["headers"]) == []
    assert request["host"] == "testPrefix.testDomainName"
    assert request["client"] == ("test-invoke-source-ip", 0)
    assert request["body"] is None
    assert request["is_base64"] is False


def test_an_upload_is_base64() -> None:
    request = requested(sample("rest_upload"))
    assert (request["body"], request["is_base64"]) == ("iVBORw0KGgr/AA==", True)


def test_the_client_is_the_source_ip_whatever_the_forwarded_header_says() -> None:
    assert rest()["client"] == ("203.0.113.7", 0)


@pytest.mark.parametrize("identity", [None, {}, {"sourceIp": None}])
def test_the_client_is_unknown_without_a_source_ip(identity: Any) -> None:
    event = sample("rest")
    event["requestContext"]["identity"] = identity
    assert requested(event)["client"] is None


def test_the_host_is_the_host_header_or_else_the_domain() -> None:
    assert rest()["host"] == REST_HOST
    assert rest(multiValueHeaders={"host": ["own.example"]})["host"] == "own.example"
    assert rest(multiValueHeaders={"accept": ["*/*"]})["host"] == REST_HOST


def test_a_request_without_a_host_has_none() -> None:
    assert requested({"httpMethod": "GET", "path": "/x"})["host"] == ""


def test_the_protocol_is_the_one_of_the_event() -> None:
    context = sample("rest")["requestContext"]
    assert rest(requestContext={**context, "protocol": "HTTP/2.0"})["protocol"] == "HTTP/2.0"


def test_the_headers_that_the_gateway_spells_win_against_a_client_s() -> None:
    ours = {"Host": "own.example", "X-Forwarded-Proto": "http"}
    theirs = {"host": "evil.example", "x-forwarded-proto": "https", "HOST": "evil", "X-FORWARDED-PROTO": "https"}
    request = rest(multiValueHeaders={name: [value] for name, value in (theirs | ours).items()})
    assert (request["host"], request["scheme"]) == ("own.example", "http")
    request = rest(multiValueHeaders={"x-a": ["1"]}, headers=theirs | ours)
    assert (request["host"], request["scheme"]) == ("own.example", "http")


@pytest.mark.parametrize(("proto", "scheme"), [("https", "https"), ("http", "http"), ("ftp", "https"), ("", "https")])
def test_the_scheme_is_https_if_the_gateway_does_not_say_http(proto: str, scheme: str) -> None:
    assert rest(multiValueHeaders={"X-Forwarded-Proto": [proto]})["scheme"] == scheme


NULLABLE = [
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "requestContext",
    "body",
    "isBase64Encoded",
    "path",
    "httpMethod",
]


@given(st.sets(st.sampled_from(NULLABLE)), st.booleans(), st.sampled_from(["rest", "http_api_1_0"]))
def test_any_key_may_be_null_or_left_out(keys: set[str], leave_out: bool, name: str) -> None:
    event = {**sample(name), **dict.fromkeys(keys)}
    if leave_out:
        event = {key: value for key, value in event.items() if key not in keys}
    request, whole = requested(event), requested(sample(name))
    assert request["method"] == "GET"
    assert request["path"].removeprefix("/prod") == ("/" if "path" in keys else whole["path"].removeprefix("/prod"))
    assert request["is_base64"] is False
    assert request["protocol"] == "HTTP/1.1"


def test_a_result_has_the_four_keys_that_rest_apis_take_and_no_more() -> None:
    headers = ({"vary": "a, b", "x": "1"}, ["c=1", "d=2"], {"vary": ["a", "b"]})
    assert v1.result({}, 201, headers, "b2s=", True) == {
        "statusCode": 201,
        "multiValueHeaders": {"vary": ["a", "b"], "x": ["1"], "set-cookie": ["c=1", "d=2"]},
        "body": "b2s=",
        "isBase64Encoded": True,
    }
