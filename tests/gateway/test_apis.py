from dataclasses import fields
from typing import Any

import pytest

from bridge.errors import ConfigurationError, ResultError
from bridge.gateway._apis import API_NAMES, KINDS, ApiName, ApiSettings, api
from bridge.sources import _alb as alb, _edge as edge, _lattice as lattice, _v1 as v1, _v2 as v2, detect
from bridge.sources._client_request import ClientRequest
from bridge.types import Source

PNG = {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "iVBORw==", "isBase64Encoded": True}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("http", v2),
        ("rest", v1),
        ("url", v2),
        ("alb", alb),
        ("lattice", lattice),
        ("edge", edge.ORIGIN_REQUEST),
    ],
)
def test_each_api_sends_its_own_event(name: ApiName, source: Source) -> None:
    assert detect(api(name).event(ClientRequest(method="GET"))) is source


def test_http_api_has_two_payload_formats() -> None:
    call = ClientRequest(method="GET")
    assert api("http", payload="1.0").event(call)["version"] == "1.0"
    assert api("http", payload="2.0").event(call)["version"] == "2.0"


def test_lattice_has_two_event_structures() -> None:
    call = ClientRequest(method="GET")
    assert "raw_path" in api("lattice", payload="1.0").event(call)
    assert api("lattice", payload="2.0").event(call)["version"] == "2.0"


def test_edge_has_two_triggers_with_limits_of_their_own() -> None:
    viewer, origin = api("edge", trigger="viewer-request"), api("edge", trigger="origin-request")
    assert detect(viewer.event(ClientRequest(method="GET"))) is edge.VIEWER_REQUEST
    assert (viewer.seconds, viewer.result_limit) == (5, 40_960)
    assert (origin.seconds, origin.result_limit) == (30, 1_048_576)
    refused = {"status": "200", "headers": {"host": [{"value": "h"}]}}
    assert origin.response(refused, ClientRequest(method="GET"))[0] == 200
    with pytest.raises(ResultError, match="host"):
        viewer.response(refused, ClientRequest(method="GET"))


def test_http_api_reads_results_in_its_own_format() -> None:
    call = ClientRequest(method="GET")
    cookies = {"statusCode": 200, "cookies": ["a=1"]}
    assert ("set-cookie", "a=1") in api("http").response(cookies, call)[1]
    assert ("set-cookie", "a=1") not in api("http", payload="1.0").response(cookies, call)[1]


def test_load_balancer_has_one_of_two_kinds_of_headers() -> None:
    call = ClientRequest(method="GET", headers=[("a", "1")])
    result = {"statusCode": 200, "multiValueHeaders": {"b": ["2"]}, "headers": {"c": "3"}}
    multi, single = api("alb", multi_value=True), api("alb")
    assert multi.event(call)["multiValueHeaders"] == {"a": ["1"]}
    assert single.event(call)["headers"] == {"a": "1"}
    assert multi.response(result, call)[1] == [("b", "2")]
    assert single.response(result, call)[1] == [("c", "3")]


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("http", "local.execute-api.us-east-1.amazonaws.com"),
        ("rest", "local.example.com"),
        ("url", "local.lambda-url.us-east-1.on.aws"),
        ("alb", ""),
        ("lattice", ""),
        ("edge", "local.cloudfront.net"),
    ],
)
def test_domain_of_an_api_without_a_stage(name: ApiName, domain: str) -> None:
    assert api(name).domain("$default", "") == domain


@pytest.mark.parametrize("name", ["http", "rest"])
@pytest.mark.parametrize("host", ["www.example.com", "127.0.0.1:8000"])
def test_domain_is_the_host_that_the_client_asks_for(name: ApiName, host: str) -> None:
    assert api(name).domain("$default", host) == host


@pytest.mark.parametrize("name", ["http", "rest"])
@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("127.0.0.1:8000", "local.execute-api.us-east-1.amazonaws.com"),
        ("", "local.execute-api.us-east-1.amazonaws.com"),
        ("abc.execute-api.eu-west-1.amazonaws.com", "abc.execute-api.eu-west-1.amazonaws.com"),
    ],
)
def test_a_stage_in_the_url_shows_on_a_domain_of_the_api_s_own_only(name: ApiName, host: str, domain: str) -> None:
    assert api(name, stage="prod").domain("prod", host) == domain


def test_a_function_url_is_known_by_its_domain() -> None:
    assert api("url").domain("$default", "127.0.0.1:8000") == "local.lambda-url.us-east-1.on.aws"
    host = "abc.lambda-url.eu-west-1.on.aws"
    assert api("url").domain("$default", host) == host


