from __future__ import annotations

import json
import logging
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.awsrequest import AWSPreparedRequest
from starlette.testclient import TestClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bridge.gateway import Template
from bridge.gateway._template.environments import SDK

DESK = Path(__file__).parent / "templates" / "desk" / "template.yaml"


@pytest.fixture(scope="module")
def apis() -> Iterator[dict[str, str]]:
    with Template(DESK).serving() as served:
        yield served


def changed(folder: Path, old: str, new: str) -> Path:
    """Return a copy of the template in which a text is another."""
    shutil.copytree(DESK.parent, folder, dirs_exist_ok=True)
    text = DESK.read_text()
    assert text.count(old) == 1
    path = folder / "template.yaml"
    path.write_text(text.replace(old, new))
    return path


def test_a_web_socket_function_reaches_its_clients_through_the_templates_endpoint(apis: dict[str, str]) -> None:
    with connect(apis["ChatApi"]) as client:
        client.send(json.dumps({"action": "shout", "text": "tea"}))
        assert json.loads(client.recv()) == {"said": "TEA", "api": "chatapi", "route": "shout"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_function_may_make_its_clients_endpoint_of_the_event_as_awss_guide_does(tmp_path: Path, host: str) -> None:
    path = changed(tmp_path, "Outputs:\n", "Outputs:\n")
    code = (tmp_path / "chat" / "chat.py").read_text()
    endpoint = "\"apigatewaymanagementapi\", endpoint_url=f\"https://{request['domainName']}/{request['stage']}\""
    (tmp_path / "chat" / "chat.py").write_text(code.replace('"apigatewaymanagementapi"', endpoint))
    with Template(path).serving() as served, connect(served["ChatApi"].replace("127.0.0.1", host)) as client:
        client.send(json.dumps({"action": "shout", "text": "tea"}))
        assert json.loads(client.recv())["said"] == "TEA"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://127.0.0.1:8000/live", "http://127.0.0.1:8000/live"),
        ("https://localhost:8000/live", "http://localhost:8000/live"),
        ("http://[::1]:8000/live", "http://[::1]:8000/live"),
        ("https://chat.example/live", "https://chat.example/live"),
        ("https://x", "https://x"),
        (None, "https://execute-api.eu-west-1.amazonaws.com"),
    ],
)
def test_other_endpoints_of_clients_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, endpoint: str | None, url: str
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", SDK)
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")
    client = session.client("apigatewaymanagementapi", endpoint_url=endpoint)

    def answer(request: AWSPreparedRequest, **_: object) -> None:
        raise ConnectionError(request.url)

    client.meta.events.register("before-send", answer)
    with pytest.raises(ConnectionError) as asked:
        client.delete_connection(ConnectionId="one")
    client.close()
    assert str(asked.value) == url + "/@connections/one"


def test_a_message_that_no_route_takes_is_forbidden(apis: dict[str, str]) -> None:
    with connect(apis["ChatApi"]) as client:
        client.send("tea")
        assert json.loads(client.recv())["message"] == "Forbidden"


