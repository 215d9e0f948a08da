"""Events as emulators and consoles make them, where those differ from AWS's."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bridge import Bridge

from ..apps import APPS, Interface, Seen
from ..samples import sample


@pytest.fixture(params=["asgi", "wsgi"])
def interface(request: pytest.FixtureRequest) -> Interface:
    chosen: Interface = request.param
    return chosen


def seen(event: dict[str, Any], interface: Interface) -> Seen:
    app = APPS[interface]()
    Bridge(app)(event)
    return app.seen[0]


SAM: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "GET /items/",
    "rawPath": "/items/",
    "rawQueryString": "",
    "cookies": ["a=1", "b=2"],
    "headers": {
        "Host": "127.0.0.1:3000",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Port": "3000",
        "Cookie": "a=1; b=2",
        "User-Agent": "curl/8",
    },
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "1234567890",
        "domainName": "localhost",
        "domainPrefix": "localhost",
        "http": {"method": "GET", "path": "/items/", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
        "stage": "$default",
    },
    "body": "",
    "isBase64Encoded": False,
}
"""SAM CLI's `construct_v2_event_http`, for a request to an HTTP API."""


def test_sam_local_spells_headers_as_its_server_does(interface: Interface) -> None:
    found = seen(SAM, interface)
    assert (found.scheme, found.server) == ("http", ("127.0.0.1", 3000))
    assert found.headers["cookie"] == ["a=1; b=2"]
    assert found.header("user-agent") == "curl/8"


def test_links_and_redirects_behind_sam_local_arrive() -> None:
    def items(request: Request) -> JSONResponse:
        return JSONResponse(str(request.url_for("items")))

    app = Starlette(routes=[Route("/items/", items)])
    assert Bridge(app)(SAM)["body"] == '"http://127.0.0.1:3000/items/"'
    http = {**SAM["requestContext"]["http"], "path": "/items"}
    event = {**SAM, "rawPath": "/items", "requestContext": {**SAM["requestContext"], "http": http}}
    assert Bridge(app)(event)["headers"]["location"] == "http://127.0.0.1:3000/items/"


OFFLINE: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "GET /e/{name}",
    "rawPath": "/e/a%20b%2Fc%25",
    "rawQueryString": "q=a+b",
    "cookies": ["a=1", "b=2"],
    "headers": {"host": "localhost:3000", "cookie": "b=2"},
    "requestContext": {
        "apiId": "offlineContext_apiId",
        "domainName": "offlineContext_domainName",
        "http": {"method": "GET", "path": "/e/a%20b%2Fc%25", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
        "stage": "$default",
    },
    "isBase64Encoded": False,
}
"""serverless-offline's LambdaProxyIntegrationEventV2, for a request with two lines of Cookie."""


def test_serverless_offline_sends_both_paths_encoded(interface: Interface) -> None:
    found = seen(OFFLINE, interface)
    assert found.path == "/e/a b/c%"
    if interface == "asgi":
        assert found.raw["raw_path"] == b"/e/a%20b%2Fc%25"


def test_serverless_offline_has_all_cookies_in_the_list_only(interface: Interface) -> None:
    assert seen(OFFLINE, interface).headers["cookie"] == ["a=1; b=2"]


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("localhost:3000", "http"),
        ("localhost", "http"),
        ("127.0.0.1:8080", "http"),
        ("[::1]:8080", "http"),
        ("abc.execute-api.localhost:4566", "http"),
        ("localhost.example.com", "https"),
        ("api.example.com", "https"),
        ("127", "https"),
        (None, "https"),
    ],
)
@pytest.mark.parametrize("name", ["http_api", "rest", "http_api_1_0", "lattice_1", "lattice_2"])
def test_where_nobody_says_the_scheme_a_host_on_this_machine_has_no_certificate(
    name: str, host: str | None, scheme: str, interface: Interface
) -> None:
    event = sample(name)
    event["headers"] = {"host": host} if host else {"accept": "*/*"}
    event.pop("multiValueHeaders", None)
    (event.get("requestContext") or {}).pop("domainName", None)
    assert seen(event, interface).scheme == scheme


