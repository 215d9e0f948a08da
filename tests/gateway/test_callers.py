"""Who may call Invoke and @connections of a server: real signatures, of botocore and of curl."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from bridge.gateway import Gateway, Server, WebSocketGateway
from bridge.gateway._callers import Callers
from bridge.gateway._environment import secret
from bridge.websocket import ManagementError
from bridge.websocket._api import ManagementAPI

from .behind import OK, SIGNED, signed

PATH = "/2015-03-31/functions/local/invocations"
CONNECTION = "/dev/@connections/AAAAAAAAAAAAAAA="
FORGED = {"requestContext": {"eventType": "MESSAGE", "connectionId": "x", "authorizer": {"principalId": "admin"}}}


@pytest.fixture(autouse=True)
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without anything of AWS, and its home."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture
def events() -> list[Any]:
    return []


@pytest.fixture
def url(nothing: Path, events: list[Any]) -> Iterator[str]:
    def handler(event: Any, context: Any) -> object:
        events.append(event)
        return OK

    with Server().serving(WebSocketGateway(handler)) as url:
        yield url


@pytest.mark.parametrize("key", ["local", "AKIAIOSFODNN7EXAMPLE"])
def test_an_event_of_a_stranger_reaches_no_function(
    url: str, key: str, events: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(FORGED).encode()
    zeros = SIGNED["authorization"].replace("execute-api", "lambda").replace("local", key)
    for headers in ({"authorization": zeros}, signed("POST", url + PATH, "lambda", body, key=key, secret="local")):
        answer = httpx.post(url + PATH, content=body, headers=headers)
        assert answer.status_code == 403
        kind = "InvalidSignatureException" if key == "local" else "UnrecognizedClientException"
        assert answer.headers["x-amzn-errortype"] == kind
    assert events == []
    assert f"a request to {PATH} was refused" in caplog.text
    assert "aws configure export-credentials --format env" in caplog.text
    assert secret() not in caplog.text


def test_what_boto3_says_of_a_wrong_key(url: str) -> None:
    for service, call in (
        ("lambda", {"invoke": {"FunctionName": "local"}}),
        ("apigatewaymanagementapi", {"post_to_connection": {"ConnectionId": "AAAAAAAAAAAAAAA=", "Data": b"hi"}}),
    ):
        client: Any = boto3.client(
            service,
            endpoint_url=url if service == "lambda" else f"{url}/dev",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="guessed",
        )
        ((method, arguments),) = call.items()
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            getattr(client, method)(**arguments)


@pytest.mark.parametrize("url_and_query", [f"{PATH}?Qualifier=live&b=%20%2F&a=1&b=", PATH.replace("local", "a%3Ab")])
def test_the_whole_request_is_signed(url: str, url_and_query: str, events: list[Any]) -> None:
    headers = signed("POST", url + url_and_query, "lambda", b"[1]", **{"x-amz-client-context": "a   b"})
    assert httpx.post(url + url_and_query, content=b"[1]", headers=headers).json() == OK
    for change in (
        {"content": b"[2]"},
        {"url": url + url_and_query + "&c=1" if "?" in url_and_query else url + url_and_query + "?c=1"},
        {"headers": {**headers, "x-amz-client-context": "b"}},
        {"headers": {**headers, "X-Amz-Date": "20260101T000000Z"}},
        {"headers": {**headers, "Host": "localhost"}},
    ):
        request: dict[str, Any] = {"url": url + url_and_query, "content": b"[1]", "headers": headers, **change}
        assert httpx.post(**request).status_code == 403
    assert events == [[1]]


def test_a_stranger_does_not_learn_which_connections_there_are(url: str) -> None:
    for method in ("GET", "POST", "DELETE", "PUT"):
        headers = signed(method, url + CONNECTION, "execute-api", secret="guessed")
        assert httpx.request(method, url + CONNECTION, headers=headers).status_code == 403
    headers = signed("GET", url + CONNECTION, "execute-api")
    assert httpx.get(url + CONNECTION, headers=headers).status_code == 410


def test_keys_of_the_developers_own_environment_are_known(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    client: Any = boto3.client("lambda", endpoint_url=url, region_name="us-east-1")
    assert client.invoke(FunctionName="local")["StatusCode"] == 200


@pytest.mark.parametrize("profile", ["default", "work"])
def test_keys_of_a_profile_are_known(nothing: Path, profile: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (nothing / ".aws").mkdir()
    keys = "aws_access_key_id = AKIA{0}\naws_secret_access_key = {0}%\ns3 =\n  max_concurrent_requests = 20\n"
    text = "".join(f"[{name}]\n{keys.format(name)}" for name in ("default", "work"))
    (nothing / ".aws" / "credentials").write_text(text)
    (nothing / ".aws" / "config").write_text("what is no such file")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):  # which the server has lent before there was a profile
        monkeypatch.delenv(name)
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    headers = signed("POST", url + PATH, "lambda", key=f"AKIA{profile}", secret=f"{profile}%")
    assert httpx.post(url + PATH, headers=headers).status_code == 200
    headers = signed("POST", url + PATH, "lambda", key="AKIAdefault", secret="work%")
    assert httpx.post(url + PATH, headers=headers).status_code == 403


def test_a_section_without_keys_gives_nobody_a_key(nothing: Path, url: str) -> None:
    (nothing / ".aws").mkdir()
    (nothing / ".aws" / "config").write_text("[profile sso]\nsso_session = x\n[profile half]\naws_access_key_id = a\n")
    assert Callers(Gateway(lambda event, context: OK)).secret_keys("") == []
    assert Callers(Gateway(lambda event, context: OK)).secret_keys("a") == []


def test_bridges_own_client_signs_with_the_secret_of_the_run_whatever_credentials_there_are(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAROLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of a role")
    api = ManagementAPI(f"{url}/dev")
    with pytest.raises(ManagementError, match="410"):
        api.post("AAAAAAAAAAAAAAA=", "hi")
    monkeypatch.setenv("BRIDGE_LOCAL_SECRET", "")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ManagementError, match=r"credentials that are not known there .403 InvalidSignatureException"):
        api.post("AAAAAAAAAAAAAAA=", "hi")
    api.close()


def test_the_secret_may_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_LOCAL_SECRET", "chosen")
    with Server().serving(WebSocketGateway(lambda event, context: OK)) as url:
        assert os.environ["AWS_SECRET_ACCESS_KEY"] == "chosen"
        headers = signed("POST", url + PATH, "lambda", secret="chosen")
        assert httpx.post(url + PATH, headers=headers).status_code == 200


def test_any_signature_is_taken_where_that_is_wanted() -> None:
    headers = {"authorization": SIGNED["authorization"].replace("execute-api", "lambda")}
    with Server(any_signature=True).serving(WebSocketGateway(lambda event, context: OK)) as url:
        assert httpx.post(url + PATH, headers=headers).status_code == 200
        assert httpx.post(url + PATH).status_code == 403


async def test_without_a_server_there_is_no_secret() -> None:
    transport = httpx.ASGITransport(app=WebSocketGateway(lambda event, context: OK))
    headers = {"authorization": SIGNED["authorization"].replace("execute-api", "lambda")}
    async with httpx.AsyncClient(transport=transport, base_url="http://local", headers=headers) as client:
        assert (await client.post(PATH)).status_code == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_can_sign_too(url: str) -> None:
    command = ["curl", "-s", "--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", f"local:{secret()}", "-d", "{}"]
    done = subprocess.run([*command, url + PATH], capture_output=True, check=True, timeout=20)
    assert json.loads(done.stdout) == OK
