"""`bridge serve` with processes, and of WebSocket APIs."""

import json
import os
import re
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from bridge._command.cli import main

from .behind import SECONDS, received, signed
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
    assert server.lines[0] == f"{TARGET} behind WebSocket API, stage prod: {url}\n"
    assert server.lines[1] == f"what functions send to its connections goes to {http_url}/@connections\n"
    assert re.fullmatch(r"signed with: AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=\S{32}\n", server.lines[2])
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


INVOKE = "/2015-03-31/functions/local/invocations"


@pytest.mark.parametrize("options", [[], ["--reload"], ["--websocket"], ["--processes", "1"]])
def test_the_printed_key_opens_invoke_and_no_other(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text('def handler(event, context):\n    return {"statusCode": 200, "body": event}\n')
    api = "http" if "--websocket" in options else "websocket"
    with serving("told:handler", "--api", api, *options, cwd=tmp_path) as server:
        url = "http" + server.wait_for(r"(?<=ws)://[^/]+") + INVOKE
        key = server.wait_for(r"(?<=AWS_SECRET_ACCESS_KEY=)\S+")
        for value, status in ((key, 200), ("guessed", 403)):
            answer = httpx.post(url, content=b"[1]", headers=signed("POST", url, "lambda", b"[1]", secret=value))
            assert answer.status_code == status
        server.wait_for("was refused: it is not signed with the secret key of 'local'")


@pytest.mark.parametrize("options", [[], ["--reload"]])
def test_any_signature(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text('def handler(event, context):\n    return {"statusCode": 200, "body": event}\n')
    with serving("told:handler", "--api", "websocket", "--any-signature", *options, cwd=tmp_path) as server:
        url = "http" + server.wait_for(r"(?<=ws)://[^/]+") + INVOKE
        headers = signed("POST", url, "lambda", b"[1]", key="AKIAMINE", secret="mine")
        assert httpx.post(url, content=b"[1]", headers=headers).status_code == 200
        assert httpx.post(url, content=b"[1]").status_code == 403
        assert "signed with" not in "".join(server.lines)


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