@pytest.mark.parametrize(
    ("accept", "types", "binary"),
    [
        ("image/png", ["image/png"], True),
        ("IMAGE/PNG;q=0.9", ["image/png"], True),
        ("image/png,image/webp", ["image/png"], True),
        ("image/webp,image/png", ["image/png"], False),
        ("image/webp,image/png", ["image/*"], True),
        ("image/*", ["image/png"], False),
        ("image/*", ["image/*"], True),
        ("*/*", ["image/png"], False),
        ("*/*", ["*/*"], True),
        ("image/png", ["*/png"], False),
        ("image/png", [], False),
        ("image/png", [""], False),
        (None, ["image/png"], False),
        (None, ["*/*"], True),
        (None, [""], False),
    ],
)
def test_first_type_that_a_client_accepts_decides_on_binary(accept: str | None, types: list[str], binary: bool) -> None:
    call = ClientRequest(method="GET", headers=[("accept", accept)] if accept is not None else [])
    body = api("rest", binary_media_types=types).response(PNG, call)[2]
    assert body == (b"\x89PNG" if binary else b"iVBORw==")


@pytest.mark.parametrize(
    ("content_type", "types", "binary"),
    [
        ("image/png", ["image/png"], True),
        ("image/png", ["text/css", "image/*"], True),
        ("image/png", ["image/webp"], False),
        ("application/json; charset=utf-8", ["application/json"], True),
        (None, ["*/*"], True),
    ],
)
def test_content_type_decides_how_a_body_travels(content_type: str | None, types: list[str], binary: bool) -> None:
    headers = [("content-type", content_type)] if content_type else []
    event = api("rest", binary_media_types=types).event(ClientRequest(method="PUT", headers=headers, body=b"\xff"))
    assert (event["body"], event["isBase64Encoded"]) == (("/w==", True) if binary else ("\ufffd", False))


@pytest.mark.parametrize("name", ["http", "url", "alb", "lattice", "edge"])
def test_request_line_and_headers_count(name: ApiName) -> None:
    call = ClientRequest(method="GET", raw_path="/ab", query_string="c=d", headers=[("name", "value")])
    assert api(name).head_size(call) == len("GET /ab?c=d HTTP/1.1") + len("name") + len("value")


def test_values_of_headers_count_for_a_rest_api() -> None:
    call = ClientRequest(method="GET", raw_path="/ab", query_string="c=d", headers=[("name", "value")])
    assert api("rest").head_size(call) == len("value")


@pytest.mark.parametrize("name", API_NAMES)
def test_answers_of_its_own_are_errors(name: ApiName) -> None:
    found = api(name)
    own = [found.failed, found.no_base64, found.timed_out, found.too_large, found.head_too_large, found.unknown_stage]
    for status, text in [*own, found.refused or found.failed]:
        assert 400 <= status <= 599
        assert text


@pytest.mark.parametrize("name", API_NAMES)
def test_stages_are_for_apis_that_have_them(name: ApiName) -> None:
    if name in ("http", "rest"):
        api(name, stage="prod")
    else:
        with pytest.raises(ConfigurationError, match="stage"):
            api(name, stage="prod")


@pytest.mark.parametrize("stage", ["", "/prod", "prod/", "a b", "ä", "$prod", "prod\n"])
def test_stage_is_a_name(stage: str) -> None:
    with pytest.raises(ConfigurationError, match="stage"):
        api("http", stage=stage)


def test_unknown_apis_and_formats_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="http, rest, url, alb, lattice, edge"):
        api("soap")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"3\.0"):
        api("http", payload="3.0")
    with pytest.raises(ConfigurationError, match="viewer-request, origin-request, not 'origin-response'"):
        api("edge", trigger="origin-response")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("http", {"multi_value": True}),
        ("http", {"binary_media_types": ["image/png"]}),
        ("rest", {"payload": "1.0"}),
        ("url", {"stage": "prod"}),
        ("alb", {"trigger": "viewer-request"}),
        ("lattice", {"streaming": True}),
    ],
)
def test_a_setting_of_another_api_is_refused_by_name(name: ApiName, setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' .* has no {next(iter(setting))}"):
        api(name, **setting)


def test_every_name_is_a_kind_and_every_setting_is_somebodys() -> None:
    assert tuple(KINDS) == API_NAMES
    assert frozenset().union(*(kind.takes for kind in KINDS.values())) == {field.name for field in fields(ApiSettings)}
