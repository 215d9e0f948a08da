"""The examples' templates are served as they are."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from bridge.gateway import Template

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.parametrize(
    ("name", "api", "path", "status"),
    [
        ("fastapi_app", "ServerlessHttpApi", "/", 200),
        ("flask_app", "AppUrl", "/", 200),
        ("http_api", "Api", "/", 200),
        ("rest_api", "Api", "/", 200),
        ("custom_integration", "Api", "/orders/1", 404),
        ("container", "ServerlessHttpApi", "/", 501),
        ("token_stream", "AppUrl", "/", 200),
        ("alb", "Listener", "/", 200),
    ],
)
def test_an_example_answers_through_its_template(name: str, api: str, path: str, status: int) -> None:
    template = Template(EXAMPLES / name / "template.yaml")
    with template.serving() as apis:
        response = httpx.get(apis[api] + path, timeout=30, follow_redirects=True)
        assert response.status_code == status, response.text


def test_the_chat_is_one_template_of_two_apis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BRIDGE_MANAGEMENT_ENDPOINT", "BRIDGE_LAMBDA_ENDPOINT"):  # of a gateway that other tests share
        monkeypatch.delenv(name, raising=False)
    folder = EXAMPLES / "chat"
    file = {"CHAT_FILE": str(tmp_path / "chat.db")}
    template = Template(folder / "template.yaml", environment_file=folder / "local.env", environment=file)
    with template.serving() as apis, connect(apis["Sockets"]) as client:
        assert f'data-websocket="{apis["Sockets"]}"' in httpx.get(apis["ServerlessHttpApi"], timeout=30).text
        client.send(json.dumps({"type": "join", "room": "lobby", "name": "me"}))
        assert json.loads(client.recv(30))["type"] == "welcome"
        said = {"text": "The kitchen closes at six"}
        told = httpx.post(apis["ServerlessHttpApi"] + "/rooms/lobby/announcements", json=said, timeout=30)
        assert told.json()["reached"] == 1
        assert json.loads(client.recv(30))["text"] == said["text"]
