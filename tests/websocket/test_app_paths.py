"""An app with one WebSocket endpoint needs no websocket_path; with several, the log names them."""

from typing import Any

import litestar
import pytest
import quart
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from bridge.websocket._app_paths import path_for, websocket_paths

from .api import RefusedError, api_of
from .patterns import app_of, direct


async def endpoint(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text(websocket.url.path + await websocket.receive_text())


def fastapi_app(*paths: str) -> FastAPI:
    app = FastAPI()
    for path in paths:
        app.websocket(path)(endpoint)
    return app


def litestar_app() -> Any:
    @litestar.websocket("/ws")
    async def talk(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        raise NotImplementedError

    return litestar.Litestar([talk], logging_config=None)


def quart_app() -> Any:
    app = quart.Quart("chat")
    app.websocket("/ws")(endpoint)
    return app


MOUNTED = Starlette(routes=[Route("/", endpoint), Mount("/api", routes=[WebSocketRoute("/ws", endpoint)])])


@pytest.mark.parametrize(
    ("app", "paths"),
    [
        (fastapi_app("/ws"), ["/ws"]),
        (fastapi_app("/a", "/b"), ["/a", "/b"]),
        (fastapi_app(), []),
        (MOUNTED, ["/api/ws"]),
        (litestar_app(), ["/ws"]),
        (quart_app(), ["/ws"]),
        (app_of(direct), []),
    ],
)
def test_the_paths_of_an_app(app: Any, paths: list[str]) -> None:
    assert websocket_paths(app) == paths


def test_the_only_one_is_taken_unless_the_deployer_says_something_else() -> None:
    assert path_for(fastapi_app("/ws"), "/") == "/ws"
    assert path_for(fastapi_app("/ws"), "/x") == "/x"
    assert path_for(fastapi_app("/ws/{name}"), "/") == "/"
    assert path_for(fastapi_app("/a", "/b"), "/") == "/"
    assert api_of(fastapi_app("/ws")).connect().say("!") == ["/ws!"]


@pytest.mark.parametrize(("app", "named"), [(fastapi_app("/a", "/b"), "/a, /b"), (fastapi_app(), "does not tell")])
def test_a_refusal_names_them(app: Any, named: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "bridge")
    with pytest.raises(RefusedError):
        api_of(app).connect()
    assert named in caplog.text
