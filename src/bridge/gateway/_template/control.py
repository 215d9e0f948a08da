"""What a running template answers to functions and to the command line: Lambda's Invoke, and `bridge send`."""

from __future__ import annotations

import json
import logging
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from .._environment import secret
from .._invocations import Invocations, is_invoke
from .._outward import error
from .answering import answer
from .sending import Sender, UnknownNameError

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...types import Event, Receive, Scope, Send
    from .deployment import Deployment

log = logging.getLogger("bridge.gateway")

SEND_PATH = "/bridge/send"
HEADER = "x-bridge-send"
"""It has the secret of this run, which the command line finds in the template's `state_file`.
A page in a browser cannot send it without a preflight, which is not answered."""


class Control:
    """The endpoint of a running template.

    Args:
        deployment: what runs its functions.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.invocations = Invocations(self._function)
        self.sender = Sender(deployment)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection of type "http"."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000, "reason": "there are no WebSockets here"})
            return
        await answer(self._response, scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if is_invoke(request):
            return await self.invocations.response(request)
        said = request.headers.get(HEADER, "").encode()
        is_send = request.method == "POST" and request.scope["path"] == SEND_PATH
        if is_send and compare_digest(said, secret().encode()):
            asked = json.loads(await request.body())
            try:
                return JSONResponse(await self.sender.send(asked["name"], asked["bodies"]))
            except UnknownNameError as unknown:
                return JSONResponse({"message": str(unknown)}, 404)
        return error(404, "ResourceNotFoundException", "there is Lambda's Invoke here, and what `bridge send` asks for")

    def _function(self, name: str) -> _Named | None:
        """Return the function of a name, an ARN or a part of one, with or without a version."""
        plain = name.rpartition("function:")[2].partition(":")[0]
        for logical_id, function in self._deployment.stack.functions.items():
            if plain in (logical_id, function.name):
                return _Named(self._deployment, logical_id)
        return None


class _Named:
    """A function of the deployment."""

    def __init__(self, deployment: Deployment, logical_id: str) -> None:
        self._deployment = deployment
        self._logical_id = logical_id

    async def invoke(self, event: Event, request_id: str, seconds: float) -> Any:
        """Return the result of an event."""
        return json.loads(await self._deployment.invoke(self._logical_id, event, request_id, seconds))
