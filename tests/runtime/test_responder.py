"""Streamed answers, on the wire."""

import base64
import json

import pytest

from .api import RuntimeApi
from .conftest import Runtimes


@pytest.mark.parametrize("target", ["asgi.streaming", "wsgi.streaming"])
def test_each_chunk_is_sent_when_it_is_there(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(target)
    api.invoke(1, Lambda_Runtime_Invocation_Id="second-id")
    post = api.post()
    assert post.path == "/2018-06-01/runtime/invocation/id-1/response"
    assert post.headers["lambda-runtime-function-response-mode"] == "streaming"
    assert post.headers["transfer-encoding"] == "chunked"
    assert post.headers["content-type"] == "text/plain"
    assert post.headers["lambda-runtime-invocation-id"] == "second-id"
    assert post.headers["trailer"] == "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"
    assert "content-length" not in post.headers
    assert [post.chunk(), post.chunk()] == [b"prelude", b"one"]
    api.open("one")  # the app waits for this, and what it had sent was here before
    assert [post.chunk(), post.chunk()] == [b"two", None]
    assert post.trailers == {}


@pytest.mark.parametrize("target", ["asgi.streaming", "wsgi.streaming"])
def test_the_next_event_is_asked_for_when_the_work_after_the_answer_is_done(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime(target)
    api.open("one")
    api.invoke()
    api.post()
    api.arrived("after")
    assert [path for _, _, path in api.requests].count("/2018-06-01/runtime/invocation/next") == 1
    api.open("after")
    api.invoke(2, "id-2")
    assert "id-2" in api.post().path


@pytest.mark.parametrize(
    ("target", "event", "body", "kind", "message"),
    [
        ("asgi.odd", "broken off", b"some", "KeyError", "'\\r\\nbroken\\r\\noff'"),
        ("asgi.odd", "unended", b"", "RuntimeError", "the function returned before its answer was complete"),
        ("wsgi.streaming", "fail", b"preludeonetwo", "ValueError", "midstream"),
    ],
)
def test_an_error_midstream_is_in_the_trailers(
    target: str, event: str, body: bytes, kind: str, message: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime(target)
    api.open("one")
    api.open("after")
    api.invoke(event)
    post = api.post()
    while post.chunk() is not None:
        pass
    assert post.body == body
    assert post.trailers["lambda-runtime-function-error-type"] == kind
    error = json.loads(base64.b64decode(post.trailers["lambda-runtime-function-error-body"], validate=True))
    assert (error["errorType"], error["errorMessage"], error["requestId"]) == (kind, message, "id-1")
    api.invoke("nothing", "id-2")
    assert "id-2" in api.post().path


@pytest.mark.parametrize("concurrency", ["processes", "tasks"])
def test_a_slow_receiver_holds_the_app_back(concurrency: str, api: RuntimeApi, runtime: Runtimes) -> None:
    api.reading.clear()
    process = runtime("asgi.fast", BRIDGE_CONCURRENCY=concurrency)
    api.invoke()
    post = api.post()
    api.open("nobody-reads")
    api.arrived("written-or-not")
    assert process.output.splitlines()[-1] == "not written"
    api.open("written-or-not")
    api.reading.set()
    assert post.body == b"x" * 64_000_000


@pytest.mark.parametrize("concurrency", ["processes", "tasks"])
def test_a_connection_that_ends_while_the_app_is_held_back(
    concurrency: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    api.reading.clear()
    process = runtime("asgi.fast", BRIDGE_CONCURRENCY=concurrency)
    api.invoke()
    api.post()
    api.open("nobody-reads")
    api.arrived("written-or-not")
    api.hang_up()
    api.open("written-or-not")
    assert process.code() == 1
    assert "has closed the connection" in process.output


@pytest.mark.parametrize("status", [410, 413])
def test_a_stream_that_is_refused_is_logged(status: int, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.streaming")
    api.replies["response"].append(status)
    for gate in ("one", "after"):
        api.open(gate)
    api.invoke()
    api.invoke(2, "id-2")
    api.post()
    assert "id-2" in api.post().path
    assert f"answered {status}" in process.output


@pytest.mark.parametrize("event", ["swallows", "lets through"])
def test_a_connection_that_ends_midstream_ends_the_runtime(event: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.odd")
    api.invoke(event)
    api.post()
    api.arrived("midstream")
    api.hang_up()
    api.open("midstream")
    assert process.code() == 1
    assert "bridge.runtime: the Runtime API at" in process.output
    assert ("swallowed" in process.output) is (event == "swallows")


def test_a_reply_that_comes_midstream_is_the_reply(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.odd")
    api.replies["response"].append(b"HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\nlate")
    api.invoke("swallows")
    api.post()
    api.arrived("midstream")
    api.open("midstream")
    api.invoke("nothing", "id-2")
    assert "id-2" in api.post().path
    assert "answered 410 (late)" in process.output
    assert "swallowed" not in process.output
