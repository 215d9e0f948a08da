"""An app that does not shut down, though SIGTERM comes once more."""

import asyncio
import os
import signal
from typing import Any

from bridge import Bridge


async def hangs(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


handler = Bridge(hangs)
