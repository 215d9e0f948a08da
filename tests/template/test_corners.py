# ruff: noqa: E501 - a resource of a template is a line
"""What a client gets where a template or a function is odd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.testclient import TestClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bridge.gateway import Template
from bridge.gateway._context import LambdaContext
from bridge.gateway._process import Launch, Process
from bridge.gateway._template import reloading

CODE = """
import json, time

def handler(event, context):
    if event.get("type") == "REQUEST":
        who = event["identitySource"][0] if event["version"] == "2.0" else event["identitySource"]
        answers = {
            "text": {"isAuthorized": "yes"},
            "list": {"isAuthorized": True, "context": [1]},
            "nested": {"principalId": "a", "policyDocument": {"Statement": []}, "context": {"a": [1]}},
        }
        allow = {"Effect": "Allow", "Resource": "*", "Action": "*"}
        return answers.get(who) or {
            "isAuthorized": True, "principalId": "a", "policyDocument": {"Statement": [allow]}, "context": {"list": [1]}
        }
    if event.get("body") == "slow" or event.get("slow"):
        time.sleep(2)
    if "fail" in event:
        raise ValueError(event["fail"])
    if "requestContext" in event:
        return {"statusCode": 200, "body": json.dumps({"resource": event.get("resource"), "lambda": event["requestContext"].get("authorizer")})}
    return event.get("give", event)
"""
STREAMING = """
import asyncio
from bridge import Bridge

async def app(scope, receive, send):
    if scope["path"] == "/fail":
        raise RuntimeError("failed")
    headers = [(b"content-type", b"text/plain"), (b"access-control-allow-origin", b"https://evil.example")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(3):
        await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
        await asyncio.sleep(0.01)
        if scope["path"] == "/break":
            raise RuntimeError("broken")
    await send({"type": "http.response.body", "body": b"."})

def plain(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return iter([b"a", b"b"])

asgi = Bridge(app, lifespan="off", streaming="on", errors="raise")
wsgi = Bridge(plain, streaming="on")

buffered = Bridge(app, lifespan="off", errors="raise")
buffered_wsgi = Bridge(plain)

def simple(event, context):
    return {"statusCode": 200, "body": "whole"}
"""
TEMPLATE = """
Globals: { Function: { Runtime: python3.13, CodeUri: ., Timeout: 10 } }
Conditions: { Never: !Equals [1, 2] }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Events:
        Simple: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /simple, Method: get, Auth: { Authorizer: Simple } } }
        Policy: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /policy, Method: get, Auth: { Authorizer: Policy } } }
        Old: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /old, Method: get, Auth: { Authorizer: Old } } }
        Node: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /node, Method: get, Auth: { Authorizer: Node } } }
        Role: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /role, Method: get, Auth: { Authorizer: Role } } }
        Default: { Type: HttpApi, Properties: { ApiId: !Ref Http, PayloadFormatVersion: "1.0" } }
  Node: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, Runtime: nodejs22.x } }
  Full: { Type: AWS::Serverless::Function, Properties: { Handler: app.handler, ReservedConcurrentExecutions: 0, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM } } }
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: ["https://a.example"] }
      Auth:
        Authorizers:
          Simple: { FunctionArn: !GetAtt F.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, EnableFunctionDefaultPermissions: true, Identity: { Headers: [x-who] } }
          Policy: { FunctionArn: !GetAtt F.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableFunctionDefaultPermissions: true, Identity: { Headers: [x-who] } }
          Old: { FunctionArn: !GetAtt F.Arn, AuthorizerPayloadFormatVersion: "1.0", EnableFunctionDefaultPermissions: true, Identity: { Headers: [x-who] } }
          Node: { FunctionArn: !GetAtt Node.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableFunctionDefaultPermissions: true, Identity: { Headers: [x-who] } }
          Role: { FunctionArn: !GetAtt F.Arn, FunctionInvokeRole: "arn:aws:iam::1:role/r", AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: { Headers: [x-who] } }
  Gone: { Type: AWS::SQS::Queue, Condition: Never }
  Odd: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: odd, ProtocolType: HTTP } }
  OddStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Odd, StageName: v1 } }
  OddIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Odd, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn } }
  OddRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Odd, RouteKey: GET /, Target: !Sub "integrations/${OddIntegration}", AuthorizationType: CUSTOM, AuthorizerId: far } }
  Topic: { Type: AWS::SNS::Topic }
  Far: { Type: AWS::SNS::Subscription, Properties: { Protocol: lambda, TopicArn: !Ref Topic, Endpoint: "arn:aws:lambda:us-east-1:1:function:far" } }
  Custom:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        paths:
          /f: { post: { x-amazon-apigateway-integration: { type: aws, uri: !GetAtt F.Arn, credentials: "arn:aws:iam::1:role/r", timeoutInMillis: 500, responses: { default: { statusCode: 200, responseParameters: { method.response.header.X-A: integration.response.body.a, method.response.header.X-B: integration.response.body.b, method.response.header.X-C: integration.response.body.errorMessage.c }, responseTemplates: { application/json: plain } }, "text.*": { statusCode: 400, responseTemplates: { application/json: "$input.path('$.errorMessage')" } }, "[1].*": { statusCode: 402, responseTemplates: { application/json: "$util.parseJson($input.path('$.errorMessage')).body" } } } } } }
          /node: { post: { x-amazon-apigateway-integration: { type: aws, uri: !GetAtt Node.Arn, credentials: "arn:aws:iam::1:role/r" } } }
          /full: { post: { x-amazon-apigateway-integration: { type: aws, uri: !GetAtt Full.Arn, credentials: "arn:aws:iam::1:role/r" } } }
        x-amazon-apigateway-gateway-responses: { INTEGRATION_TIMEOUT: { responseParameters: { gatewayresponse.header.X-Q: method.request.querystring.q, gatewayresponse.header.X-N: method.request.header.nothing } } }
  CustomStage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Custom, StageName: v1 } }
  Sockets: { Type: AWS::Serverless::WebSocketApi, Properties: { StageName: live, RouteSelectionExpression: $request.body.a, Auth: { AuthType: AWS_IAM }, Routes: { $connect: { FunctionArn: !GetAtt F.Arn } } } }
  Plain: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: plain, ProtocolType: WEBSOCKET } }
  PlainFar: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Plain, IntegrationType: HTTP_PROXY, IntegrationUri: "https://example.com" } }
  PlainDefault: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Plain, RouteKey: $default, Target: !Sub "integrations/${PlainFar}" } }
  Asgi: { Type: AWS::Serverless::Function, Properties: { Handler: stream.asgi, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM, Cors: { AllowOrigins: ["https://a.example"] } } } }
  Wsgi: { Type: AWS::Serverless::Function, Properties: { Handler: stream.wsgi, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM }, Events: { S: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /s, Method: get, ResponseTransferMode: RESPONSE_STREAM } } } } }
  Whole: { Type: AWS::Serverless::Function, Properties: { Handler: stream.simple, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM } } }
  Buffered: { Type: AWS::Serverless::Function, Properties: { Handler: stream.buffered, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM } } }
  BufferedWsgi: { Type: AWS::Serverless::Function, Properties: { Handler: stream.buffered_wsgi, FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM } } }
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: v1 } }
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corners")
    (folder / "app.py").write_text(CODE)
    (folder / "stream.py").write_text(STREAMING)
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder / "template.yaml"


