"""Errors by status (`Bridge(errors=...)`), posted as errors by a runtime's process."""

from __future__ import annotations

import json

import pytest

from ..frameworks.events import SOURCES
from .api import Post, RuntimeApi
from .conftest import Runtimes

URL = next(source for source in SOURCES if source.name == "function-url")


def answered(post: Post) -> int:
    """The status that the client gets, by a result or by the prelude of a stream."""
    text, _, _ = post.body.partition(bytes(8))
    status: int = json.loads(text)["statusCode"]
    return status


@pytest.mark.parametrize(
    ("target", "path", "kind", "streaming"),
    [
        ("starlette", "/boom", "ZeroDivisionError", "off"),  # its page is complete when it raises
        ("starlette_raises", "/boom", "ZeroDivisionError", "off"),
        ("starlette", "/status/503", "FailedResponseError", "off"),
        ("starlette", "/status/503", "FailedResponseError", "on"),
        ("litestar", "/boom", "FailedResponseError", "off"),  # it keeps the exception to itself
        ("flask_like", "/status/503", "FailedResponseError", "on"),
    ],
)
def test_a_status_that_counts_is_posted_as_an_error_and_the_next_event_is_answered(
    target: str, path: str, kind: str, streaming: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(f"counted.{target}", STREAMING=streaming)
    api.invoke(URL.event("GET", path), "id-1")
    post = api.post()
    assert post.path == "/2018-06-01/runtime/invocation/id-1/error"
    assert post.json()["errorType"] == post.headers["lambda-runtime-function-error-type"] == kind
    api.invoke(URL.event("GET", "/status/404"), "id-2")
    post = api.post()
    assert post.path == "/2018-06-01/runtime/invocation/id-2/response"
    assert answered(post) == 404
    api.reply_to_next(None)
    assert f"[ERROR] {kind}: " in process.output


@pytest.mark.parametrize("streaming", ["off", "on"])
def test_a_page_that_the_app_has_made_of_an_error_is_its_answer_where_only_exceptions_count(
    streaming: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    runtime("counted.starlette_raises", STREAMING=streaming)
    api.invoke(URL.event("GET", "/status/503"))
    post = api.post()
    assert post.path == "/2018-06-01/runtime/invocation/id-1/response"
    assert answered(post) == 503
    api.reply_to_next(None)
