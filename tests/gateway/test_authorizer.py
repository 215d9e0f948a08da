"""Who may connect, by a Lambda authorizer."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from .behind import SECONDS, Recorder, behind

ARN = "arn:aws:execute-api:us-east-1:123456789012:local/dev/$connect"


def answer(effect: str = "Allow", resource: object = "*", **more: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, **more}


def test_context_is_in_every_event() -> None:
    asked = []

    def authorizer(event: dict[str, Any], context: Any) -> object:
        asked.append(event)
        return answer(resource=event["methodArn"], context={"a": "ä", "b": 1, "c": True, "d": False, "e": 1.5})

    handler = Recorder()
    with behind(handler, authorizer=authorizer) as api, api.client("?token=x") as client:
        client.send("hi")
        events = [handler.next("CONNECT"), handler.next("MESSAGE")]
        client.close()
        events.append(handler.next("DISCONNECT"))
    (request,) = asked
    said = {"principalId": "me", "a": "ä", "b": "1", "c": "true", "d": "false", "e": "1.5"}
    assert [event["requestContext"].get("authorizer") for event in (request, *events)] == [None, said, said, said]
    assert (request["type"], request["methodArn"]) == ("REQUEST", ARN)
    assert request["queryStringParameters"] == {"token": "x"}
    assert request["headers"] == events[0]["headers"]


def test_without_an_authorizer_there_is_no_context() -> None:
    handler = Recorder()
    with behind(handler) as api, api.client():
        assert "authorizer" not in handler.next("CONNECT")["requestContext"]


def raises(error: Exception) -> object:
    raise error


def with_statements(statements: object) -> dict[str, Any]:
    return {**answer(), "policyDocument": {"Statement": statements}}


ALLOW = {"Effect": "Allow", "Resource": "*"}
DENY = {"Effect": "Deny", "Resource": "arn:*/dev/*"}
OUTCOMES: list[tuple[Callable[[], object], int]] = [
    (lambda: answer(resource=ARN.replace("dev", "*")), 101),
    (lambda: answer(resource=["arn:aws:other", "*/$connect"]), 101),
    (lambda: with_statements(ALLOW), 101),
    (lambda: answer(context=None), 101),
    (lambda: answer("Deny"), 403),
    (lambda: answer(resource="arn:aws:other"), 403),
    (lambda: answer(resource=ARN.replace("dev", "[a-z]*")), 403),
    (lambda: with_statements([ALLOW, DENY]), 403),
    (lambda: with_statements([]), 403),
    (lambda: raises(Exception("Unauthorized")), 401),
    (lambda: raises(Exception("other")), 500),
    (lambda: None, 500),
    (lambda: {"principalId": "me"}, 500),
    (lambda: answer(context={"a": [1]}), 500),
    (lambda: answer(context="text"), 500),
    (lambda: with_statements([{"Effect": "Allow"}]), 500),
]


def test_answers_of_an_authorizer() -> None:
    answers = iter(OUTCOMES)
    handler = Recorder()
    with behind(handler, authorizer=lambda event, context: next(answers)[0]()) as api:
        for _, status in OUTCOMES:
            if status == 101:
                with api.client():
                    handler.next("CONNECT")
                handler.next("DISCONNECT")
            else:
                with pytest.raises(InvalidStatus) as refused, api.client():
                    pass
                assert refused.value.response.status_code == status


def test_authorizer_that_takes_too_long(caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()
    with behind(Recorder(), authorizer=lambda event, context: go_on.wait(SECONDS), timeout=0.05) as api:
        with pytest.raises(InvalidStatus) as refused, api.client():
            pass
        go_on.set()
    assert refused.value.response.status_code == 500
    assert "authorizer: the function took longer than 0.05 s" in caplog.text
