"""What the command does for people: colours, examples, a banner, errors that name their own lines."""

import io
import json
import logging
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from bridge import Bridge
from bridge._command.cli import _parser, main
from bridge._command.examples import EXAMPLES
from bridge.gateway import Gateway, _local_log

from ..gateway.missing import run_without
from ..gateway.serving import serving

CODE = """
import os, helper

def handler(event, context):
    return {"statusCode": 200, "body": os.environ.get("TEA", "none")}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(CODE)
    (tmp_path / "helper.py").write_text("")
    (tmp_path / "event.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *arguments], input=stdin, capture_output=True, text=True, check=False
    )


# Modules that fail

LAST = "shop:handler could not be imported: ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    "arguments", [["serve", "shop:handler", "--port", "0"], ["invoke", "shop:handler", "event.json"]], ids=str
)
def test_an_import_that_fails_shows_the_developers_lines_and_one_sentence(arguments: list[str], folder: Path) -> None:
    (folder / "helper.py").write_text("def divide():\n    return 1 / 0\n\ndivide()\n")
    process = run(*arguments)
    assert (process.returncode, process.stdout) == (1, "")
    assert re.findall(r'File ".*/(\w+\.py)", line (\d+)', process.stderr) == [
        ("shop.py", "2"),
        ("helper.py", "4"),
        ("helper.py", "2"),
    ]
    assert process.stderr.endswith(f"\nbridge {arguments[0]}: {LAST}\n")
    assert "importlib" not in process.stderr


def test_an_import_that_fails_in_processes_and_with_reload_says_the_same(folder: Path) -> None:
    (folder / "helper.py").write_text("1 / 0\n")
    process = run("serve", "shop:handler", "--port", "0", "--processes", "1")
    assert process.returncode == 2
    assert LAST in process.stderr
    assert "importlib" not in process.stderr
    with serving("shop:handler", "--reload", cwd=folder) as server:
        server.wait_for(LAST)
        assert "importlib" not in "".join(server.lines)


def test_a_cause_is_shown_without_bridge_s_frames_too(folder: Path) -> None:
    code = "try:\n    import absent\nexcept ImportError as error:\n    raise ValueError from error\n"
    (folder / "helper.py").write_text(code)
    process = run("invoke", "shop:handler", "event.json")
    assert "ModuleNotFoundError: No module named 'absent'" in process.stderr
    assert process.stderr.endswith("could not be imported: ValueError\n")
    assert "importlib" not in process.stderr


def test_a_syntax_error_is_shown_where_it_is(folder: Path) -> None:
    (folder / "shop.py").write_text("def handler(event, context:\n    pass\n")
    process = run("invoke", "shop:handler", "event.json")
    assert process.returncode == 1
    assert 'shop.py", line 1' in process.stderr
    assert "could not be imported: SyntaxError" in process.stderr.splitlines()[-1]


# --env-file


LINES = "# comment\nexport TEA='green'\n"


@pytest.mark.parametrize(
    ("content", "more"),
    [
        (LINES, []),
        (LINES, ["--processes", "1"]),
        (LINES, ["--reload"]),
        ('{"TEA": "green"}', []),
        ('{"Parameters": {"TEA": "green"}}', []),
    ],
)
def test_serve_reads_the_environment_from_a_file(content: str, more: list[str], folder: Path) -> None:
    (folder / "local.env").write_text(content)
    with serving("shop:handler", "--env-file", "local.env", *more, cwd=folder) as server:
        assert httpx.get(server.url).text == "green"


def test_invoke_reads_the_environment_from_a_file(folder: Path) -> None:
    (folder / "local.env").write_text("TEA=green\n")
    process = run("invoke", "shop:handler", "event.json", "--env-file", "local.env")
    assert json.loads(process.stdout)["body"] == "green"
    assert json.loads(run("invoke", "shop:handler", "event.json").stdout)["body"] == "none"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"Shop": {"TEA": "green"}}', "has variables for Shop, which are functions of a template"),
        ("TEA", "line 1: 'TEA' is not NAME=value"),
        (None, "cannot read local.env"),
    ],
)
def test_a_file_that_cannot_be_is_refused(
    content: str | None, text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (folder / "local.env").write_text(content)
    assert main(["serve", "shop:handler", "--port", "0", "--env-file", "local.env"]) == 2
    assert text in capsys.readouterr().err


# Options that do nothing


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["shop:handler", "--explain"], "--explain: that is for templates, and shop:handler is none"),
        (["shop:handler", "--import", "a=b", "--parameter", "c=d"], "--parameter, --import: that is for templates"),
        (["shop:handler", "--routes", "join"], "--routes: that is for WebSocket APIs"),
        (["shop:handler", "--idle-timeout", "3", "--route-response"], "--idle-timeout, --route-response: that is for "),
        (["shop:handler", "--routing", "sticky"], "--routing: that is for several processes"),
        (["template.yaml", "--api", "rest", "--processes", "2"], "--api, --processes: a template says that itself"),
        (["template.yaml", "--websocket"], "--websocket: a template says that itself"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments]) == 2
    assert f"bridge serve: {text}" in capsys.readouterr().err


# The banner, and colours


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "HTTP API, payload 2.0: http://127.0.0.1:PORT/"),
        (["--payload", "1.0", "--stage", "prod"], "HTTP API, stage prod, payload 1.0: http://127.0.0.1:PORT/prod/"),
        (["--api", "rest", "--stage", "prod"], "REST API, stage prod: http://127.0.0.1:PORT/prod/"),
        (["--api", "url", "--streaming"], "function URL, streaming: http://127.0.0.1:PORT/"),
        (["--api", "alb", "--multi-value"], "Application Load Balancer, multi-value headers: http://127.0.0.1:PORT/"),
        (["--api", "edge"], "Lambda@Edge, origin-request: http://127.0.0.1:PORT/"),
    ],
)
def test_the_banner_says_which_api_is_where(arguments: list[str], said: str, folder: Path) -> None:
    with serving("shop:handler", *arguments, cwd=folder) as server:
        line = re.sub(r":\d+/", ":PORT/", server.wait_for("^.*/\n"))
        httpx.get(server.url)  # whoever interrupts a server that is only just starting may not be heard
    assert line == f"shop:handler behind {said}\n"


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What `serve` writes to a terminal until it has answered one request."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge", "serve", *arguments, "--port", "0"],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    text = ""
    try:
        while "Ctrl+C ends" not in text:
            text += os.read(ours, 10_000).decode()
        found = re.search(r"http://\S+", text)
        assert found
        httpx.get(found[0])
        while " ms, event" not in text:
            text += os.read(ours, 10_000).decode()
    finally:
        process.terminate()
        process.wait()
        os.close(ours)
    return text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_gets_colours_and_hints() -> None:
    text = on_a_terminal("shop:handler")
    assert "GET / \x1b[32m200\x1b[0m " in text
    assert "--inspect shows requests in a browser; Ctrl+C ends" in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_nobody_gets_colours_who_does_not_want_them() -> None:
    assert "\x1b" not in on_a_terminal("shop:handler", "--inspect", NO_COLOR="1")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A stream that the gateway's log goes to as to a terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    own = logging.getLogger(_local_log.OWN)
    before = own.level, own.propagate
    monkeypatch.setattr(own, "handlers", [])
    stream = Terminal()
    _local_log.set_up(stream)
    yield stream
    own.setLevel(before[0])
    own.propagate = before[1]


@pytest.mark.parametrize(("status", "colour"), [(200, 32), (302, 36), (404, 33), (503, 31)])
def test_a_status_has_the_colour_of_its_class(status: int, colour: int, terminal: Terminal) -> None:
    TestClient(Gateway(lambda event, context: {"statusCode": status})).get("/ 200 ms", follow_redirects=False)
    assert f" \x1b[{colour}m{status}\x1b[0m " in terminal.getvalue()


def test_errors_are_red_and_warnings_yellow(terminal: Terminal) -> None:
    logging.getLogger(_local_log.OWN).error("an error")
    logging.getLogger(_local_log.OWN).warning("a warning")
    assert terminal.getvalue() == "\x1b[31man error\x1b[0m\n\x1b[33ma warning\x1b[0m\n"


# Streams that are none


async def sse(scope: Any, receive: Any, send: Any) -> None:
    kind = b"text/event-stream; charset=utf-8" if scope["path"] == "/sse" else b"text/html"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": b"data: tea\n\n"})


@pytest.mark.parametrize("api", ["http", "rest", "url", "alb"])
def test_a_stream_that_comes_in_one_piece_is_said_with_its_cure(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(Gateway(Bridge(sse, lifespan="off"), api=api))
    client.get("/page")
    assert "one piece" not in caplog.text
    client.get("/sse")
    assert "GET /sse: the app's stream of text/event-stream came in one piece" in caplog.text
    assert "bridge serve APP --api url --streaming" in caplog.text


def test_a_bridge_that_does_not_stream_where_a_stream_is_expected_is_told_how(caplog: pytest.LogCaptureFixture) -> None:
    quiet = Gateway(Bridge(sse, lifespan="off"), api="url", streaming=True)
    TestClient(quiet).get("/sse")
    assert "the API expects a stream, and the function gave its result in one piece" in caplog.text
    assert "Bridge(app, streaming='on')" in caplog.text
    caplog.clear()
    TestClient(Gateway(Bridge(sse, lifespan="off", streaming="on"), api="url", streaming=True)).get("/sse")
    assert caplog.text == "" or "one piece" not in caplog.text


# Help, and completion


def commands() -> dict[str, Any]:
    (found,) = [each for each in _parser()._actions if each.dest == "command"]
    assert isinstance(found.choices, dict)
    return found.choices


def test_every_command_has_examples() -> None:
    assert [name for name, parser in commands().items() if not parser.epilog] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_commands_that_exist(name: str) -> None:
    lines = [part.partition(">")[0] for line in EXAMPLES[name].splitlines() for part in line.split("|")]
    found = [words for line in lines if (words := shlex.split(line, comments=True))[:1] == ["bridge"]]
    assert name in {words[1] for words in found}
    for words in found:
        _parser().parse_args(words[1:])


def test_help_shows_the_examples() -> None:
    assert "examples:\n  bridge invoke main:handler event.json\n" in run("invoke", "--help").stdout


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_is_short_too(option: str) -> None:
    assert run(option).returncode == 0


def test_completion_without_shtab_says_what_to_install() -> None:
    process = run_without("shtab", "from bridge._command.cli import main; main(['--print-completion', 'bash'])")
    assert process.returncode == 2
    assert process.stderr.endswith('shtab is missing: pip install "lambda-bridge[completion]"\n')


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_commands_and_options(shell: str) -> None:
    pytest.importorskip("shtab", reason="needs shtab, which the group `test` installs")
    process = run("--print-completion", shell)
    assert process.returncode == 0
    assert "--inspect" in process.stdout
    assert "coldstart" in process.stdout


def test_completion_works_in_bash() -> None:
    pytest.importorskip("shtab", reason="needs shtab, which the group `test` installs")
    script = run("--print-completion", "bash").stdout
    asked = 'COMP_WORDS=(bridge serve --ins) COMP_CWORD=2; _shtab_bridge; echo "${COMPREPLY[@]}"'
    process = subprocess.run(["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, check=False)
    assert process.stdout.split() == ["--inspect"], process.stderr
