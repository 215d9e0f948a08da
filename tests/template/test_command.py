from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bridge._command.cli import main
from bridge.gateway._template.serving import state_file

from ..gateway.behind import signed

CODE = """
import os

def handler(event, context):
    return {"statusCode": 200, "body": os.environ["A"] + os.environ["AWS_REGION"]}
"""
TEMPLATE = """
Parameters: { Value: { Type: String, Default: b } }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      Environment: { Variables: { A: !Sub "${Value}" } }
      Events:
        Api: { Type: HttpApi }
        Jobs: { Type: SQS, Properties: { Queue: arn } }
        Often: { Type: Schedule, Properties: { Schedule: rate(1 minute) } }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(CODE)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Running:
    """The command, serving the folder's template."""

    def __init__(self, *options: str) -> None:
        self.control = self.secret = ""
        command = [sys.executable, "-m", "bridge", "serve", "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = ""
        for line in self.process.stdout:
            if "(HTTP API): " in line:
                self.url = line.split()[-1]
            if line.startswith("functions ("):
                self.control = line.split()[-1]
                if "--any-signature" in options:
                    return
            if line.startswith("signed with: "):
                self.secret = line.strip().rpartition("=")[2]
                return
        raise AssertionError("it has ended")

    def says(self, text: str) -> None:
        """Return when a line with this text has come."""
        assert self.process.stdout is not None
        assert any(text in line for line in self.process.stdout)

    def end(self, number: int = signal.SIGINT) -> str:
        """End it and return what it has said since."""
        assert self.process.stdout is not None
        self.process.send_signal(number)
        with self.process.stdout as rest:
            said = rest.read()
        self.process.wait(30)
        return said


@pytest.fixture
def running(folder: Path) -> Iterator[list[Running]]:
    started: list[Running] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGTERM)


def test_options_reach_the_functions_and_files_are_followed(folder: Path, running: list[Running]) -> None:
    (folder / "local.env").write_text("A=c\n")
    running.append(Running("--parameter", "Value=x", "--region", "eu-west-1", "--reload", "--run-schedules"))
    url = running[0].url
    running[0].says("F/Often: next at")
    assert httpx.get(url, timeout=20).text == "xeu-west-1"
    (folder / "template.yaml").write_text("Resources: {}")  # what cannot be read is said, and the rest goes on
    running[0].says("template.yaml: template.yaml has no Resources")
    assert httpx.get(url, timeout=20).text == "xeu-west-1"
    (folder / "template.yaml").write_text(TEMPLATE.replace("${Value}", "${Value}!"))
    deadline = time.monotonic() + 20
    while httpx.get(url, timeout=20).text != "x!eu-west-1":
        assert time.monotonic() < deadline
    assert "template.yaml: served anew" in running[0].end()
    running.append(Running("--env-file", "local.env"))
    assert httpx.get(running[1].url, timeout=20).text.startswith("c")


CALLING = """
import boto3

def handler(event, context):
    if event == "again":
        client = boto3.client("lambda")
        return client.invoke(FunctionName="F", Payload=b'"done"')["Payload"].read().decode()
    return event
"""


def test_functions_sign_with_what_they_have_and_strangers_are_refused(folder: Path, running: list[Running]) -> None:
    (folder / "app.py").write_text(CALLING)
    (folder / "own.env").write_text("AWS_ACCESS_KEY_ID=AKIAOWN\nAWS_SECRET_ACCESS_KEY=own\n")
    running += [Running(), Running("--env-file", "own.env"), Running("--any-signature")]
    for number, own in enumerate((403, 200, 200)):
        url = f"{running[number].control}/2015-03-31/functions/F/invocations"

        def status(key: str, secret: str, url: str = url, event: bytes = b"1") -> tuple[int, object]:
            headers = signed("POST", url, "lambda", event, key=key, secret=secret)
            answer = httpx.post(url, content=event, headers=headers, timeout=20)
            return answer.status_code, answer.json()

        assert status("AKIAOWN", "own")[0] == own
        assert status("local", "guessed")[0] == (200 if number == 2 else 403)
        key, secret = ("AKIAOWN", "own") if number else ("local", running[number].secret)
        assert status(key, secret, event=b'"again"') == (200, '"done"')
        running[number].end()


def test_what_ends_the_server_takes_its_file_away(folder: Path, running: list[Running]) -> None:
    running.append(Running())
    state = state_file(Path("template.yaml"))
    assert json.loads(state.read_text())["process"] == running[0].process.pid
    assert state.stat().st_mode & 0o777 == 0o600
    running[0].end(signal.SIGTERM)
    assert running[0].process.returncode == 128 + signal.SIGTERM
    assert not state.exists()


def test_send_reads_a_body_from_its_input(
    folder: Path, running: list[Running], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    running.append(Running())
    monkeypatch.setattr("sys.stdin", type("In", (), {"read": staticmethod(lambda: '{"a": 1}')}))
    assert main(["send", "F", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["result"]["statusCode"] == 200
    assert main(["send", "F", "text"]) == 0
    assert main(["send", "Nobody"]) == 2
    assert "there is no Nobody in the template; there is F, F/Jobs, F/Often" in capsys.readouterr().err
    running[0].end()
    state_file(Path("template.yaml")).write_text('{"url": "http://127.0.0.1:9", "secret": "x"}')
    assert main(["send", "F"]) == 2
    assert "nothing answers at http://127.0.0.1:9" in capsys.readouterr().err
    state_file(Path("template.yaml")).unlink()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "nothing.yaml"], "cannot read nothing.yaml"),
        (["serve", "--parameter", "Value"], "--parameter takes NAME=VALUE, not 'Value'"),
        (["serve", "--import", "=x"], "--import takes NAME=VALUE, not ''"),
        (["serve", "--venv", "nowhere"], "nowhere is no virtual environment: it has no bin/python"),
        (["serve", "--env-file", "nowhere"], "cannot read nowhere"),
        (["serve", "--jwks", "nowhere"], "cannot read nowhere"),
        (["serve", "--jwks", "app.py"], "app.py is no JSON Web Key Set"),
        (["send", "F"], "nothing serves template.yaml: bridge serve template.yaml"),
        (["send", "F", "--template", "app.py"], "'app.py' is no template"),
    ],
)
def test_a_command_that_cannot_work_says_why(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_a_template_wants_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["serve"]) == 2
    assert "say what to serve" in capsys.readouterr().err


def test_the_python_of_a_virtual_environment_is_found(tmp_path: Path) -> None:
    from bridge._command.template import _jwks, _python

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert _python(str(tmp_path)) == os.fspath(tmp_path / "bin" / "python")
    (tmp_path / "keys.json").write_text('{"keys": []}')
    assert _jwks(str(tmp_path / "keys.json")) == {"*": {"keys": []}}
