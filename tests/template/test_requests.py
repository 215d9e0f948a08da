"""What clients get from a served template, request by request, as AWS's pages say.

The pages are named at the groups of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.gateway import Template

DESK = Path(__file__).parent / "templates" / "desk" / "template.yaml"

SHOP, LIBRARY, DOMAIN = "ShopApi", "LibraryApi", "books.example.com"
ALICE = {"authorization": "alice"}
PREFLIGHT = {"origin": "https://shop.example", "access-control-request-method": "GET"}
UNAUTHORIZED = {"message": "Unauthorized"}
FORBIDDEN = {"message": "Forbidden"}
FAILED = {"message": "Internal server error"}
PNG = b"\x89PNG\xff"


@pytest.fixture(scope="module")
def apis() -> Iterator[dict[str, str]]:
    with Template(DESK).serving() as served:
        yield served


def event(**wanted: Any) -> dict[str, Any]:
    """Return what an answer has that shows its event; dots in a name stand for `__`."""
    return {"event": {name.replace("__", "."): value for name, value in wanted.items()}}


# method, API, path, headers, body, status, and what the answer has
Row = tuple[str, str, str, dict[str, str], bytes, int, Any]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
ROUTES: list[Row] = [
    ("GET", SHOP, "/items/best", ALICE, b"", 200, {"item": "best"}),
    ("GET", SHOP, "/items/42", ALICE, b"", 200, event(routeKey="GET /items/{id}", pathParameters={"id": "42"})),
    ("GET", SHOP, "/items/a%20b", ALICE, b"", 200, event(pathParameters={"id": "a b"}, rawPath="/items/a b")),
    (
        "POST",
        SHOP,
        "/items/42",
        ALICE,
        b"x",
        200,
        event(routeKey="ANY /{proxy+}", pathParameters={"proxy": "items/42"}),
    ),
    ("GET", SHOP, "/items/42/parts/a/b", ALICE, b"", 200, event(pathParameters={"id": "42", "part": "a/b"})),
    ("GET", SHOP, "/items/42/other", ALICE, b"", 200, event(routeKey="ANY /{proxy+}")),
    ("GET", SHOP, "/items/", ALICE, b"", 200, event(routeKey="ANY /{proxy+}")),
    ("GET", SHOP, "/", ALICE, b"", 404, {"message": "Not Found"}),
    ("GET", SHOP, "/items/1?a=1&a=2", ALICE, b"", 200, event(queryStringParameters={"a": "1,2"})),
    ("PUT", SHOP, "/open/x", {"content-type": "text/plain"}, "tea ☕".encode(), 200, {"body": "tea ☕"}),
    ("PUT", SHOP, "/open/x", {"content-type": "application/octet-stream"}, b"tea", 200, event(isBase64Encoded=True)),
    ("GET", SHOP, "/open/x", {"cookie": "a=1; b=2"}, b"", 200, event(cookies=["a=1", "b=2"])),
    ("GET", SHOP, "/open/x", {}, b"", 200, event(stageVariables={"colour": "green"}, requestContext__apiId="shopapi")),
    ("GET", SHOP, "/open/x", {}, b"", 200, event(requestContext__stage="$default", version="2.0")),
    ("GET", SHOP, "/old", {}, b"", 200, event(version="1.0", resource="/old", httpMethod="GET")),
    ("GET", SHOP, "/open/logo.png", {}, b"", 200, PNG),
    (
        "GET",
        SHOP,
        "/open/cookies",
        {},
        b"",
        200,
        {"set-cookie": "a=1; Path=/; SameSite=lax, b=2; Path=/; SameSite=lax"},
    ),
    ("GET", SHOP, "/open/broken", {}, b"", 500, {"message": "Internal Server Error"}),
    ("GET", SHOP, "/open/large", {}, b"", 500, {"message": "Internal Server Error"}),
    ("GET", SHOP, "/hurried", {}, b"", 503, {"message": "Service Unavailable"}),
    ("POST", SHOP, "/open/x", {}, b"x" * 10_485_761, 413, {"message": "Request Entity Too Large"}),
    ("GET", SHOP, "/open/x", {"x-long": "x" * 10_300}, b"", 431, {"message": "Request Header Fields Too Large"}),
]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
CORS: list[Row] = [
    ("OPTIONS", SHOP, "/items/1", PREFLIGHT, b"", 204, {"access-control-allow-methods": "GET,POST"}),
    ("OPTIONS", SHOP, "/items/1", PREFLIGHT, b"", 204, {"access-control-allow-origin": "https://shop.example"}),
    ("OPTIONS", SHOP, "/nothing/at/all", PREFLIGHT, b"", 204, {"access-control-max-age": "600"}),
    (
        "OPTIONS",
        SHOP,
        "/x",
        {**PREFLIGHT, "origin": "https://a.example"},
        b"",
        204,
        {"access-control-allow-origin": None},
    ),
    ("OPTIONS", SHOP, "/x", {"origin": "https://shop.example"}, b"", 401, UNAUTHORIZED),
    ("GET", SHOP, "/open/logo.png", {}, b"", 200, {"access-control-allow-origin": None}),
    ("GET", SHOP, "/open/logo.png", PREFLIGHT, b"", 200, {"access-control-allow-origin": "https://shop.example"}),
    ("GET", SHOP, "/open/x", PREFLIGHT, b"", 200, {"access-control-expose-headers": "x-total"}),
    ("GET", SHOP, "/items/1", PREFLIGHT, b"", 401, {"access-control-allow-credentials": "true"}),
]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
AUTHORIZERS: list[Row] = [
    ("GET", SHOP, "/items/1", {}, b"", 401, UNAUTHORIZED),
    ("GET", SHOP, "/items/1", {"authorization": "bob"}, b"", 403, FORBIDDEN),
    ("GET", SHOP, "/items/1", {"authorization": "broken"}, b"", 500, {"message": "Internal Server Error"}),
    ("GET", SHOP, "/items/1", {"authorization": "odd"}, b"", 500, {"message": "Internal Server Error"}),
    ("GET", SHOP, "/items/1", {"authorization": "unauthorized"}, b"", 401, UNAUTHORIZED),
    (
        "GET", SHOP, "/items/1", ALICE, b"", 200,
        event(requestContext__authorizer={"lambda": {"name": "alice", "number": 7}}),
    ),
    ("GET", SHOP, "/policy", ALICE, b"", 200, event(requestContext__authorizer__lambda__name="alice")),
    ("GET", SHOP, "/policy", {"authorization": "mallory"}, b"", 403, FORBIDDEN),
    ("GET", SHOP, "/policy", {"authorization": "narrow"}, b"", 200, event(routeKey="GET /policy")),
    ("GET", SHOP, "/unheard", ALICE, b"", 500, {"message": "Internal Server Error"}),
]  # fmt: skip

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html, and
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
REST: list[Row] = [
    ("GET", LIBRARY, "/", {}, b"", 200, event(resource="/", path="/", pathParameters=None)),
    ("GET", LIBRARY, "/books", {}, b"", 200, event(resource="/books", stageVariables={"shelf": "oak"})),
    ("PUT", LIBRARY, "/books", {}, b"x", 200, event(httpMethod="PUT", body="x")),
    ("GET", LIBRARY, "/books/", {}, b"", 200, event(resource="/books", path="/books/")),
    ("GET", LIBRARY, "/books/a%2Fb", {}, b"", 200, event(resource="/books/{id}", pathParameters={"id": "a%2Fb"})),
    ("GET", LIBRARY, "/books/7/a/b", {}, b"", 200, event(pathParameters={"id": "7", "proxy": "a/b"})),
    ("GET", LIBRARY, "/books", {}, b"", 200, event(requestContext__path="/prod/books", requestContext__stage="prod")),
    ("POST", LIBRARY, "/books/7", {}, b"", 404, {"error": "Missing Authentication Token"}),
    ("GET", LIBRARY, "/nothing", {}, b"", 404, {"access-control-allow-origin": None}),
    ("GET", LIBRARY, "/nothing", {}, b"", 404, {"x-amzn-errortype": "MissingAuthenticationTokenException"}),
    ("GET", LIBRARY, "/books/cover", {"accept": "image/png"}, b"", 200, PNG),
    ("GET", LIBRARY, "/books/cover", {"accept": "*/*"}, b"", 200, b"iVBOR/8="),
    ("GET", LIBRARY, "/books/broken", {}, b"", 502, FAILED),
    ("GET", LIBRARY, "/books/slow", {}, b"", 502, FAILED),
    ("OPTIONS", LIBRARY, "/books/7", {}, b"", 200, {"access-control-allow-methods": "GET,OPTIONS"}),
    ("OPTIONS", LIBRARY, "/books", {}, b"", 200, {"access-control-allow-origin": "https://books.example"}),
    ("OPTIONS", LIBRARY, "/private", {}, b"", 200, {"access-control-max-age": "300"}),
]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html, and
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
GUARDED: list[Row] = [
    ("GET", LIBRARY, "/private", {}, b"", 401, UNAUTHORIZED),
    ("GET", LIBRARY, "/private", {}, b"", 401, {"access-control-allow-origin": "*"}),
    ("GET", LIBRARY, "/private", {"authorization": "Basic x"}, b"", 401, UNAUTHORIZED),
    ("GET", LIBRARY, "/private", {"authorization": "Bearer unauthorized"}, b"", 401, UNAUTHORIZED),
    ("GET", LIBRARY, "/private", {"authorization": "Bearer broken"}, b"", 500, {"message": None}),
    (
        "GET", LIBRARY, "/private", {"authorization": "Bearer mallory"}, b"", 403,
        {"Message": "User is not authorized to access this resource with an explicit deny"},
    ),
    (
        "GET", LIBRARY, "/private", {"authorization": "Bearer alice"}, b"", 200,
        event(requestContext__authorizer__principalId="alice", requestContext__authorizer__number="7"),
    ),
    ("GET", LIBRARY, "/asked", {}, b"", 401, UNAUTHORIZED),
    ("GET", LIBRARY, "/asked?key=alice", {}, b"", 200, event(requestContext__authorizer__name="alice")),
    ("GET", LIBRARY, "/asked?key=mallory", {}, b"", 403, {"access-control-allow-origin": "*"}),
    ("GET", LIBRARY, "/signed", {}, b"", 404, {"error": "Missing Authentication Token"}),
    ("GET", LIBRARY, "/keyed", {}, b"", 403, FORBIDDEN),
    ("GET", LIBRARY, "/keyed", {"x-api-key": "a-key-of-twenty-letters"}, b"", 200, event(resource="/keyed")),
]  # fmt: skip

# https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
DOMAINS: list[Row] = [
    ("GET", DOMAIN, "/lib/books/7", {}, b"", 200, event(resource="/books/{id}", pathParameters={"id": "7"})),
    ("GET", DOMAIN, "/lib/books", {}, b"", 200, event(requestContext__domainName=DOMAIN, path="/lib/books")),
    ("GET", DOMAIN, "/lib/", {}, b"", 200, event(resource="/")),
    ("GET", DOMAIN, "/library", {}, b"", 403, FORBIDDEN),
    ("GET", DOMAIN, "/books", {}, b"", 403, FORBIDDEN),
    ("GET", SHOP, "/lib/books", {"host": DOMAIN}, b"", 200, event(resource="/books")),
]

ROWS = [*ROUTES, *CORS, *AUTHORIZERS, *REST, *GUARDED, *DOMAINS]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1]}{row[2]} {row[5]}" for row in ROWS])
def test_a_client_gets_what_aws_documents(apis: dict[str, str], row: Row) -> None:
    method, api, path, headers, body, status, wanted = row
    response = httpx.request(method, apis[api] + path, headers=headers, content=body, timeout=20)
    assert response.status_code == status, response.text
    if isinstance(wanted, bytes):
        assert response.content == wanted
        return
    for name, value in wanted.items():
        if name == "event":
            found = response.json()["event"]
            for path_in_event, each in value.items():
                assert at(found, path_in_event) == each, json.dumps(found)
        elif name in response.headers or (value is None and name != "message"):
            assert response.headers.get(name) == value
        else:
            answer = response.json()
            assert (answer if name in answer else answer["event"])[name] == value


def at(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found[name]
    return found


def test_a_policy_is_kept_for_the_token_and_names_the_first_path_only(apis: dict[str, str]) -> None:
    headers = {"authorization": "Bearer narrow"}
    assert httpx.get(apis[LIBRARY] + "/private", headers=headers, timeout=20).status_code == 200
    response = httpx.get(apis[LIBRARY] + "/private/diary", headers=headers)
    assert response.status_code == 403
    assert response.json() == {"Message": "User is not authorized to access this resource"}


def test_a_path_under_no_stage_is_forbidden(apis: dict[str, str]) -> None:
    root = apis[LIBRARY].removesuffix("/prod")
    for path in ("/", "/books", "/production/books"):
        response = httpx.get(root + path)
        assert (response.status_code, response.json()) == (403, FORBIDDEN)