@pytest.mark.parametrize("proto", ["https", "http"])
def test_what_the_gateway_says_of_the_scheme_counts_on_this_machine_too(proto: str, interface: Interface) -> None:
    event = sample("http_api")
    event["headers"] = {"host": "localhost:3000", "x-forwarded-proto": proto}
    assert seen(event, interface).scheme == proto


@pytest.mark.parametrize("missing", [["path"], ["domainName"], ["path", "domainName"]])
def test_a_rest_context_without_path_or_domain_has_the_stage_if_the_host_has_it(
    missing: list[str], interface: Interface
) -> None:
    event = sample("rest")
    for name in missing:
        del event["requestContext"][name]
    found = seen(event, interface)
    assert (found.root_path, found.path) == ("/prod", "/prod/items/café noir")


@pytest.mark.parametrize("host", ["api.example.com", "localhost:3000"])
def test_without_a_domain_no_other_host_means_a_stage(host: str, interface: Interface) -> None:
    event = sample("rest")
    del event["requestContext"]["domainName"]
    event["headers"]["Host"], event["multiValueHeaders"]["Host"] = host, [host]
    assert seen(event, interface).root_path == ""


@pytest.mark.parametrize("name", ["http_api_stage", "http_api_1_0"])
def test_an_http_api_without_a_domain_has_the_stage_if_the_host_has_it(name: str, interface: Interface) -> None:
    event = sample(name)
    event["requestContext"]["stage"] = "prod"
    event["path"] = "/prod/items/7"
    domain = event["requestContext"].pop("domainName")
    event["headers"] = {"host": domain}
    event.pop("multiValueHeaders", None)
    assert seen(event, interface).root_path == "/prod"


@pytest.mark.parametrize("name", ["http_api", "function_url", "rest", "http_api_1_0", "alb", "lattice_1", "lattice_2"])
def test_a_path_has_a_leading_slash_though_the_event_has_none(name: str, interface: Interface) -> None:
    event = sample(name)
    context = event.get("requestContext") or {}
    for holder, key in ((event, "path"), (event, "rawPath"), (event, "raw_path"), (context.get("http") or {}, "path")):
        if key in holder:
            holder[key] = "items/7"
    context.pop("stage", None)
    found = seen(event, interface)
    assert found.path == "/items/7"
    if interface == "asgi":
        assert found.raw["raw_path"] == b"/items/7"


def test_a_path_at_the_edge_has_one_too(interface: Interface) -> None:
    event = sample("edge_origin")
    event["Records"][0]["cf"]["request"]["uri"] = "items/7"
    assert seen(event, interface).path == "/items/7"


AWS_SAMPLE: dict[str, Any] = {
    "resource": "/",
    "path": "/",
    "httpMethod": "GET",
    "headers": {"header1": "value1", "Host": "abc.execute-api.us-east-1.amazonaws.com", "User-Agent": "probe/1.0"},
    "multiValueHeaders": {"header1": ["value1"], "header2": ["value1", "value2"]},
    "queryStringParameters": {"parameter1": "value1"},
    "requestContext": {"stage": "prod", "path": "/prod/", "identity": {"sourceIp": "203.0.113.7"}},
    "isBase64Encoded": False,
}
"""In the manner of the sample in the Lambda developer guide: a part of the headers in each map."""


def test_headers_that_only_one_of_two_maps_has_arrive(interface: Interface) -> None:
    found = seen(AWS_SAMPLE, interface)
    assert found.header("host") == "abc.execute-api.us-east-1.amazonaws.com"
    assert found.header("user-agent") == "probe/1.0"
    assert found.header("header1") == "value1"
    assert found.header("header2") in ("value1, value2", "value1,value2")
    assert found.server == ("abc.execute-api.us-east-1.amazonaws.com", 443)
    assert found.root_path == "/prod"


def test_a_load_balancer_of_an_emulator_may_send_both_maps(interface: Interface) -> None:
    event = sample("alb")
    event["multiValueHeaders"] = {"X-Probe": ["first", "second"]}
    found = seen(event, interface)
    assert found.header("host") == event["headers"]["host"]
    assert found.header("x-probe") in ("first, second", "first,second")
