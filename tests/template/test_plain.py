"""What clients get from APIs, function URLs and a load balancer that a template without SAM has."""

# ruff: noqa: E501 - a row of a table is a line, and so is a resource of a template
from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bridge.gateway import Template

from .test_requests import Row, at, event

PLAIN = Path(__file__).parent / "templates" / "plain" / "template.yaml"
FORBIDDEN = {"message": "Forbidden"}
KEY = RSAKey.import_key(rsa.generate_private_key(65537, 2048), {"kid": "one", "use": "sig"})
OTHER = RSAKey.import_key(rsa.generate_private_key(65537, 2048), {"kid": "one", "use": "sig"})
POOL = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Users"


def token(key: RSAKey = KEY, algorithm: str = "RS256", kid: str = "one", **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": "https://issuer.example", "aud": "shop", "exp": now + 3600, "iat": now, "sub": "alice", **claims}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": kid}, said, key, algorithms=[algorithm])


def bearer(**options: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token(**options)}"}


def unsigned() -> dict[str, str]:
    parts = ({"alg": "none", "kid": "one"}, {"iss": "https://issuer.example", "aud": "shop"})
    texts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return {"authorization": f"Bearer {'.'.join(texts)}."}


@pytest.fixture(scope="module")
def apis() -> Iterator[dict[str, str]]:
    with Template(PLAIN, jwks={"*": {"keys": [KEY.as_dict(private=False)]}}, explain=True).serving() as served:
        yield served


def challenge(error: str) -> dict[str, Any]:
    return {"www-authenticate": error, "message": "Unauthorized"}


# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html, and
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html
INVALID = 'Bearer scope="" error="invalid_token" error_description="{}"'
TOKENS: list[Row] = [
    ("GET", "Http", "/token", bearer(), b"", 200, event(requestContext__authorizer__jwt__claims__sub="alice")),
    ("GET", "Http", "/token", {"authorization": token()}, b"", 200, event(routeKey="GET /token")),
    ("GET", "Http", "/token", bearer(aud=None, client_id="shop"), b"", 200, event(routeKey="GET /token")),
    ("GET", "Http", "/token", bearer(aud=["a", "shop"], admin=True), b"", 200,
        event(requestContext__authorizer__jwt__claims__aud="[a shop]")),
    ("GET", "Http", "/token", {}, b"", 401, challenge("Bearer")),
    ("GET", "Http", "/token", {"authorization": "Bearer x.y"}, b"", 401, challenge(INVALID.format("the token is malformed"))),
    ("GET", "Http", "/token", bearer(aud="other"), b"", 401, challenge(INVALID.format("the token does not have a valid audience"))),
    ("GET", "Http", "/token", bearer(exp=1), b"", 401, challenge(INVALID.format("the token has expired"))),
    ("GET", "Http", "/token", bearer(nbf=9e9), b"", 401, challenge(INVALID.format("the token is not valid yet"))),
    ("GET", "Http", "/token", bearer(iss="https://other.example"), b"", 401, {"message": "Unauthorized"}),
    ("GET", "Http", "/token", bearer(key=OTHER), b"", 401, challenge(INVALID.format("the token's signature is invalid"))),
    ("GET", "Http", "/token", bearer(kid="two"), b"", 401, challenge(INVALID.format("the token's signature is invalid"))),
    ("GET", "Http", "/token", bearer(algorithm="PS256"), b"", 401, challenge(INVALID.format("signing method PS256 is invalid"))),
    ("GET", "Http", "/token", bearer(exp="never"), b"", 401, challenge(INVALID.format("the token's claims are malformed"))),
    ("GET", "Http", "/token", {"authorization": "eyJhbGciOiBbXX0.e30.AA"}, b"", 401, challenge(INVALID.format("signing method [] is invalid"))),
    ("GET", "Http", "/token", unsigned(), b"", 401, challenge(INVALID.format("signing method none is invalid"))),
    ("GET", "Http", "/scoped", bearer(scope="open read"), b"", 200, event(requestContext__authorizer__jwt__scopes=["open", "read"])),
    ("GET", "Http", "/scoped", bearer(scp=["write"]), b"", 200, event(routeKey="GET /scoped")),
    ("GET", "Http", "/scoped", bearer(scope="open"), b"", 403, {"message": "Forbidden"}),
    ("GET", "Http", "/scoped", bearer(), b"", 403, {"www-authenticate": 'Bearer scope="read write" error="insufficient_scope"'}),
    ("GET", "Rest", "/things/1", bearer(iss=POOL, scope="things/read"), b"", 200, event(requestContext__authorizer__claims__sub="alice")),
    ("GET", "Rest", "/things/1", bearer(iss=POOL, scope="things/write"), b"", 401, {"message": "Unauthorized"}),
    ("GET", "Rest", "/things/1", {}, b"", 401, {"message": "Unauthorized"}),
]  # fmt: skip

HTTP: list[Row] = [
    ("GET", "Http", "/any/thing", {}, b"", 200, event(rawPath="/dev/any/thing", stageVariables={"n": "1"}, routeKey="$default")),
    ("GET", "Http", "/signed", {}, b"", 403, {"message": "Forbidden"}),
    ("GET", "Http", "/signed?X-Amz-Signature=0", {}, b"", 200, event(requestContext__authorizer__iam__accountId="123456789012")),
    ("GET", "Http", "/far", {}, b"", 501, {"message": "this integration is not run here"}),
    ("GET", "Http", "/slow", {}, b"", 503, {"message": "Service Unavailable"}),
    ("GET", "Http", "/lost", {"origin": "https://a.example"}, b"", 200, {"access-control-allow-origin": "https://a.example"}),
    ("GET", "Http", "/lost", {"origin": "http://a.example"}, b"", 200, {"access-control-allow-origin": None}),
    ("GET", "Quick", "/quick", {}, b"", 200, event(routeKey="GET /quick")),
    ("GET", "http.example.com", "/v1/things/a", {}, b"", 200, event(rawPath="/dev/a", requestContext__apiId="http")),
    ("GET", "http.example.com", "/v1/thing", {}, b"", 403, FORBIDDEN),
    ("GET", "http.example.com", "/talk", {}, b"", 403, FORBIDDEN),
    ("POST", "rest.example.com", "/things", {}, b"", 200, event(requestContext__stage="second", path="/things")),
]  # fmt: skip

REST: list[Row] = [
    ("GET", "Rest", "/things", {}, b"", 200, event(resource="/things", requestContext__stage="first", stageVariables=None)),
    ("POST", "Rest", "/things", {}, b"", 500, {"message": "Internal server error"}),
    ("DELETE", "Rest", "/things/1", {}, b"", 500, {"message": "Internal server error"}),
    ("PUT", "Rest", "/things/1", {}, b"", 401, {"message": "Unauthorized"}),
    ("PUT", "Rest", "/things/1?name=alice", {}, b"", 500, {"message": None}),
    ("GET", "Rest", "/things/odd", bearer(iss=POOL, scope="things/read"), b"", 599, {"type": "INTEGRATION_FAILURE", "x-why": "failed"}),
    ("GET", "Rest", "/a/b", {}, b"", 403, FORBIDDEN),
    ("GET", "Rest", "/a/b", {"x-api-key": "old"}, b"", 403, FORBIDDEN),
    ("GET", "Rest", "/a/b", {"x-api-key": "Key"}, b"", 501, {"message": "this integration is not run here"}),
    ("POST", "Rest", "/a/b?q=1", {"user-agent": "me"}, b"", 418,
        {"x-kind": "teapot", "x-agent": "me", "x-q": "1", "x-stage": "first", "x-nothing": None, "short": "stout"}),
    ("PUT", "Rest", "/a/b", {}, b"", 500, {"message": "Internal server error"}),
    ("PATCH", "Rest", "/a/b", {}, b"", 501, {"message": "Script is not run here: its runtime is nodejs22.x, and only Python runs here"}),
    ("DELETE", "Rest", "/a/b", {}, b"", 500, {"message": "Internal server error"}),
    ("POST", "Mapped", "/passthrough", {}, b'{"a": 1}', 200, {"body-json": {"a": 1}}),
    ("POST", "Mapped", "/passthrough", {}, b'{"fail": 404}', 404, b"why"),
    ("POST", "Mapped", "/passthrough", {}, b'{"fail": 307}', 307, {"location": "/there"}),
    ("POST", "Mapped", "/passthrough", {}, b'{"fail": 400}', 400, b"""{"m": "$input.path('$.x')"}"""),
    ("POST", "Mapped", "/passthrough", {}, b'{"fail": 500}', 200, {"errorType": "ValueError"}),
    ("POST", "Mapped", "/passthrough", {"content-type": "text/plain"}, b"x", 415, {"message": "Unsupported Media Type"}),
    ("POST", "Mapped", "/serverless?q=1", {}, b'{"a": 1}', 200, {"method": "POST", "query": {"q": "1"}, "requestPath": "/serverless"}),
    ("POST", "Mapped", "/body", {}, b'{"a": {"b": 1}}', 201, {"b": 1}),
    ("POST", "Mapped", "/body", {"content-type": "text/plain"}, b"tea", 201, b"null"),
    ("POST", "Mapped", "/strange", {"content-type": "text/plain"}, b"tea", 415, {"message": "Unsupported Media Type"}),
    ("POST", "Mapped", "/strange", {}, b"", 500, {"oh": "Internal server error"}),
    ("GET", "Mapped", "/keyed", {}, b"", 403, FORBIDDEN),
    ("GET", "Mapped", "/keyed", {"x-api-key": "Key"}, b"", 200, b""),
    ("GET", "Mapped", "/signed", {}, b"", 403, {"message": "Missing Authentication Token"}),
]  # fmt: skip

# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
URLS: list[Row] = [
    ("GET", "EchoUrl", "/a%20b?x=1", {}, b"", 200, event(rawPath="/a%20b", requestContext__domainName="echo.lambda-url.us-east-1.on.aws")),
    ("GET", "EchoUrl", "/odd", {}, b"", 200, {"status": 200}),
    ("OPTIONS", "EchoUrl", "/", {"origin": "https://a.example", "access-control-request-method": "GET"}, b"", 200,
        {"access-control-allow-origin": "*", "access-control-max-age": "60"}),
    ("GET", "FullUrl", "/", {}, b"", 403, {"Message": "Forbidden"}),
    ("GET", "FullUrl", "/?X-Amz-Signature=0", {}, b"", 502, b"Internal Server Error"),
    ("GET", "ScriptUrl", "/", {}, b"", 403, {"Message": "Forbidden"}),
]  # fmt: skip

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
LISTENER: list[Row] = [
    ("GET", "Listener", "/echo/a?b=1", {}, b"", 200, event(path="/echo/a", multiValueQueryStringParameters={"b": ["1"]})),
    ("PUT", "Listener", "/echo/a", {}, b"", 404, b"no rule"),
    ("GET", "Listener", "/echo/a?version=12", {"host": "x:81"}, b"", 301, {"location": "http://new.x:81/new/echo/a"}),
    ("GET", "Listener", "/", {"host": "a.old.example", "x-kind": "tea"}, b"", 503, None),
    ("GET", "Listener", "/login", {}, b"", 503, None),
    ("GET", "Listener", "/", {}, b"x" * 1_048_577, 413, None),
]  # fmt: skip

ROWS = [*TOKENS, *HTTP, *REST, *URLS, *LISTENER]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1]}{row[2]} {row[5]}" for row in ROWS])
def test_a_client_gets_what_aws_documents(apis: dict[str, str], row: Row) -> None:
    method, api, path, headers, body, status, wanted = row
    response = httpx.request(method, apis[api] + path, headers=headers, content=body, timeout=20)
    assert response.status_code == status, response.text
    if isinstance(wanted, bytes):
        assert response.content == wanted
        return
    for name, value in (wanted or {}).items():
        if name == "event":
            for path_in_event, each in value.items():
                assert at(response.json(), path_in_event) == each, response.text
        elif name in response.headers or (value is None and name != "message"):
            assert response.headers.get(name) == value
        else:
            assert response.json()[name] == value


