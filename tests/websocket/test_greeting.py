import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from bridge import Bridge
from bridge.gateway import Server, WebSocketGateway
from bridge.gateway._callers import Callers
from bridge.websocket import ConnectionGoneError, Connections, MemoryStore, _greeting as greeting

from .api import Api, api_of


class Context:
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:chat:live"

    def get_remaining_time_in_millis(self) -> int:
        return 1200


async def endpoint(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("welcome")
    await websocket.send_text("to you")
    while True:
        await websocket.send_text(await websocket.receive_text())


APP = Starlette(routes=[WebSocketRoute("/", endpoint)])


@pytest.fixture
def invocations(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The calls of Lambda's Invoke, as boto3's real client checks and makes them."""
    client = boto3.client("lambda", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    calls: list[dict[str, Any]] = []

    def invoke(**parameters: Any) -> Any:
        calls.append(parameters)
        with Stubber(client) as stub:
            stub.add_response("invoke", {"StatusCode": 202}, parameters)
            return client.invoke(**parameters)

    class Lambda:
        def __init__(self, service: str, endpoint_url: str | None) -> None:
            assert (service, endpoint_url) == ("lambda", None)  # and no credentials but those that boto3 finds
            self.invoke = invoke

    monkeypatch.setattr(boto3, "client", Lambda)
    return calls


@pytest.mark.parametrize("kept", [True, False])
def test_another_invocation_posts_when_the_connection_is_there(invocations: list[dict[str, Any]], kept: bool) -> None:
    api = api_of(APP, after_connect=True, kept=kept)
    api.context = Context()
    client = api.connect()
    assert client.received == []
    (call,) = invocations
    assert call["FunctionName"] == Context.invoked_function_arn
    assert call["InvocationType"] == "Event"
    assert api.handle(json.loads(call["Payload"])) == {"statusCode": 200}
    assert client.received == ["welcome", "to you"]
    assert client.say("a", "b") == ["welcome", "to you", "a", "b"]
    assert len(invocations) == 1


def test_an_app_that_does_not_greet_costs_no_invocation(invocations: list[dict[str, Any]]) -> None:
    async def silent(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    api_of(Starlette(routes=[WebSocketRoute("/", silent)]), after_connect=True).connect()
    assert invocations == []


def test_a_function_without_the_permission_greets_with_the_first_message(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def client(service: str, **options: object) -> Any:
        raise PermissionError("AccessDeniedException")

    monkeypatch.setattr(boto3, "client", client)
    assert api_of(APP, after_connect=True).connect().say("a") == ["welcome", "to you", "a"]
    assert "AccessDeniedException" in caplog.text


def test_the_name_of_the_function_may_be_in_the_environment(
    invocations: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "chat")
    event = {"requestContext": {"connectionId": "x", "eventType": "CONNECT"}}
    assert greeting.invoke(event, None, ["hello"])
    assert invocations[0]["FunctionName"] == "chat"


def test_a_greeting_to_a_local_gateway_is_signed_with_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    known = Callers.secret_keys

    def secret_keys(self: Callers, access_key: str) -> list[str]:
        asked.append(access_key)
        return known(self, access_key)

    monkeypatch.setattr(Callers, "secret_keys", secret_keys)
    handler = Bridge(APP, connections=Connections(MemoryStore(), after_connect=True))
    with Server().serving(WebSocketGateway(handler, concurrency=2)) as url:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAROLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of a role")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        with connect(url.replace("http", "ws") + "/dev", open_timeout=20) as client:
            assert [client.recv(timeout=20) for _ in range(2)] == ["welcome", "to you"]
    assert set(asked) == {"local"}


def posts(failures: int) -> tuple[list[str], Callable[[str], None]]:
    done: list[str] = []
    tries: list[str] = []

    def post(text: str) -> None:
        tries.append(text)
        if len(tries) <= failures:
            raise ConnectionGoneError("410")
        done.append(text)

    return done, post


def test_posts_are_tried_until_the_connection_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "PAUSE", 0.001)
    done, post = posts(3)
    assert greeting.post_all(post, ["a", "b"], 60.0)
    assert done == ["a", "b"]


def test_posts_are_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "PAUSE", 0.001)
    done, post = posts(10**9)
    assert not greeting.post_all(post, ["a"], 0.01)
    assert done == []


def test_a_client_that_has_left_before_is_no_error(
    invocations: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    api: Api = api_of(APP, after_connect=True)
    api.context = Context()
    client = api.connect()
    client.open = False
    assert api.handle(json.loads(invocations[0]["Payload"])) == {"statusCode": 200}
    assert "was not posted" in caplog.text