def test_a_client_that_the_function_refuses_is_not_let_in(apis: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(apis["ChatApi"] + "?refuse=1"):
        pass
    assert refused.value.response.status_code == 403


def test_environments_have_the_templates_variables_and_local_urls(apis: dict[str, str]) -> None:
    assert httpx.get(apis["ShopApi"] + "/open/environment").json() == {
        "STAGE": "prod",
        "ORDERS_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/Orders",
        "LIBRARY": apis["LibraryApi"] + "/books",
        "AWS_LAMBDA_FUNCTION_NAME": "Shop",
    }


def test_boto3_invokes_functions_by_name_and_by_arn(apis: dict[str, str]) -> None:
    client = boto3.client(
        "lambda",
        endpoint_url=apis.lambda_url,  # type: ignore[attr-defined]
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    for name in ("Shop", "arn:aws:lambda:us-east-1:123456789012:function:Shop"):
        answer = client.invoke(FunctionName=name, Payload=b'{"task": "dust"}')
        assert json.load(answer["Payload"]) == {"done": "dust", "as": "Shop", "memory": "256"}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="Nobody")
    client.close()


@pytest.mark.parametrize("action", ["GET", "OPTIONS"])
def test_each_app_is_an_asgi_app_too(action: str) -> None:
    with TestClient(Template(DESK).app("ShopApi")) as client:
        headers = {"origin": "https://shop.example", "access-control-request-method": "GET"}
        response = client.request(action, "/open/x", headers=headers)
        assert response.status_code == (200 if action == "GET" else 204)
        assert response.headers["access-control-allow-origin"] == "https://shop.example"


def test_without_its_permission_a_route_is_a_500_and_the_log_has_the_cure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Take the event's permission away as plain CloudFormation does: a route of its own, and no statement for it."""
    path = changed(
        tmp_path,
        "Outputs:\n",
        """
  Late:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref LateApi
      IntegrationType: AWS_PROXY
      PayloadFormatVersion: "2.0"
      IntegrationUri: !GetAtt Guard.Arn
  LateRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref LateApi, RouteKey: "GET /late/{name}", Target: !Sub "integrations/${Late}" }
  LateApi:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: late, ProtocolType: HTTP }
  LateStage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref LateApi, StageName: $default, AutoDeploy: true }
  LatePermission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Guard
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${LateApi}/*/*/late/*
Outputs:
""",
    )
    with TestClient(Template(path).app("LateApi")) as client:
        assert client.get("/late/x").status_code == 200
    text = path.read_text()
    start, end = text.index("  LatePermission:"), text.index("Outputs:")
    path.write_text(text[:start] + text[end:])
    caplog.clear()
    with TestClient(Template(path).app("LateApi")) as client:
        response = client.get("/late/x")
    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "LateApi may not invoke Guard" in said
    assert (
        "SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${LateApi}/*/GET/late/*"
        in said
    )
    # What the log says to add lets the route in, as it stands there.
    cure = said[said.index("  GuardPermission:") : said.index("  or, for what is deployed")]
    text = path.read_text()
    path.write_text(text.replace("Outputs:", cure + "Outputs:"))
    with TestClient(Template(path).app("LateApi")) as client:
        assert client.get("/late/x").status_code == 200


def test_without_its_permission_an_authorizer_is_not_asked_and_the_log_has_the_cure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = changed(tmp_path, "Outputs:\n", "Outputs:\n")
    path.write_text(path.read_text().replace("            EnableFunctionDefaultPermissions: true\n", ""))
    with TestClient(Template(path).app("ShopApi")) as client:
        response = client.get("/items/1", headers={"authorization": "alice"})
        assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})
        assert client.get("/open/x").status_code == 200
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "ShopApi may not invoke Guard" in said
    cure = said[said.index("  GuardPermission:") : said.index("  or, for what is deployed")]
    path.write_text(path.read_text().replace("Outputs:", cure + "Outputs:"))
    with TestClient(Template(path).app("ShopApi")) as client:
        assert client.get("/items/1", headers={"authorization": "alice"}).status_code == 200


def test_one_command_serves_the_template_and_another_sends_events(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bridge"]
    serving = subprocess.Popen(
        [*command, "serve", str(DESK), "--port", "0", "--explain"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert serving.stdout is not None
    try:
        lines: list[str] = []
        while not (lines and lines[-1].startswith("functions (")):
            lines.append(serving.stdout.readline().rstrip())
            assert lines[-1], lines
        [shop] = [line.rpartition(" ")[2] for line in lines if line.startswith("ShopApi (HTTP API): ")]
        assert httpx.get(shop + "open/x", timeout=20).status_code == 200
        sent = subprocess.run(
            [*command, "send", "Shop/Orders", '{"a": 1}', "bad", "--template", str(DESK)],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        steps = [json.loads(line) for line in sent.stdout.splitlines()]
        assert [(step["try"], step["records"], len(step.get("failed", ()))) for step in steps] == [
            (1, 2, 1), (2, 1, 1), (3, 1, 1),
        ]  # fmt: skip
        unknown = subprocess.run(
            [*command, "send", "Nobody", "--template", str(DESK)], capture_output=True, text=True, check=False
        )
        assert unknown.returncode == 2
        assert "there is no Nobody in the template" in unknown.stderr
    finally:
        serving.send_signal(signal.SIGINT)
        rest = serving.communicate(timeout=20)[0]
    assert "route ANY /open/{proxy+}" in rest
    assert "not GET /items/{id}: another path" in rest


def test_a_message_whose_function_fails_is_answered_and_the_traceback_is_the_functions(
    apis: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with connect(apis["ChatApi"]) as client:
        client.send(json.dumps({"action": "shout", "text": "fail"}))
        assert json.loads(client.recv())["message"] == "Internal server error"
    assert caplog.text.count("Traceback") == 1
    assert "chat.py" in caplog.text
    assert "_process_main" not in caplog.text
    assert "RuntimeError: failed" in caplog.text