@pytest.fixture(scope="module")
def apis(path: Path) -> Iterator[dict[str, str]]:
    with Template(path, explain=True).serving() as served:
        yield served


@pytest.mark.parametrize(
    ("place", "who", "status", "said"),
    [
        ("/simple", "text", 500, "is no answer with isAuthorized"),
        ("/simple", "list", 500, "is no answer with isAuthorized"),
        ("/simple", "anybody", 200, ""),
        ("/policy", "anybody", 200, ""),
        ("/old", "nested", 500, "is no answer with principalId and policyDocument"),
        ("/policy", "nested", 403, ""),
        ("/node", "anybody", 500, "Node is not run here: its runtime is nodejs22.x"),
        ("/role", "anybody", 200, ""),
    ],
)
def test_authorizers_that_answer_oddly_let_nobody_in(
    apis: dict[str, str], caplog: pytest.LogCaptureFixture, place: str, who: str, status: int, said: str
) -> None:
    response = httpx.get(apis["Http"] + place, headers={"x-who": who}, timeout=20)
    assert response.status_code == status
    assert said in caplog.text
    if status == 200:
        assert response.json()["lambda"] == {"lambda": {"list": [1]}}


def test_the_default_route_by_payload_1_0_has_no_resource_of_its_own(apis: dict[str, str]) -> None:
    assert httpx.get(apis["Http"] + "/x", timeout=20).json()["resource"] == "/{proxy+}"


