"""An ASGI app with a lifespan, as it is."""

import asyncio
from typing import Any

from bridge import current


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        print("startup")
        scope["state"]["loop"] = asyncio.get_running_loop()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shutdown")
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert scope["state"]["loop"] is asyncio.get_running_loop()
    context = scope["aws.context"]
    assert current.context.get() is context
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": context.aws_request_id.encode()})
