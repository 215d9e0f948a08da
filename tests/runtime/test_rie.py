"""The examples under Lambda's emulator: with Lambda's own runtime and with Bridge's, the results are the same."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ..frameworks.events import HTTP_V2, REST
from .rie import ROOT, emulator, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

EXAMPLES = ROOT / "examples"
PATHS = {
    "fastapi_app": [
        "/",
        "/hello",
        "/hello-sync",
        "/items",
        "/items/na%C3%AFve",
        "/picture.png",
        "/countdown",
        "/fails",
    ],
    "flask_app": ["/", "/hello", "/items", "/items/na%C3%AFve", "/cookies", "/download", "/old", "/fails", "/missing"],
}


def results(module: str, example: str, log: Path, events: list[dict[str, Any]]) -> list[Any]:
    with emulator(module, "app.handler", EXAMPLES / example, log, AWS_LAMBDA_FUNCTION_NAME=example) as running:
        return [running.invoke(event) for event in events]


@pytest.mark.skipif(importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is not installed")
@pytest.mark.parametrize("example", PATHS)
def test_the_results_are_those_of_lambda_s_own_runtime(example: str, tmp_path: Path) -> None:
    events = [source.event("GET", path) for source in (HTTP_V2, REST) for path in PATHS[example]]
    ours = results("bridge.runtime", example, tmp_path / "ours", events)
    theirs = results("awslambdaric", example, tmp_path / "theirs", events)
    assert [result["statusCode"] for result in ours].count(200) > 10
    for event, our, their in zip(events, ours, theirs, strict=True):
        assert timeless(our) == timeless(their), event["requestContext"]


def timeless(result: Any) -> Any:
    """A result without the time of day, which headers have."""
    return json.loads(re.sub(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "now", json.dumps(result)))


def test_background_work_is_done_before_the_next_event(tmp_path: Path) -> None:
    order = HTTP_V2.event("POST", "/orders", body=b'{"item": "tea"}', headers=[("content-type", "application/json")])
    log = tmp_path / "log"
    with emulator("bridge.runtime", "app:app", EXAMPLES / "fastapi_app", log, AWS_LAMBDA_LOG_LEVEL="INFO") as running:
        assert running.invoke(order)["statusCode"] == 201
        assert "ordered: 1 x tea" in running.output


def test_a_function_that_cannot_start_is_told_of(tmp_path: Path) -> None:
    with emulator("bridge.runtime", "app.absent", EXAMPLES / "flask_app", tmp_path / "log") as running:
        error = running.invoke({})
    assert (error["errorType"], error["errorMessage"]) == (
        "Runtime.HandlerNotFound",
        "Handler 'absent' missing on module 'app'",
    )


def test_a_graceful_end_runs_the_shutdown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = {"BRIDGE_GRACEFUL_SHUTDOWN": "1", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
    with emulator("bridge.runtime", "app.handler", EXAMPLES / "fastapi_app", log, **options) as running:
        assert running.invoke(HTTP_V2.event("GET", "/pool"))["statusCode"] == 200
    assert "closing the pool after 1 uses" in running.output
