"""Lambda's Invoke endpoint, as boto3 calls it."""

import json
import logging
import threading
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from bridge.gateway import WebSocketGateway
from bridge.types import Message

from .behind import SECONDS, SIGNED, behind, sdk, signed

AUTHORIZATION = SIGNED["authorization"].replace("execute-api", "lambda")


def handler(event: Any, context: Any) -> object:
    if event == {"fail": True}:
        raise KeyError("mistake")
    return {"event": event, "milliseconds": context.get_remaining_time_in_millis()}


def test_invocations() -> None:
    with behind(handler, timeout=3) as api, sdk("lambda", api.url) as client:
        answer = client.invoke(FunctionName=context_arn(), Payload=json.dumps({"ä": 1}))
        assert answer["StatusCode"] == 200
        result = json.loads(answer["Payload"].read())
        assert result["event"] == {"ä": 1}
        assert 1000 < result["milliseconds"] <= 3000
        assert json.loads(client.invoke(FunctionName="local")["Payload"].read())["event"] == {}
        answer = client.invoke(FunctionName="local", Payload='{"fail": true}')
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        failure = json.loads(answer["Payload"].read())
        assert (failure["errorType"], failure["errorMessage"]) == ("KeyError", "'mistake'")
        assert client.invoke(FunctionName="local", InvocationType="DryRun")["StatusCode"] == 204
        assert client.invoke(FunctionName="local", InvocationType="Event")["StatusCode"] == 202


def context_arn() -> str:
    return "arn:aws:lambda:us-east-1:123456789012:function:local"


def test_invocations_that_cannot_be() -> None:
    headers = {"authorization": AUTHORIZATION}
    with behind(handler) as api, sdk("lambda", api.url) as client:
        with pytest.raises(client.exceptions.InvalidRequestContentException):
            client.invoke(FunctionName="local", Payload="{")
        with pytest.raises(client.exceptions.RequestTooLargeException):
            client.invoke(FunctionName="local", InvocationType="Event", Payload=json.dumps("x" * 1024 * 1024))
        with pytest.raises(ClientError, match="InvalidParameterValueException"):
            client.invoke(FunctionName="local", InvocationType="Later")
        url = f"{api.url}/2015-03-31/functions/local/invocations"
        assert httpx.post(url).status_code == 403
        assert httpx.post(url, headers=SIGNED).headers["x-amzn-errortype"] == "InvalidSignatureException"
        assert httpx.post(url, headers=signed("POST", url, "lambda", b"[]"), content=b"[]").json()["event"] == []
        assert httpx.get(url, headers=headers).json() == {"message": "Forbidden"}


async def test_asynchronous_invocations_are_run_after_the_answer_and_before_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on = threading.Event()
    events: list[Any] = []

    def slow(event: Any, context: Any) -> object:
        assert go_on.wait(SECONDS)
        events.append(event)
        return handler(event, context)

    async def receive() -> Message:
        go_on.set()
        return {"type": "any"}

    async def send(message: Message) -> None:
        assert len(events) == (2 if message["type"] == "lifespan.shutdown.complete" else 0)

    gateway = WebSocketGateway(slow)
    headers = {"authorization": AUTHORIZATION, "x-amz-invocation-type": "Event"}
    transport = httpx.ASGITransport(app=gateway)
    async with httpx.AsyncClient(transport=transport, base_url="http://local", headers=headers) as client:
        for payload in ({"fail": True}, {}):
            response = await client.post("/2015-03-31/functions/local/invocations", json=payload)
            assert (response.status_code, response.content) == (202, b"")
    await gateway({"type": "lifespan"}, receive, send)
    assert events == [{"fail": True}, {}]
    assert "KeyError: 'mistake'" in caplog.text


def test_client_that_leaves_before_its_request_is_complete(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge.gateway")
    path = "/2015-03-31/functions/x/invocations"
    with behind(handler) as api, api.socket() as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nAuthorization: {AUTHORIZATION}\r\n\r\n"
        connection.sendall(head.encode() + b"half")
        connection.close()
        assert httpx.get(api.url).status_code == 403
    messages = [record.getMessage() for record in caplog.records if record.name == "bridge.gateway"]
    assert messages == [f"POST {path}: the client left before its request was complete"]