def test_a_request_whose_event_is_too_large_is_refused(apis: dict[str, str]) -> None:
    body, headers = b"x" * 6_000_000, {"content-type": "application/octet-stream"}
    assert httpx.post(apis["Http"] + "/x", content=body, headers=headers, timeout=20).status_code == 413


def test_a_preflight_has_no_more_than_is_configured(apis: dict[str, str]) -> None:
    headers = {"origin": "https://a.example", "access-control-request-method": "GET"}
    response = httpx.options(apis["Http"] + "/x", headers=headers)
    assert [name for name in response.headers if name.startswith("access")] == ["access-control-allow-origin"]


def test_a_route_whose_authorizer_is_not_there_is_a_500_and_another_stage_a_404(apis: dict[str, str]) -> None:
    assert httpx.get(apis["Odd"] + "/").status_code == 500
    assert httpx.get(apis["Odd"].removesuffix("/v1") + "/").status_code == 404


@pytest.mark.parametrize(
    ("event", "status", "headers", "body"),
    [
        ({"give": {"a": "x", "b": {"c": 1}}}, 200, {"x-a": "x", "x-b": '{"c": 1}', "x-c": None}, "plain"),
        ({"give": [1]}, 200, {"x-a": None}, "plain"),
        ({"fail": "other"}, 200, {"x-c": None}, "plain"),
        ({"fail": '["other"]'}, 200, {"x-c": None}, "plain"),
        ({"fail": "text of an error"}, 400, {}, "text of an error"),
        ({"fail": "1"}, 402, {}, ""),
        ({"slow": True}, 504, {"x-q": "tea", "x-n": None}, '{"message":"Endpoint request timed out"}'),
    ],
)
def test_custom_integrations_map_what_they_can(
    apis: dict[str, str], event: Any, status: int, headers: dict[str, str], body: str
) -> None:
    response = httpx.post(apis["Custom"] + "/f?q=tea", json=event, timeout=20)
    assert (response.status_code, response.text) == (status, body)
    assert {name: response.headers.get(name) for name in headers} == headers


def test_custom_integrations_of_functions_that_do_not_run_are_refused(apis: dict[str, str]) -> None:
    assert httpx.post(apis["Custom"] + "/node", json={}).status_code == 501
    assert httpx.post(apis["Custom"] + "/full", json={}).status_code == 500


