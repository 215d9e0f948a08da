"""The gateway of a WebSocket API: connections in, events to a handler; and the endpoints by which it answers."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from ..errors import ConfigurationError
from . import _management as management
from ._authorizer import Authorizer
from ._environment import environment
from ._function import LocalFunction
from ._invocations import START, Invocations, is_invoke
from ._outward import error
from ._routes import Selection
from ._session import Session, Settings, deny

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response

    from ..runtime._import_string import Handler
    from ..types import Receive, Scope, Send
    from ._client_connection import ClientConnection

log = logging.getLogger("bridge.gateway")

FORBIDDEN = '{"message":"Forbidden"}'


class WebSocketGateway:
    """An ASGI app that stands in for a WebSocket API of API Gateway, and for Lambda's Invoke.

    Clients connect to `/{stage}`. Connections, messages and ends become the events of the routes $connect, $default
    (or one of `routes`) and $disconnect. The handler answers through `/{stage}/@connections/{id}`, which AWS's SDKs
    can call. Serve it with `bridge.gateway.Server`: other servers know nothing of API Gateway's limit on frames.

    Args:
        handler: `handler(event, context)`: a Lambda handler, or `Processes` of one.
        stage: name of the API's stage.
        timeout: the function's timeout, in seconds.
        concurrency: events that are handled at once, those of one connection among them. More than one has the handler
            run in several threads, or in as many `Processes`.
        idle_timeout: seconds without a message, either way, after which a connection is closed.
        lifetime: seconds after which it is closed anyway.
        routes: keys of routes beside $connect, $disconnect and $default.
        route_selection_expression: where in a message its route's key is.
        route_response: whether what the handler returns for a message goes to the client.
        authorizer: a Lambda authorizer (REQUEST): `authorizer(event, context)`, asked for each connection.

    Raises:
        ConfigurationError: an argument cannot work.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        stage: str = "dev",
        timeout: float = 30.0,
        concurrency: int = 1,
        idle_timeout: float = 600.0,
        lifetime: float = 7200.0,
        routes: Collection[str] = (),
        route_selection_expression: str = "$request.body.action",
        route_response: bool = False,
        authorizer: Handler | None = None,
    ) -> None:
        if not callable(handler):
            raise ConfigurationError(f"WebSocketGateway takes a Lambda handler; {handler!r} cannot be called.")
        if concurrency < 1:
            raise ConfigurationError(f"WebSocketGateway(concurrency=...) takes 1 or more, not {concurrency!r}.")
        for name, seconds in (("timeout", timeout), ("idle_timeout", idle_timeout), ("lifetime", lifetime)):
            if not seconds > 0:
                raise ConfigurationError(f"WebSocketGateway({name}=...) takes seconds, more than 0, not {seconds!r}.")
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", stage):
            raise ConfigurationError(
                f"a WebSocket API's stage has letters, digits, hyphens and underscores only, unlike {stage!r}"
            )
        self._stage = stage
        handlers = [handler] if authorizer is None else [handler, authorizer]
        self._functions = [LocalFunction(each, timeout=timeout, concurrency=concurrency) for each in handlers]
        self._authorizer = None if authorizer is None else Authorizer(self._functions[1])
        self._settings = Settings(
            stage=stage,
            selection=Selection(route_selection_expression, routes),
            route_response=route_response,
            idle_timeout=idle_timeout,
            lifetime=lifetime,
        )
        self._connections: dict[str, ClientConnection] = {}
        self._invocations = Invocations(lambda name: self._functions[0])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection: WebSocket, HTTP, or the gateway's own lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                response = await self._response(Request(scope, receive))
            except ClientDisconnect:
                log.info("%s %s: the client left before its request was complete", scope["method"], scope["path"])
                return
            await response(scope, receive, send)
        elif scope["path"].removesuffix("/") != f"/{self._stage}":
            log.info(
                "403: %r is not the stage's path, /%s, with which the URL of a WebSocket API ends. The path that the "
                "app sees is Bridge's websocket_path.",
                scope["path"],
                self._stage,
            )
            await receive()
            await deny(send, 403, FORBIDDEN)
        else:
            session = Session(self._functions[0], self._authorizer, self._settings, self._connections)
            await session.run(scope, receive, send)

    def environment(self, url: str) -> dict[str, str]:
        """Return what a handler's environment should have, where this gateway is served.

        Args:
            url: the server's: "http://127.0.0.1:8000".
        """
        return environment(url, self._stage)

    def answers(self, path: str) -> bool:
        """Return whether a path is one of Lambda's, or of the connections of this API."""
        return path.startswith((f"/{self._stage}/@connections/", START))

    async def _response(self, request: Request) -> Response:
        path = request.scope["path"]
        if is_invoke(request):
            return await self._invocations.response(request)
        stage, at_connections, connection_id = path.rpartition("/@connections/")
        if at_connections and stage == f"/{self._stage}":
            return await management.response(request, connection_id, self._connections)
        return error(403, "ForbiddenException", "Forbidden")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._invocations.finish()
        for function in self._functions:
            await function.close()
        await send({"type": "lifespan.shutdown.complete"})
