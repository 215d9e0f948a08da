"""Both sides of an app at one address: requests go to one gateway, WebSockets to the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ..types import Message, Receive, Scope, Send
    from ._gateway import Gateway
    from ._websocket import WebSocketGateway


class BothSides:
    """An ASGI app that stands in for two APIs of one function.

    Args:
        http: gets requests.
        websocket: gets WebSocket connections, and what functions and SDKs send to them.
    """

    def __init__(self, http: Gateway, websocket: WebSocketGateway) -> None:
        self._http = http
        self._websocket = websocket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection of either kind, or the lifespan of both."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "websocket" or self._websocket.answers(scope["path"]):
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    def environment(self, url: str) -> dict[str, str]:
        """Return what a handler's environment should have, where this is served at a URL."""
        return self._websocket.environment(url)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        ending = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for gateway in (self._http, self._websocket):
                tasks.create_task(_lifespan(gateway, scope, ending))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            ending.set()
        await send({"type": "lifespan.shutdown.complete"})


async def _lifespan(gateway: Any, scope: Scope, ending: asyncio.Event) -> None:
    messages = iter([{"type": "lifespan.startup"}])

    async def receive() -> Message:
        for message in messages:
            return message
        await ending.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: Message) -> None:
        """Take what both of them say: it is said once, for both."""

    await gateway(scope, receive, send)
