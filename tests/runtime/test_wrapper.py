"""Wrappers around a Bridge: what tools' layers and decorators make of a handler."""

import json
import signal
from typing import Any

import pytest

from ..samples import sample
from .api import Post, RuntimeApi
from .conftest import Runtimes

STREAM = "application/vnd.awslambda.http-integration-response"


def event(name: str, path: str = "/x") -> Any:
    made = sample(name)
    made["rawPath"] = made["requestContext"]["http"]["path"] = path
    return made


def streamed(post: Post) -> tuple[Any, list[bytes]]:
    """The prelude of a stream, and the chunks after it."""
    assert post.headers["content-type"] == STREAM
    chunks = []
    while (chunk := post.chunk()) is not None:
        chunks.append(chunk)
    return json.loads(chunks[0].rstrip(b"\0")), chunks[1:]


WRAPPERS = ["plain", "plain_wsgi", "proxied", "proxied_wsgi", "instance", "instance_wsgi", "asynchronous"]
DECORATED = ["decorated", "decorated_wsgi"]


@pytest.mark.parametrize("target", [*WRAPPERS, *DECORATED])
def test_a_wrapper_is_called_and_its_bridge_streams(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(f"wrapped.{target}")
    for number in range(2):
        api.invoke(event("function_url"), f"id-{number}")
        head, parts = streamed(api.post())
        assert (head["statusCode"], b"".join(parts)) == (201, b"ab")
    api.invoke(event("http_api"), "id-3")
    post = api.post()
    assert post.headers["content-type"] == "application/json"
    assert (post.json()["statusCode"], post.json()["body"]) == (201, "ab")
    api.invoke(event("http_api"), "id-4")
    api.post()  # so that all of the third is over
    lines = [line for line in process.output.splitlines() if line not in ("startup",)]
    assert lines[:6] == ["before", "after 201 ''", "before", "after 201 ''", "before", "after 201 'ab'"]
    assert "changed" not in process.output


def test_a_wrapper_that_changes_a_stream_is_told_so(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("wrapped.changing")
    api.invoke(event("http_api"))
    assert api.post().json()["headers"] == {"x-changed": "1"}
    for _ in range(2):
        api.invoke(event("function_url"))
        assert streamed(api.post())[0] == {"statusCode": 201, "headers": {}}
    api.invoke(event("http_api"))
    api.post()
    assert process.output.count("wrapped.changing has changed the result of the handler, which had gone out") == 1


def test_a_wrapper_that_answers_by_itself_answers_in_a_stream_where_one_is_expected(
    api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime("wrapped.refusing")
    api.invoke(event("function_url"))
    assert streamed(api.post()) == ({"statusCode": 401, "headers": {}}, [b"no"])
    api.invoke(event("http_api"))
    assert api.post().json() == {"statusCode": 401, "body": "no"}


def test_the_first_call_of_an_invocation_is_the_one_that_streams(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("wrapped.twice")
    api.invoke(event("function_url"))
    assert streamed(api.post())[1] == [b"a", b"b"]
    api.invoke(event("http_api"))
    assert api.post().json()["headers"] == {"x-first": "201"}
    assert "has changed the result" in process.output


@pytest.mark.parametrize("target", ["in_thread", "of_other_loop", "asynchronous_wsgi"])
def test_a_bridge_that_cannot_stream_there_answers_as_it_does_elsewhere(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime(f"wrapped.{target}")
    api.invoke(event("http_api"))
    assert api.post().json()["body"] == "ab"


def test_an_event_that_is_no_request_goes_through_a_wrapper(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("wrapped.queue")
    api.invoke({"Records": []})
    assert isinstance(api.post().json(), str)


@pytest.mark.parametrize("target", ["plain", "decorated"])
def test_a_client_that_had_to_wait_for_background_work_is_told_of(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(f"wrapped.{target}")
    for _ in range(2):
        api.invoke(event("http_api", "/late"))
        assert api.post().json()["body"] == "ab"
    api.invoke(event("http_api"))
    api.post()
    warnings = process.output.count("s for what the app did after its response: ")
    assert warnings == (1 if target == "plain" else 0)
    if warnings:
        assert "Bridge(app, decorators=[...])" in process.output


@pytest.mark.parametrize("target", ["inner", "inner_wsgi", "plain", "decorated"])
def test_a_tool_that_looks_for_lambdas_own_runtime_finds_where_to_put_itself(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(f"wrapped.{target}", TOOL="1")
    api.invoke(event("function_url"))
    head, parts = streamed(api.post())
    assert (head["statusCode"], b"".join(parts)) == (201, b"ab")
    api.invoke(event("http_api"))
    api.post()
    lines = [line for line in process.output.splitlines() if line != "startup"]
    times = 1 if target.startswith("inner") else 2
    assert lines[: times * 2 + 1] == ["before"] * times + ["after 201 ''"] * times + ["flushed after a result"]


def test_a_tool_flushes_after_a_failure_too(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("wrapped.inner", TOOL="1")
    api.invoke({"no": "request"})
    assert api.post().path.endswith("/error")
    assert "flushed after a error" in process.output


def test_a_tool_is_told_of_a_failed_init(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("wrapped.decorated", TOOL="1", NO_DATABASE="1")
    assert api.post().json()["errorType"] == "LifespanError"
    assert process.code() == 1
    assert "told of LifespanError" in process.output


@pytest.mark.parametrize("target", ["decorated", "plain"])
def test_the_lifespan_of_an_app_within_plain_code_ends_with_sigterm(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(f"wrapped.{target}")
    api.invoke(event("http_api"))
    api.post()
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
    lines = process.output.splitlines()
    assert lines[0] == "startup"
    assert lines[-1] == "shutdown"


def test_a_decorated_bridge_restarts_its_lifespan_around_a_snapshot(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(
        "wrapped.decorated", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start", BRIDGE_SNAPSTART_LIFESPAN="restart"
    )
    api.reply_to_next(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    api.invoke(event("http_api"))
    assert api.post().json()["body"] == "ab"
    assert [line for line in process.output.splitlines() if "up" in line or "down" in line] in (
        ["startup", "shutdown", "startup"],
        ["startup", "startup", "shutdown", "startup"],  # the module has two
    )


def test_a_decorated_bridge_shares_a_loop_if_asked_to(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("wrapped.decorated", AWS_LAMBDA_MAX_CONCURRENCY="2", BRIDGE_CONCURRENCY="tasks")
    for number in range(3):
        api.invoke(event("function_url"), f"id-{number}")
        assert streamed(api.post())[1] == [b"a", b"b"]


def test_a_wrapper_cannot_share_a_loop_and_is_named(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("wrapped.plain", AWS_LAMBDA_MAX_CONCURRENCY="2", BRIDGE_CONCURRENCY="tasks")
    message = api.post().json()["errorMessage"]
    assert "functions.wrapped.plain is plain code" in message
    assert "Bridge(app, decorators=[...])" in message
    assert process.code() == 1


def test_what_may_be_a_handler_or_an_app_is_a_handler_for_lambda(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("wrapped.doubtful")
    api.invoke(1)
    assert api.post().json() == 2
    assert "may be a handler or an app" in process.output


def test_an_attribute_that_no_tool_knows_is_none_of_the_module() -> None:
    from bridge.runtime import __main__ as module

    with pytest.raises(AttributeError):
        _ = module.nothing