def test_a_signed_request_is_let_in(apis: dict[str, str]) -> None:
    request = AWSRequest("GET", apis["Mapped"] + "/signed")
    SigV4Auth(Credentials("id", "secret"), "execute-api", "us-east-1").add_auth(request)
    assert httpx.get(request.url, headers=dict(request.headers)).json() == {"signed": True}


def test_an_authorizer_of_a_web_socket_api_is_asked_with_its_identity_sources(apis: dict[str, str]) -> None:
    for query, status in (("", 401), ("?name=mallory", 403)):
        with pytest.raises(InvalidStatus) as refused, connect(apis["Sockets"] + query):
            pass
        assert refused.value.response.status_code == status
    with connect(apis["Sockets"] + "?name=alice") as client:
        client.send("tea")
        heard = json.loads(client.recv())
    assert heard["requestContext"]["authorizer"] == {"principalId": "alice", "who": "alice"}
    assert (heard["stageVariables"], heard["requestContext"]["apiId"]) == ({"mood": "calm"}, "sockets")


def test_a_route_of_a_web_socket_api_needs_a_permission_too(
    apis: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with connect(apis["Sockets"] + "?name=alice") as client:
        client.send(json.dumps({"do": "mute"}))
        assert json.loads(client.recv())["message"] == "Internal server error"
    assert "Sockets may not invoke Echo" in caplog.text


def test_a_web_socket_api_is_behind_a_custom_domain_too(apis: dict[str, str]) -> None:
    url = apis["http.example.com"].replace("http://", "ws://")
    with connect(url + "/talk?name=alice") as client:
        client.send("tea")
        assert json.loads(client.recv())["body"] == "tea"
    with pytest.raises(InvalidStatus) as refused, connect(url + "/else"):
        pass
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus), connect(apis["Sockets"].replace("live", "dead")):
        pass
    with pytest.raises(InvalidStatus), connect(apis["Http"].replace("http://", "ws://")):
        pass
    with pytest.raises(InvalidStatus), connect(apis.lambda_url.replace("http://", "ws://")):  # type: ignore[attr-defined]
        pass


