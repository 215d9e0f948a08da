"""An app that has a MemoryStore, as docs/websockets.md begins with."""

import os
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from bridge import Bridge
from bridge.websocket import Connections, MemoryStore, connection

connections = Connections(MemoryStore())


async def count(websocket: WebSocket) -> None:
    """Answer with the number of the message, and the process that has counted it."""
    await websocket.accept()
    mine = connection(websocket)
    await mine.join("all")
    while True:
        await websocket.receive_text()
        number = await mine.update(lambda number: (number or 0) + 1)
        await websocket.send_text(f"{number} {os.getpid()}")


async def announce(request: Request) -> Any:
    """Tell all clients."""
    result = await connections.broadcast("all", "news")
    return PlainTextResponse(str(len(result.reached)))


app = Starlette(routes=[WebSocketRoute("/", count), Route("/news", announce)])
handler = Bridge(app, connections=connections)
