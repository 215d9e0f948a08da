"""Both sides of an app behind one command, at one address."""

import json
import logging
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bridge import Bridge
from bridge.gateway import Gateway, Server, WebSocketGateway
from bridge.gateway._both_sides import BothSides
from bridge.websocket import Connections, MemoryStore, connection

from .serving import serving


def app_of(connections: Connections) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def home() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/say")
    async def say(text: str) -> dict[str, int]:
        return {"reached": len((await connections.broadcast("all", text)).reached)}

    @app.websocket("/ws")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await connection(websocket).join("all")
        while True:
            await websocket.send_text((await websocket.receive_text()).upper())

    return app


def test_requests_and_websockets_reach_one_handler_and_requests_reach_clients() -> None:
    connections = Connections(MemoryStore())
    handler = Bridge(app_of(connections), connections=connections)
    both = BothSides(Gateway(handler), WebSocketGateway(handler))
    with Server().serving(both) as url, connect(url.replace("http", "ws", 1) + "/dev") as client:
        client.send("hello")
        assert client.recv(timeout=20) == "HELLO"
        assert httpx.get(url).json() == {"ok": True}
        assert httpx.post(f"{url}/say?text=all", timeout=20).json() == {"reached": 1}
        assert client.recv(timeout=20) == "all"
        assert httpx.get(f"{url}/dev/@connections/x").status_code == 403  # not signed
        assert httpx.get(f"{url}/dev").status_code == 404  # the app's


@pytest.mark.parametrize("path", ["/ws", "/dev/ws"])
def test_a_websocket_at_another_path_leaves_a_line_and_no_complaint(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    handler = Bridge(app_of(Connections()))
    both = BothSides(Gateway(handler), WebSocketGateway(handler))
    with Server().serving(both) as url, pytest.raises(InvalidStatus):
        connect(url.replace("http", "ws", 1) + path)
    assert f"403: '{path}' is not the stage's path, /dev" in caplog.text
    assert "handshake" not in caplog.text


def test_a_websocket_at_an_http_gateway_leaves_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Server().serving(Gateway(Bridge(app_of(Connections())))) as url, pytest.raises(InvalidStatus):
        connect(url.replace("http", "ws", 1) + "/ws")
    assert "WebSocket '/ws' is refused with 403: this is no WebSocket API" in caplog.text
    assert "bridge serve APP --websocket" in caplog.text
    assert "handshake" not in caplog.text


@pytest.mark.parametrize("more", [(), ("--processes", "2"), ("--api", "http", "--stage", "prod")])
def test_the_command_serves_both(more: tuple[str, ...], tmp_path: Path) -> None:
    file = str(tmp_path / "chat.db")
    with serving("examples.chat.app:handler", "--websocket", *more, CHAT_FILE=file) as server:
        page, talk = server.wait_for(r"http://\S+"), server.wait_for(r"ws://\S+")
        assert talk.endswith("/dev")
        with connect(talk, open_timeout=20) as client:
            client.send(json.dumps({"type": "join", "room": "both", "name": "Ann"}))
            assert json.loads(client.recv(timeout=20))["type"] == "welcome"
            said = httpx.post(f"{page}rooms/both/announcements", json={"text": "hello"}, timeout=20)
            assert (said.status_code, said.json()["reached"]) == (201, 1)
            assert json.loads(client.recv(timeout=20))["text"] == "hello"


def test_a_memory_store_is_a_file_where_the_command_has_several_processes() -> None:
    with serving("tests.gateway.served_memory:handler", "--websocket", "--processes", "2") as server:
        page, talk = server.wait_for(r"http://\S+"), server.wait_for(r"ws://\S+")
        said = server.wait_for(r"its store, where the app has a MemoryStore.*: \S+")
        file = Path(said.rpartition(" ")[2])
        assert file.exists()
        with connect(talk, open_timeout=20) as client:
            answers = []
            for _ in range(4):
                client.send("x")
                answers.append(str(client.recv(timeout=20)).split())
            assert [number for number, _ in answers] == ["1", "2", "3", "4"]
            assert len({process for _, process in answers}) == 2
            assert httpx.get(f"{page}news", timeout=20).text == "1"
            assert client.recv(timeout=20) == "news"
        assert server.interrupt() == 0
    assert not file.parent.exists()


@pytest.mark.parametrize("more", [("--websocket",), ("--processes", "2")])
def test_no_file_is_there_where_none_is_needed(more: tuple[str, ...]) -> None:
    with serving("tests.gateway.served_memory:handler", *more) as server:
        for _ in range(100):  # it has said all when it answers
            with suppress(httpx.ConnectError):
                httpx.get(server.url, timeout=20)
                break
            time.sleep(0.1)
        assert server.interrupt() == 0
    assert "MemoryStore" not in "".join(server.lines)
