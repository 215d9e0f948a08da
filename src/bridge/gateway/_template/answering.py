"""A request that comes by ASGI, and its response."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from ...types import Receive, Scope, Send

log = logging.getLogger("bridge.gateway")


async def answer(respond: Callable[[Request], Awaitable[Response]], scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response that `respond` makes of a request, unless the client leaves before its request is complete."""
    try:
        response = await respond(Request(scope, receive))
    except ClientDisconnect:
        log.info("%s %s: the client left before its request was complete", scope["method"], scope["path"])
        return
    await response(scope, receive, send)
