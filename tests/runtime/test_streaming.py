"""Apps that respond in parts, all the way from the app to the Runtime API."""

import base64
import json
from typing import Any

import pytest

from bridge._app import prelude

from ..samples import sample
from .api import Post, RuntimeApi
from .conftest import Runtimes

HANDLERS = ["parts.asgi_handler", "parts.wsgi_handler"]


def event(path: str = "/") -> dict[str, Any]:
    """A request to a function URL."""
    event = sample("function_url")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = "GET"
    return event


def head(post: Post) -> Any:
    """What a stream begins with."""
    split = prelude.split(post.chunk() or b"")
    assert split is not None
    assert split[1] == b""
    return json.loads(split[0])


@pytest.mark.parametrize("target", HANDLERS)
def test_parts_go_out_one_by_one_and_the_work_after_them_is_waited_for(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime(target)
    api.invoke(event())
    post = api.post()
    assert post.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
    assert post.headers["lambda-runtime-function-response-mode"] == "streaming"
    assert head(post) == {"statusCode": 201, "headers": {"content-type": "text/plain"}, "cookies": ["a=b"]}
    assert post.chunk() == b"one"
    api.open("one")
    assert [post.chunk(), post.chunk()] == [b"two", None]
    assert post.trailers == {}
    api.arrived("after")
    api.invoke(event(), "id-2")
    api.open("after")
    assert "id-2" in api.post().path


@pytest.mark.parametrize("target", HANDLERS)
def test_an_exception_midstream_is_in_the_trailers(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(target)
    api.open("one")
    api.open("after")
    api.invoke(event("/fails"))
    post = api.post()
    assert post.body.endswith(bytes(8) + b"one")
    assert post.trailers["lambda-runtime-function-error-type"] == "LookupError"
    error = json.loads(base64.b64decode(post.trailers["lambda-runtime-function-error-body"]))
    assert error["errorMessage"] == "midstream"
    assert "in gate" not in "".join(error["stackTrace"])
    api.invoke(event("/fails"), "id-2")
    assert "id-2" in api.post().path
    assert process.output.count("LookupError: midstream") >= 1


@pytest.mark.parametrize("target", ["parts.asgi", "parts.wsgi"])
@pytest.mark.parametrize("mode", ["on", "off"])
def test_an_app_that_is_no_bridge_streams_if_the_environment_says_so(
    mode: str, target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime(target, BRIDGE_STREAMING=mode)
    api.open("one")
    api.open("after")
    api.invoke(event())
    post = api.post()
    assert ("transfer-encoding" in post.headers) is (mode == "on")
    if mode == "off":
        assert post.json()["body"] == "onetwo"


@pytest.mark.parametrize("target", HANDLERS)
def test_an_event_that_cannot_be_streamed_to_has_a_result(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(target)
    api.open("one")
    api.open("after")
    api.invoke(sample("alb_health_check"))
    post = api.post()
    assert (post.json()["statusCode"], post.json()["body"]) == (201, "onetwo")


@pytest.mark.parametrize("target", HANDLERS)
def test_a_connection_that_ends_midstream_ends_the_runtime(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(target)
    api.invoke(event())
    api.post()
    api.arrived("one")
    api.hang_up()
    api.open("one")
    api.open("after")
    assert process.code() == 1
    assert "bridge.runtime: the Runtime API at" in process.output