def test_a_web_socket_api_that_wants_signatures_takes_signed_urls(apis: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(apis["Sockets"]):
        pass
    assert refused.value.response.status_code == 403
    request = AWSRequest("GET", apis["Sockets"].replace("ws://", "http://"))
    SigV4QueryAuth(Credentials("id", "secret"), "execute-api", "us-east-1").add_auth(request)
    with connect(request.url.replace("http://", "ws://")) as client:
        client.send("tea")
        assert json.loads(client.recv())["message"] == "Forbidden"
    assert httpx.get(apis["Sockets"].replace("ws://", "http://")).status_code == 403


def test_a_web_socket_route_that_calls_no_function_is_an_error(apis: dict[str, str]) -> None:
    with connect(apis["Plain"]) as client:
        client.send("tea")
        assert json.loads(client.recv())["message"] == "Internal server error"


def test_streams_reach_the_client_as_the_functions_make_them(
    apis: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with httpx.stream("GET", apis["AsgiUrl"], headers={"origin": "https://a.example"}, timeout=20) as response:
        assert response.headers["access-control-allow-origin"] == "https://a.example"
        assert "content-length" not in response.headers
        assert "".join(response.iter_text()) == "012."
    assert httpx.get(apis["WsgiUrl"], timeout=20).text == "ab"
    assert httpx.get(apis["Rest"] + "/s", timeout=20).text == "ab"
    assert httpx.get(apis["WholeUrl"], timeout=20).json()["body"] == "whole"
    assert httpx.get(apis["BufferedUrl"], timeout=20).json()["body"] == "012."
    assert httpx.get(apis["BufferedWsgiUrl"], timeout=20).json()["body"] == "ab"
    assert httpx.get(apis["AsgiUrl"] + "/fail", timeout=20).status_code == 502
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(apis["AsgiUrl"] + "/break", timeout=20)
    assert httpx.get(apis["FullUrl"], timeout=20).status_code == 502
    with httpx.stream("GET", apis["AsgiUrl"], timeout=20) as response:
        next(response.iter_raw())
    # The function that had a client that left goes on, and is there for the next.
    assert httpx.get(apis["AsgiUrl"], timeout=20).text == "012."
    assert "AsgiUrl GET / 200" in caplog.text


LIVING = """
import functools
from bridge import Bridge

def note(text):
    with open("noted", "a") as file:
        file.write(text + "\\n")

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["said"] = b"tea"
        note("startup")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        note("shutdown")
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["state"]["said"]})

def decorator(handler):
    @functools.wraps(handler)
    def decorated(event, context):
        note("decorator")
        return handler(event, context)
    return decorated

"""


@pytest.mark.parametrize("decorators", ["", "decorator"])
def test_an_app_that_streams_starts_up_once_in_its_process(tmp_path: Path, decorators: str) -> None:
    (tmp_path / "living.py").write_text(
        LIVING + f"handler = Bridge(app, streaming='auto', decorators=[{decorators}])\n"
    )
    url = "FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM }"
    properties = f"Handler: living.handler, Runtime: python3.13, Events: {{ All: {{ Type: HttpApi }} }}, {url}"
    (tmp_path / "template.yaml").write_text(
        f"Resources: {{ F: {{ Type: AWS::Serverless::Function, Properties: {{ {properties} }} }} }}\n"
    )
    with Template(tmp_path / "template.yaml").serving() as apis:
        for api in ("ServerlessHttpApi", "FUrl", "ServerlessHttpApi", "FUrl"):
            assert httpx.get(apis[api], timeout=20).text == "tea"
    noted = (tmp_path / "noted").read_text().split()
    assert [each for each in noted if each != "decorator"] == ["startup", "shutdown"]
    assert noted.count("decorator") == (4 if decorators else 0)


def test_a_function_that_is_not_there_is_said_in_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "app.py").touch()
    url = "FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM }"
    properties = f"Handler: app.nothing, Runtime: python3.13, Events: {{ All: {{ Type: HttpApi }} }}, {url}"
    (tmp_path / "template.yaml").write_text(
        f"Resources: {{ F: {{ Type: AWS::Serverless::Function, Properties: {{ {properties} }} }} }}\n"
    )
    with Template(tmp_path / "template.yaml").serving() as apis:
        statuses = [httpx.get(apis[api], timeout=20).status_code for api in ("ServerlessHttpApi", "FUrl")]
    assert statuses == [500, 502]
    said = [
        record for record in caplog.records if "the function failed: module 'app' has no 'nothing'" in record.message
    ]
    assert [record.exc_info for record in said] == [None, None]


def test_a_stream_that_nobody_waits_for_is_made_to_its_end(path: Path) -> None:
    taken: list[str] = []

    class Gone:
        def start(self, content_type: str, prelude: bytes) -> None:
            taken.append("start")
            raise ConnectionAbortedError

    process = Process("stream:asgi", Launch(first=(str(path.parent),), exact=True))
    event = {
        "version": "2.0",
        "rawPath": "/",
        "requestContext": {"http": {"method": "GET", "path": "/"}, "domainName": "a.lambda-url.us-east-1.on.aws"},
    }
    try:
        for _ in range(2):
            process.stream(event, LambdaContext("id", 20), Gone())  # type: ignore[arg-type]
    finally:
        process.end()
    assert taken == ["start", "start"]


def test_the_lines_that_say_what_is_where(path: Path) -> None:
    desk = Template(path).desk("127.0.0.1", 0, eager=False)
    lines = [line.rpartition("http://")[0] or line.rpartition("ws://")[0] for line in desk.lines()]
    assert lines[:5] == [
        "Http (HTTP API): ", "Odd (HTTP API): ", "Rest (REST API): ", "Custom (REST API): ", "Sockets (WebSocket API): ",
    ]  # fmt: skip
    assert "AsgiUrl (function URL): " in lines
    desk.close()


async def test_a_client_that_leaves_before_its_request_is_complete_gets_nothing(path: Path) -> None:
    app = Template(path).app("Http")
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"", "headers": []}

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError

    await app(scope, receive, send)


def test_the_files_that_are_followed_are_those_of_the_code(tmp_path: Path) -> None:
    for name in (".git", "__pycache__", "package"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("")
    (tmp_path / "gone.py").symlink_to("nowhere")
    found = dict(reloading._files(tmp_path))
    assert {Path(name).relative_to(tmp_path).as_posix(): time > 0 for name, time in found.items()} == {
        "package/a.py": True, "gone.py": False,
    }  # fmt: skip
    assert dict(reloading._files(tmp_path / "nothing")) == {}


def test_a_template_can_be_served_again_and_again(path: Path) -> None:
    template = Template(path)
    for _ in range(2):
        with TestClient(template.app("Http")) as client:
            assert client.get("/x").status_code == 200
