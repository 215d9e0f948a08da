"""`bridge serve` with processes, and of WebSocket APIs."""

import json
import os
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from bridge._command.cli import main

from .behind import SECONDS, received
from .serving import serving
from .test_websocket import ended

TARGET = "tests.gateway.served_websocket:handler"


@pytest.mark.parametrize("processes", ["0", "2"])
def test_websocket_api(processes: str) -> None:
    options = ["--processes", processes, "--stage", "prod", "--authorizer", "tests.gateway.served_websocket:authorizer"]
    options += ["--routes", "join", "--route-selection-expression", "$request.body.do"]
    with serving(TARGET, "--api", "websocket", *options) as server:
        url = server.wait_for(r"ws://\S+")
        with connect(url) as client:
            for number in range(4):
                client.send(json.dumps({"do": "join", "number": number}))
            answers = [received(client) for _ in range(4)]
            assert server.interrupt() == 0
            assert ended(client)[0] == 1012
    assert {json.loads(answer["body"])["number"] for answer in answers} == {0, 1, 2, 3}
    assert {(answer["stage"], answer["routeKey"]) for answer in answers} == {("prod", "join")}
    assert {answer["authorizer"]["principalId"] for answer in answers} == {"me"}
    assert server.process.pid not in {answer["pid"] for answer in answers} or processes == "0"
    http_url = url.replace("ws", "http")
    assert server.lines[0] == f"{TARGET} behind websocket: {url}\n"
    assert server.lines[1] == f"its connections: {http_url}/@connections\n"
    assert "Traceback" not in "".join(server.lines)


def test_times_and_route_response() -> None:
    options = ["--lifetime", "0.2", "--idle-timeout", "600", "--route-response"]
    with serving("tests.gateway.in_processes:count", "--api", "websocket", *options) as server:
        url = server.wait_for(r"ws://\S+")
        assert url.endswith("/dev")
        with connect(url) as client:
            client.send("hi")
            assert received(client)["body"] == "hi"
            assert ended(client) == (1001, "Going away")


def test_reload(tmp_path: Path) -> None:
    code = 'def handler(event, context):\n    return {"statusCode": 200, "body": "before"}\n'
    (tmp_path / "changing.py").write_text(code)
    arguments = ["changing:handler", "--api", "websocket", "--route-response", "--processes", "1", "--reload"]
    with serving(*arguments, cwd=tmp_path) as server:
        with connect(server.wait_for(r"ws://\S+")) as client:
            client.send("hi")
            assert client.recv(timeout=SECONDS) == "before"
        assert server.interrupt() == 0
    assert "Traceback" not in "".join(server.lines)


def test_http_api_in_processes(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with serving("tests.gateway.in_processes:app", "--processes", "2", NOTES=str(notes)) as server:
        assert len({httpx.get(server.url).text for _ in range(4)}) == 2
        assert server.interrupt() == 0
    assert notes.read_text() == "stopped\n" * 2


@pytest.mark.parametrize("api", ["http", "websocket"])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--processes", "2"], "has no 'absent'"),
        (["--processes", "-1"], "count"),
        ([], "has no 'absent'"),
    ],
)
def test_handler_that_is_not_there(
    api: str, arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(os.environ)
    assert main(["serve", "tests.gateway.in_processes:absent", "--api", api, "--port", "0", *arguments]) == 2
    assert text in capsys.readouterr().err
    assert os.environ == before
