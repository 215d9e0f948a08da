"""SnapStart."""

import pytest

from ..samples import sample
from .api import RuntimeApi, status
from .conftest import Runtime, Runtimes

RESTORE = "/2018-06-01/runtime/restore/next"
NEXT = "/2018-06-01/runtime/invocation/next"


def start(runtime: Runtimes, target: str, **variables: str) -> Runtime:
    return runtime(target, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start", **variables)


@pytest.mark.parametrize("target", ["snap.plain", "snap.handler"])
def test_hooks_run_around_the_restore(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = start(runtime, target)
    api.arrived("before")
    assert [path for _, _, path in api.requests] == ["/gate/before"]
    api.open("before")
    api.reply_to_next(status(200))
    api.invoke(sample("http_api"))
    assert api.post().path.endswith("id-1/response")
    connections = {path: connection for connection, _, path in api.requests}
    assert list(connections)[1:3] == [RESTORE, NEXT]
    assert connections[RESTORE] != connections[NEXT]
    lines = [line for line in process.output.splitlines() if line.startswith(("before", "after"))]
    assert lines == ["before 2", "before 1", "after 1", "after 2"]


@pytest.mark.parametrize("concurrency", ["processes", "tasks"])
@pytest.mark.parametrize(("option", "lines"), [("keep", 1), ("restart", 2), ("", 1)])
def test_the_lifespan_may_end_before_and_begin_after(
    option: str, lines: int, concurrency: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = start(runtime, "asgi.handler", BRIDGE_SNAPSTART_LIFESPAN=option, BRIDGE_CONCURRENCY=concurrency)
    api.reply_to_next(status(200))
    api.invoke(sample("http_api"))
    assert api.post().json()["statusCode"] == 200
    assert process.output.count("startup") == lines
    assert process.output.count("shutdown") == lines - 1


def test_a_hook_that_fails_before(api: RuntimeApi, runtime: Runtimes) -> None:
    process = start(runtime, "snap.plain", FAILS="before")
    api.open("before")
    post = api.post()
    assert post.path == "/2018-06-01/runtime/init/error"
    assert post.headers["lambda-runtime-function-error-type"] == "Runtime.BeforeSnapshotError"
    assert post.json()["errorType"] == "ZeroDivisionError"
    assert process.code() == 64


@pytest.mark.parametrize("target", ["snap.plain", "snap.handler"])
def test_a_hook_that_fails_after(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = start(runtime, target, FAILS="after")
    api.open("before")
    api.reply_to_next(status(200))
    post = api.post()
    assert post.path == "/2018-06-01/runtime/restore/error"
    assert post.headers["lambda-runtime-function-error-type"] == "Runtime.AfterRestoreError"
    assert post.json()["errorType"] == "ZeroDivisionError"
    assert process.code() == 65


def test_a_restore_that_is_refused(api: RuntimeApi, runtime: Runtimes) -> None:
    process = start(runtime, "plain.handler")
    api.replies["error"].append(500)
    api.reply_to_next(status(403))
    assert "answered 403" in api.post().json()["errorMessage"]
    assert process.code() == 64
    assert "bridge.runtime: the Runtime API answered 500" in process.output


def test_without_hooks_there_is_nothing_to_run(api: RuntimeApi, runtime: Runtimes) -> None:
    start(runtime, "without_hooks.handler")
    api.reply_to_next(status(200))
    api.invoke(1)
    assert api.post().json() == 1
