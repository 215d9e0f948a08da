"""An app that does not start up."""

from typing import Any

from bridge import Bridge


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


handler = Bridge(refuses)
