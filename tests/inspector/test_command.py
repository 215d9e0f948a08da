"""`bridge serve --inspect`."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.gateway._inspector import PATH

from ..gateway.serving import Server, serving
from .inspected import OWN
from .templates import CALLING

TARGET = "tests.inspector.printing:handler"


def inspector_of(server: Server) -> str:
    return server.wait_for(r"inspector: http\S+").removeprefix("inspector: ")


def shown(url: str, number: int) -> Any:
    return httpx.get(f"{url}requests/{number}").json()


@pytest.mark.parametrize("more", [[], ["--processes", "1"], ["--reload"], ["--concurrency", "2"]], ids=str)
def test_the_command_says_where_the_inspector_is_and_shows_what_goes_by(more: list[str]) -> None:
    with serving(TARGET, "--inspect", *more) as server:
        url = inspector_of(server)
        assert httpx.get(server.url + "tea").status_code == 200
        page = httpx.get(url)
        request = shown(url, 1)
        assert server.interrupt() == 0
    assert "<h1>Bridge inspector</h1>" in page.text
    (invocation,) = request["invocations"]
    log = invocation["log"]["text"] + request["log"]["text"]
    assert "printed /tea" in log
    assert "logged /tea" in log
    assert "GET /tea 200" in log
    terminal = "".join(server.lines)
    assert all(text in terminal for text in ("printed /tea", "logged /tea", "GET /tea 200"))
    assert "Traceback" not in terminal


def test_an_app_is_one_in_the_test_to_copy(tmp_path: Path) -> None:
    with serving("tests.gateway.served:app", "--inspect") as server:
        url = inspector_of(server)
        httpx.get(server.url + "redirect")
        test = shown(url, 1)["snippets"]["pytest"]
    assert "Gateway(Bridge(app), api='http')" in test


def test_without_the_option_there_is_no_inspector() -> None:
    with serving(TARGET) as server:
        assert httpx.get(server.url + PATH[1:]).content == b""
    assert "inspector: " not in "".join(server.lines)


def test_a_name_that_is_allowed_for_the_app_is_not_for_the_inspector() -> None:
    with serving(TARGET, "--inspect", "--allow-host", "shop.example.com") as server:
        url = inspector_of(server)
        headers = {"host": "shop.example.com"}
        assert httpx.get(server.url + "tea", headers=headers).status_code == 200
        assert httpx.get(url, headers=headers).status_code == 403
        server.wait_for("the inspector has refused a request: the host 'shop.example.com' is not localhost")


def test_both_sides_of_an_app_are_inspected() -> None:
    from websockets.sync.client import connect

    with serving("tests.gateway.served_websocket:handler", "--websocket", "--inspect") as server:
        url = inspector_of(server)
        with connect(server.wait_for(r"ws://\S+")) as client:
            client.send("tea")
            client.recv(timeout=20)
        lines = httpx.get(url + "requests").json()["requests"]
    posts = [line for line in lines if "/@connections/" in line["target"]]
    assert posts
    caller = {line["number"]: line for line in lines}[posts[-1]["callers"][0]["number"]]
    assert caller["method"] == "WEBSOCKET" or caller["target"].endswith("/invocations")


def test_a_template_s_functions_routes_and_calls_between_them_are_shown(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(CALLING)
    with serving("--inspect", cwd=tmp_path) as server:
        url = inspector_of(server)
        api = server.wait_for(r"HTTP API\): http\S+").removeprefix("HTTP API): ")
        answer = httpx.get(api + "items/1", timeout=20)
        assert answer.json() == {"got": {"tea": 1}}, server.lines
        got = httpx.get(url + "requests").json()
        first, second = shown(url, 1), shown(url, 2)
        httpx.post(f"{url}requests/2/replay", json={"invocation": 0}, headers=OWN)
        server.interrupt()
    assert got["served"] == [
        {"api": "ServerlessHttpApi (http)", "route": "GET /items/{id}", "function": "Front"},
        {"api": "sqs", "route": "Back/Jobs", "function": "Back"},
    ]
    assert (first["route"], first["functions"]) == ("GET /items/{id}", ["Front"])
    assert "front prints" in first["invocations"][0]["log"]["text"]
    assert second["functions"] == ["Back"]
    assert second["callers"] == [{"number": 1, "function": "Front"}]
    assert json.loads(second["invocations"][0]["event"]["text"]) == {"tea": 1}
    assert "back prints" in second["invocations"][0]["log"]["text"]