@pytest.mark.parametrize(
    ("name", "bodies", "records", "wanted"),
    [
        ("jobs", ["a", {"b": 1}, "c"], [2, 1], {"body": "a"}),
        ("items", [{"id": 1, "tags": ["a", None, True, {"b": "c"}]}], [1], {"eventName": "INSERT"}),
        ("items", [{"id": {"N": "1"}}], [1], {"eventSource": "aws:dynamodb"}),
        ("items", ["text"], [1], {"eventVersion": "1.1"}),
        ("Stream", ["tea"], [1], {"eventSource": "aws:kinesis"}),
        ("Topic", ["tea", "milk"], [2], {"EventSource": "aws:sns"}),
    ],
)
def test_records_reach_the_function_in_batches(
    apis: dict[str, str], name: str, bodies: list[Any], records: list[int], wanted: dict[str, Any]
) -> None:
    steps = asyncio.run(apis.send(name, *bodies))  # type: ignore[attr-defined]
    assert [step["records"] for step in steps] == records
    assert wanted.items() <= steps[0]["result"]["Records"][0].items()


def test_events_without_records_are_the_services_own_or_the_schedules_input(apis: dict[str, str]) -> None:
    def sent(name: str, *bodies: Any) -> Any:
        [step] = asyncio.run(apis.send(name, *bodies))  # type: ignore[attr-defined]
        return step["result"]

    assert sent("Daily") == {"a": 1}
    assert sent("Daily", "text") == "text"
    assert sent("Hourly")["detail-type"] == "Scheduled Event"
    assert sent("Rule", {"order": 1})["detail"] == {"order": 1}
    assert sent("Rule", {"detail-type": "Order", "detail": {}})["detail-type"] == "Order"
    assert sent("Echo", {"b": 2}) == {"b": 2}
    assert sent("Echo") == {}


