"""An app whose startup waits."""

from typing import Any

from bridge import Bridge

from ..gates import gate_async


async def app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await gate_async("startup")
    await send({"type": "lifespan.startup.complete"})
    await receive()


handler = Bridge(app)
