"""What the log says of failures, in processes of both runtimes."""

import json
import re
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from ..samples import sample
from .api import RuntimeApi
from .conftest import COMMAND, ROOT, Runtime, Runtimes

RUNTIMES = {"bridge.runtime": COMMAND, "awslambdaric": [sys.executable, "-m", "awslambdaric"]}
VARIABLES = {
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "group",
    "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
}

FAILING = ROOT / "tests/runtime/functions/failing"

both = pytest.mark.parametrize(
    "runtime_name",
    [
        "bridge.runtime",
        pytest.param(
            "awslambdaric",
            marks=pytest.mark.skipif(find_spec("awslambdaric") is None, reason="awslambdaric is not installed"),
        ),
    ],
)


def started(runtime: Runtimes, name: str, target: str, log_format: str = "TEXT", **variables: str) -> Runtime:
    variables |= {**VARIABLES, "AWS_LAMBDA_LOG_FORMAT": log_format, "PYTHONUNBUFFERED": "1"}
    return runtime(target, command=RUNTIMES[name], **variables)


def get(path: str, name: str = "http_api") -> Any:
    event = sample(name)
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = "GET"
    return event


def answer(api: RuntimeApi, event: Any) -> Any:
    """What is posted for an event. When this returns, the function is done with it."""
    api.invoke(event)
    answer = api.post().json()
    api.invoke(get("/nothing-is-here"), "id-2")
    assert api.post().json()["statusCode"] == 404
    return answer


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@both
@pytest.mark.parametrize(("interface", "log_format"), [("asgi", "TEXT"), ("wsgi", "JSON")])
def test_frames_are_folded_in_the_log(
    interface: str, log_format: str, runtime_name: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = started(runtime, runtime_name, f"failing_{interface}.handler", log_format, FOLD="1")
    assert answer(api, get("/boom"))["statusCode"] == 500
    if log_format == "TEXT":
        text = process.output
        (count,) = re.findall(r"^  \.\.\. (\d+) frames of \S.* folded \.\.\.$", text, re.MULTILINE)
        shown = re.findall(r'^  File "(.*)", line', text, re.MULTILINE)
        assert "The above exception was the direct cause" in text
    else:
        (line,) = objects(process.output)
        count = line["foldedFrames"]
        shown = re.findall(r'File "(.*)", line', "".join(line["stackTrace"]))
        assert (line["errorType"], line["requestId"]) == ("RuntimeError", "id-1")
    assert int(count) > 2
    assert len(shown) >= 2
    assert all(file.startswith(str(FAILING)) for file in shown)


@pytest.mark.parametrize(
    ("target", "log_format", "cause", "cure"),
    [
        ("broken.handler", "JSON", "Unable to import module", "has to be in its package or in a layer"),
        (
            "failing_wsgi.absent",
            "TEXT",
            "Handler 'absent' missing on module",
            "The module has: handler, streamed, raising",
        ),
        (
            "refusing.handler",
            "JSON",
            "startup failed: no database. ",
            "lifespan='off') serves the app without its startup",
        ),
        (
            "failing_startup.handler",
            "TEXT",
            "startup failed: OSError: db down. ",
            "lifespan='off') serves the app without",
        ),
        (
            "misconfigured.handler",
            "JSON",
            "Bridge(lifespan=...) takes 'auto' or 'on' or 'off', not 'never'",
            "not 'never'",
        ),
        ("raises.handler", "TEXT", "ArithmeticError: in the module", "Lambda starts it again with the next one"),
    ],
)
def test_a_failed_init_leaves_one_line_with_cause_and_cure(
    target: str, log_format: str, cause: str, cure: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = started(runtime, "bridge.runtime", target, log_format)
    api.post()
    assert process.code() == 1
    *before, text = process.output.removesuffix("\n").split("\n")
    assert len(before) == (target == "raises.handler")  # its own
    if log_format == "JSON":
        line = json.loads(text)
        assert cause in f"{line['errorType']}: {line['errorMessage']}"
    else:
        assert cause in text.partition("\r")[0]
    assert cure in text


@both
def test_a_failed_startup_says_cause_and_cure(runtime_name: str, api: RuntimeApi, runtime: Runtimes) -> None:
    started(runtime, runtime_name, "failing_startup.handler")
    first, *rest = api.post().json()["errorMessage"].splitlines()
    assert first == (
        "the app's lifespan startup failed: OSError: db down. The next event tries again; "
        "Bridge(app, lifespan='off') serves the app without its startup"
    )
    assert "in start" in "".join(rest)


@both
@pytest.mark.parametrize("target", ["unclosable", "unclosable_streamed"])
def test_a_close_that_fails_is_told_of_and_changes_nothing(
    target: str, runtime_name: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = started(runtime, runtime_name, f"failing_wsgi.{target}")
    for number in (1, 2):  # the second answer comes when the function is done with the first
        api.invoke(get("/", "function_url"), f"id-{number}")
        assert b"all of it" in api.post().body
    line = next(line for line in process.output.splitlines() if "close()" in line)
    assert (
        "GET / answered 200, and close() of the app's iterable failed after that: ConnectionError: the pool is" in line
    )
    assert line.endswith("was sent before" if runtime_name == "bridge.runtime" else "goes out all the same")


@both
@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("failing_asgi.raising", "RuntimeError"),
        ("failing_asgi.raising_streamed", "RuntimeError"),
        ("failing_wsgi.raising", "RuntimeError"),
        ("failing_wsgi.raising_streamed", "RuntimeError"),
        # Flask answers its exceptions itself, and raises none: its status counts.
        ("failing_wsgi.counting", "FailedResponseError"),
        ("failing_wsgi.counting_streamed", "FailedResponseError"),
    ],
)
def test_an_error_that_is_to_count_is_posted_as_one(
    target: str, kind: str, runtime_name: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    if runtime_name == "awslambdaric" and target.endswith("streamed"):
        pytest.skip("awslambdaric does not stream")
    started(runtime, runtime_name, target)
    api.invoke(get("/boom", "function_url"))
    post = api.post()
    assert (post.path, post.json()["errorType"]) == ("/2018-06-01/runtime/invocation/id-1/error", kind)
    api.invoke(get("/nothing-is-here", "function_url"), "id-2")
    post = api.post()
    assert post.path == "/2018-06-01/runtime/invocation/id-2/response"
    assert b'"statusCode":404' in post.body.replace(b" ", b"")
