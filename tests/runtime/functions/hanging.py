"""An app that does not shut down."""

import asyncio
from typing import Any

from bridge import Bridge


async def hangs(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.Event().wait()


handler = Bridge(hangs)
