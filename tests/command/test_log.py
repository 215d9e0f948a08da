"""The log at home is the log in Lambda."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.gateway import _local_log

from ..gateway.serving import serving

MODULE = """
import logging

log = logging.getLogger("shop")

def handler(event, context):
    log.info("an info")
    log.warning("a warning")
    return {"statusCode": 200, "headers": {"x-id": context.aws_request_id}}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    log.info("an info")
    log.warning("a warning")
    headers = [(b"x-id", scope["aws.context"].aws_request_id.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(MODULE, "utf-8")
    return tmp_path


def logged(folder: Path, *arguments: str) -> tuple[str, list[str]]:
    """The request id of a request, and what has been logged of it."""
    with serving(*arguments, cwd=folder) as server:
        request_id = httpx.get(server.url).headers["x-id"]
        server.wait_for(r"GET / 200")
        return request_id, "".join(server.lines).splitlines()


@pytest.mark.parametrize("target", ["shop:handler", "shop:app"])
@pytest.mark.parametrize("more", [[], ["--concurrency", "3"], ["--processes", "1"]], ids=str)
def test_a_line_that_vanishes_in_lambda_vanishes_here_and_the_others_have_the_request_id(
    target: str, more: list[str], folder: Path
) -> None:
    request_id, lines = logged(folder, target, *more)
    assert [line for line in lines if "an info" in line] == []
    (line,) = [line for line in lines if "a warning" in line]
    assert re.fullmatch(rf"\[WARNING\]\t\S+Z\t{request_id}\ta warning", line)


@pytest.mark.parametrize("more", [[], ["--processes", "1"]], ids=str)
def test_level_and_format_can_be_what_the_functions_settings_will_be(more: list[str], folder: Path) -> None:
    request_id, lines = logged(folder, "shop:app", "--log-level", "info", "--log-format", "json", *more)
    found: list[Any] = [json.loads(line) for line in lines if line.startswith("{") and "shop" in line]
    assert [(line["level"], line["message"], line["requestId"]) for line in found] == [
        ("INFO", "an info", request_id),
        ("WARNING", "a warning", request_id),
    ]


def test_invoke_logs_so_too(folder: Path) -> None:
    command = [sys.executable, "-m", "bridge", "invoke", "shop:handler", "-", "--log-level", "info"]
    done = subprocess.run(command, input="{}", cwd=folder, capture_output=True, text=True, check=True)
    request_id = json.loads(done.stdout)["headers"]["x-id"]
    assert [line.split("\t")[2:] for line in done.stderr.splitlines()] == [
        [request_id, "an info"],
        [request_id, "a warning"],
    ]


def test_a_log_that_is_set_up_already_is_left_as_it_is() -> None:
    before = logging.getLogger().handlers[:]
    _local_log.set_up(sys.stdout)
    assert logging.getLogger().handlers == before
    assert logging.getLogger("bridge.gateway").propagate