def test_asynchronous_and_failed_invocations_are_answered_as_lambda_answers(apis: dict[str, str]) -> None:
    client = boto3.client(
        "lambda",
        endpoint_url=apis.lambda_url,  # type: ignore[attr-defined]
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    assert client.invoke(FunctionName="local-echo", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    failed = client.invoke(FunctionName="Echo", Payload=b'{"body-json": {"fail": 1}}')
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"])["errorType"] == "ValueError"
    client.close()
    assert httpx.get(apis.lambda_url).status_code == 404  # type: ignore[attr-defined]


def test_a_client_without_an_address_fits_no_rule_for_addresses() -> None:
    with TestClient(Template(PLAIN).app("Listener"), follow_redirects=False) as client:
        assert client.get("/?version=1").status_code == 404


def test_what_is_not_served_is_said_by_name_and_line() -> None:
    notes = Template(PLAIN).notes
    assert notes[:2] == [
        "line 40: Script is answered with 501: its runtime is nodejs22.x, and only Python runs here",
        "line 44: Far is answered with 501: its code is in S3",
    ]
    assert [note.partition(": ")[2] for note in notes[2:]] == [
        "an integration of type http_proxy is answered with 501",
        "the authorizer Nobody is no function of this template: it lets nobody in",
        "Users (AWS::Cognito::UserPool) is not served here",
        "the security scheme plain has no x-amazon-apigateway-authorizer",
        "get /nothing has no x-amazon-apigateway-integration: it is not there",
        "an integration of type http_proxy is answered with 501",
        "HttpLost (GET /lost) has no integration: it is not there",
        "RuleHost forwards to no function of this template: it answers with 503",
        "RuleLogin: the action authenticate-oidc is not run here",
        "KafkaMapping maps no source: not served here",
        "Mail (AWS::SNS::Subscription) is not served here",
    ]
