"""Invocations, from the event to what is posted."""

import json
import re
from typing import Any

import pytest

from ..samples import sample
from .api import SECONDS, RuntimeApi
from .conftest import Runtimes

PLAIN = "plain.handler"


def test_a_handler_gets_event_and_context_and_its_result_is_posted(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(PLAIN)
    client = {"client": {"app_title": "shop"}, "custom": {"a": 1}, "env": {}}
    api.invoke(
        {"é": 1.5},
        "id-9",
        Lambda_Runtime_Trace_Id="Root=1-5-a",
        Lambda_Runtime_Aws_Tenant_Id="blue",
        Lambda_Runtime_Client_Context=json.dumps(client),
        Lambda_Runtime_Cognito_Identity='{"cognitoIdentityId": "me"}',
        Lambda_Runtime_Invocation_Id="second-id",
    )
    post = api.post()
    result = post.json()
    assert 0 < result.pop("left") <= SECONDS * 1000
    assert result.pop("pid")
    assert result == {
        "event": {"é": 1.5},
        "trace": "Root=1-5-a",
        "trace_id": "Root=1-5-a",
        "asyncio": False,
        "aws_request_id": "id-9",
        "invoked_function_arn": "arn:aws:lambda:eu-central-1:123456789012:function:f",
        "function_name": "f",
        "tenant_id": "blue",
        "identity": "me",
        "client": ["shop", {"a": 1}],
    }
    assert post.path == "/2018-06-01/runtime/invocation/id-9/response"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["lambda-runtime-invocation-id"] == "second-id"
    assert post.headers["user-agent"].startswith("lambda-bridge/")
    assert "é".encode() in post.body


def test_what_belongs_to_one_invocation_is_not_seen_by_the_next(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(PLAIN)
    api.invoke(1, Lambda_Runtime_Trace_Id="Root=1", Lambda_Runtime_Aws_Tenant_Id="blue")
    api.invoke(2)
    api.post()
    second = api.post()
    assert (second.json()["trace"], second.json()["tenant_id"]) == (None, None)
    assert "lambda-runtime-invocation-id" not in second.headers


@pytest.mark.parametrize("target", [PLAIN, "wsgi.app", "asgi.handler"])
def test_one_connection_serves_every_request(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(target)
    event = sample("http_api")
    for number in range(3):
        api.invoke(event, f"id-{number}")
        assert api.post().path.endswith(f"/id-{number}/response")
    assert {connection for connection, _, _ in api.requests} == {1}


@pytest.mark.parametrize(
    ("target", "body"), [("wsgi.app", "id-1 False"), ("asgi.handler", "id-1"), ("asgi.app", "id-1")]
)
def test_an_app_answers(target: str, body: str, api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(target)
    api.invoke(sample("http_api"))
    result = api.post().json()
    assert (result["statusCode"], result["body"]) == (200, body)


@pytest.mark.parametrize(
    ("target", "event", "result"),
    [
        ("plain.other_names", 5, [5, "id-1"]),
        ("plain.coroutine", "x", {"async": "x"}),
        ("plain.large", 100_000, {"statusCode": 200, "body": "é" * 100_000}),
    ],
)
def test_handlers_of_other_forms(target: str, event: Any, result: Any, api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(target)
    api.invoke(event)
    assert api.post().json() == result


def test_bytes_go_through(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("plain.data")
    api.invoke(b"\x00\xffabc", Content_Type="application/octet-stream")
    post = api.post()
    assert post.body == b"cba\xff\x00"
    assert post.headers["content-type"] == "application/unknown"


def test_an_exception_is_reported_and_the_next_event_comes(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.fails")
    api.invoke("way", Lambda_Runtime_Invocation_Id="second-id")
    post = api.post()
    assert post.path == "/2018-06-01/runtime/invocation/id-1/error"
    error = post.json()
    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "no way\r\nat all")
    assert error["requestId"] == "id-1"
    assert len(error["stackTrace"]) == 1
    assert re.search(r'plain.py", line \d+, in fails\n    raise LookupError', error["stackTrace"][0])
    assert post.headers["lambda-runtime-function-error-type"] == "LookupError"
    assert post.headers["lambda-runtime-invocation-id"] == "second-id"
    cause = json.loads(post.headers["lambda-runtime-function-xray-error-cause"])
    assert cause["exceptions"][0]["stack"][0]["label"] == "fails"
    assert "[ERROR] LookupError: no way" in process.output
    api.invoke("again")
    assert api.post().json()["errorMessage"] == "no again\r\nat all"


def test_an_error_that_is_too_long_for_x_ray_is_reported(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("plain.fails")
    api.invoke("x" * 1_100_000)
    post = api.post()
    assert len(post.json()["errorMessage"]) > 1_100_000
    assert "lambda-runtime-function-xray-error-cause" not in post.headers


@pytest.mark.parametrize(
    ("target", "event", "headers", "kind"),
    [
        (PLAIN, b"{", {}, "Runtime.UnmarshalError"),
        (PLAIN, 1, {"Lambda_Runtime_Deadline_Ms": "soon"}, "Runtime.LambdaContextUnmarshalError"),
        (PLAIN, 1, {"Lambda_Runtime_Client_Context": "{"}, "Runtime.LambdaContextUnmarshalError"),
        (PLAIN, 1, {"Lambda_Runtime_Cognito_Identity": "[]"}, "Runtime.LambdaContextUnmarshalError"),
        ("plain.not_json", 1, {}, "Runtime.MarshalError"),
        ("asgi.odd", "unserializable", {}, "Runtime.MarshalError"),
        ("asgi.odd", "nothing", {}, "RuntimeError"),
        ("asgi.odd", "unstarted", {}, "RuntimeError"),
        ("asgi.odd", "cancelled", {}, "CancelledError"),
        ("asgi.handler", {"Records": []}, {}, "EventError"),
    ],
)
def test_what_cannot_be_handled_is_reported(
    target: str, event: Any, headers: dict[str, str], kind: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime(target)
    api.invoke(event, **headers)
    post = api.post()
    assert post.path.endswith("/error")
    assert post.json()["errorType"] == kind
    api.invoke(2, "id-2")
    assert "/id-2/" in api.post().path


def test_a_cancellation_of_its_own_is_its_failure_where_a_loop_is_shared(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("asgi.odd", BRIDGE_CONCURRENCY="tasks")
    api.invoke("cancelled")
    assert api.post().json()["errorType"] == "CancelledError"


def test_a_second_result_is_refused_and_the_first_stands(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.odd")
    api.invoke("twice")
    assert api.post().json() == 1
    api.invoke("nothing", "id-2")
    assert "/id-2/error" in api.post().path
    assert "the answer to invocation id-1 is complete" in process.output


@pytest.mark.parametrize("status", [410, 413, 400])
@pytest.mark.parametrize("target", [PLAIN, "asgi.handler"])
def test_a_refusal_of_one_result_is_logged(target: str, status: int, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(target)
    api.replies["response"].append(status)
    api.invoke(sample("http_api"))
    api.invoke(sample("http_api"), "id-2")
    api.post()
    assert api.post().path.endswith("id-2/response")
    assert "[ERROR]\t" in process.output
    assert f'answered {status} ({{"status":"{status}"}}) to what was posted' in process.output


def test_a_refusal_that_comes_before_the_body_is_read(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.large")
    api.replies["response"].append(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
    api.invoke(8_000_000)
    api.invoke(1, "id-2")
    api.post()
    assert api.post().json()["body"] == "é"
    # The rest of the body may have broken the connection before the reply was read.
    assert "413 (big)" in process.output or process.process.poll() == 1


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("target", [PLAIN, "asgi.handler"])
def test_a_refusal_of_the_runtime_ends_it(target: str, status: int, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(target)
    api.replies["response"].append(status)
    api.invoke(sample("http_api"))
    assert process.code() == 1
    assert f"bridge.runtime: the Runtime API answered {status}" in process.output
    assert "Traceback" not in process.output


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (None, "has closed the connection"),
        (b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\nwhat", "answered 500 (what) when asked for the next event"),
        (b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n", "answered 403 when asked"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "sent no HTTP: expected a status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "without Lambda-Runtime-Aws-Request-Id"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{", "1 bytes came after the end"),
    ],
)
@pytest.mark.parametrize("target", [PLAIN, "asgi.handler"])
def test_a_next_that_is_no_event_ends_the_runtime(
    target: str, raw: bytes | None, line: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(target)
    api.reply_to_next(raw)
    assert process.code() == 1
    assert "bridge.runtime: the Runtime API" in process.output
    assert line in process.output


def test_a_handler_may_end_the_process(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.exits")
    api.invoke()
    assert process.code() == 7


def test_a_cancellation_in_a_loop_of_the_handler_s_own_is_its_failure(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("asgi.cancels")
    api.invoke()
    assert api.post().json()["errorType"] == "CancelledError"


def test_a_connection_that_ends_between_requests_is_opened_anew(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("plain.waits")
    api.invoke("here")
    api.arrived("here")
    api.hang_up()
    api.open("here")
    assert api.post().path.endswith("id-1/response")
