"""What few requests meet."""

import argparse
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge._command import inspecting
from bridge._command.cli import main
from bridge.gateway import Template
from bridge.gateway._inspector import recording, snippets
from bridge.gateway._inspector.presenting import served
from bridge.gateway._inspector.recording import Record
from bridge.gateway._process_main import Answers, work
from bridge.gateway._template.api_model import ApiResource, Integration, Route, Stage
from bridge.gateway._template.exchange import ApiExchange
from bridge.gateway._watch import Way
from bridge.runtime._import_string import UsageError

from .inspected import behind

DESK = Path(__file__).parents[1] / "template" / "templates" / "desk" / "template.yaml"


@pytest.mark.parametrize(
    ("kind", "stage", "integration", "settings"),
    [
        ("http", "$default", {"payload": "2.0"}, {}),
        ("http", "$default", {"payload": "1.0"}, {"payload": "1.0"}),
        ("http", "prod", {"payload": "2.0"}, {"stage": "prod"}),
        ("rest", "prod", {"payload": "1.0"}, {"stage": "prod"}),
        ("url", "$default", {"payload": "2.0"}, {}),
        ("alb", "$default", {"settings": {"multi_value": True}}, {"multi_value": True}),
        ("alb", "$default", {}, {}),
        ("rest", "prod", None, {"stage": "prod"}),
    ],
)
def test_the_way_through_a_template_s_api_has_what_a_gateway_takes(
    kind: Any, stage: str, integration: Any, settings: dict[str, Any]
) -> None:
    route = None
    if integration is not None:
        route = Route(method="GET", path="/a", integration=Integration(kind="lambda", **integration))
    nothing: Any = None
    exchange = ApiExchange(
        request=nothing,
        call=nothing,
        account=nothing,
        api=ApiResource(logical_id="Shop", kind=kind, api_id="shop", routes=[]),
        stage=Stage(name=stage),
        path="/a",
        route=route,
    )
    exchange.step("a step")
    way = exchange.way()
    assert (way.api, way.settings, way.name, way.steps) == (kind, settings, "Shop", ["a step"])
    assert way.route == ("" if integration is None else "GET /a")


def test_a_route_is_shown_with_its_authorizer() -> None:
    rows = served(Template(DESK)._stack)
    assert [row for row in rows if ", behind " in row["function"]]
    assert {"api", "route", "function"} == set(rows[0])


def test_log_lines_of_long_ago_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST", 2)
    with behind(lambda event, context: {"statusCode": 200}) as asked:
        for _ in range(7):
            asked.client.get("/")
        recorder = asked.client.app._recorder
    assert (len(recorder.records), len(recorder._running)) == (2, 4)


def test_a_header_that_is_no_utf_8_is_shown_byte_for_byte() -> None:
    assert snippets.readable("caf\xe9") == "café"
    record = Record(number=1, method="GET", target="/", headers=[("x-a", "caf\xe9")], way=Way(api="http", settings={}))
    assert "-H 'x-a: café'" in snippets.curl(record)


def test_what_is_said_between_events_is_not_heard() -> None:
    pipe = io.BytesIO()
    answers = Answers(pipe)
    answers.said("nobody reads this")
    answers.heard = True
    answers.said("half a character: \ud800")
    answers.give({"result": 1}, last=True)
    answers.said("nobody reads this")
    assert [json.loads(line) for line in pipe.getvalue().splitlines()] == [
        {"said": "half a character: ?"},
        {"result": 1},
    ]


def test_a_module_that_fails_in_a_process_is_told_of_by_its_own_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken_in_process.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    pipe = io.BytesIO()
    assert work("broken_in_process:handler", io.BytesIO(), Answers(pipe)) == 1
    told = capsys.readouterr().err
    assert told.endswith("broken_in_process:handler could not be imported: ZeroDivisionError: division by zero\n")
    assert pipe.getvalue() == b""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("inspect", [False, True])
def test_a_person_is_told_of_the_inspector(inspect: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    inspecting.told(argparse.Namespace(inspect=inspect), "http://127.0.0.1:8000")
    hint = "--inspect shows requests in a browser; Ctrl+C ends\n"
    shown = "inspector: http://127.0.0.1:8000/_bridge/\nCtrl+C ends\n"
    assert terminal.getvalue() == (shown if inspect else hint)


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("http://0.0.0.0:8000", "http://127.0.0.1:8000/_bridge/"),
        ("http://[::]:8000", "http://[::1]:8000/_bridge/"),
        ("http://localhost:8000", "http://localhost:8000/_bridge/"),
    ],
)
def test_the_url_is_one_that_is_answered(server: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    inspecting.told(argparse.Namespace(inspect=True, host=""), server)
    assert capsys.readouterr().out == f"inspector: {shown}\n"


def test_an_address_where_the_inspector_does_not_answer_is_refused() -> None:
    with pytest.raises(UsageError, match=r"at 127.0.0.1, and --host 192.168.1.5 is not it"):
        inspecting.told(argparse.Namespace(inspect=True, host="192.168.1.5"), "http://192.168.1.5:8000")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lacking", raising=False)
    (tmp_path / "event.json").write_text("{}")
    return tmp_path / "lacking.py"


def test_an_app_that_lacks_what_the_extra_has_is_told_so(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module.write_text("raise ModuleNotFoundError(name='uvicorn')\n")
    assert main(["invoke", "lacking:handler", "event.json"]) == 2
    assert capsys.readouterr().err == 'bridge invoke: uvicorn is missing: pip install "lambda-bridge[serve]"\n'


def test_a_handler_that_lacks_a_module_when_it_is_called_raises(module: Path) -> None:
    module.write_text("def handler(event, context):\n    import nowhere_to_be_found\n")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        main(["invoke", "lacking:handler", "event.json"])


def test_the_reloader_s_process_says_what_is_wrong_with_a_module(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge._command import cli

    module.write_text("1 / 0\n")
    settings = {
        "target": "lacking:handler", "processes": 0, "routing": "turn", "websocket": None, "streaming": False,
        "concurrency": 1, "hosts": [],
    }  # fmt: skip
    monkeypatch.setenv(cli._SETTINGS, json.dumps(settings))
    with pytest.raises(SystemExit, match="bridge serve: lacking:handler could not be imported: ZeroDivisionError"):
        cli.gateway()
