"""A WebSocket API of the template, as an ASGI app."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from .. import _management as management, _signature as signature, _source_arn as source_arns
from .._authorizer import Authorizer
from .._function import UninvokedError
from .._outward import error
from .._routes import Selection
from .._session import NoRouteError, Session, Settings, deny
from .._websocket import FORBIDDEN
from .answering import answer
from .api_model import Integration

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...types import Event, Receive, Scope, Send
    from .._client_connection import ClientConnection
    from .api_model import ApiResource, Route
    from .deployment import Deployment

log = logging.getLogger("bridge.gateway")

_OWN = frozenset(("$connect", "$disconnect", "$default"))


class WebSocketFront:
    """A WebSocket API, ready for connections.

    Args:
        api: what the template says.
        deployment: what runs its functions.
    """

    def __init__(self, api: ApiResource, deployment: Deployment) -> None:
        self.api = api
        self._stage = api.stages[0]
        self._deployment = deployment
        self._connections: dict[str, ClientConnection] = {}
        account = deployment.stack.account
        self._settings = Settings(
            stage=self._stage.name,
            selection=Selection(api.selection, {route.path for route in api.routes} - _OWN),
            route_response=any(route.response for route in api.routes),
            idle_timeout=600.0,
            lifetime=7200.0,
            api_id=api.api_id,
            region=account.region,
            account=account.account,
            variables=self._stage.variables,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection: WebSocket, or HTTP for @connections."""
        if scope["type"] == "http":
            await answer(self._response, scope, receive, send)
        elif scope["path"].removesuffix("/") != f"/{self._stage.name}":
            log.info("%r is not the stage's path, /%s: the client is refused", scope["path"], self._stage.name)
            await deny(send, 403, FORBIDDEN)
        else:
            await self.connected(scope, receive, send)

    async def connected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket connection that has reached the stage."""
        route = _route(self.api, "$connect")
        authorizer = None
        if route is not None and route.authorizer == "AWS_IAM":
            request = Request({**scope, "type": "http"})
            if "X-Amz-Signature" not in request.query_params and signature.refusal(request, "execute-api"):
                await deny(send, 403, FORBIDDEN)
                return
        elif route is not None and route.authorizer:
            asked = _ConnectAuthorizer(self.api, route, self._deployment)
            authorizer = Authorizer(asked, region=self._settings.region, account=self._settings.account)
        session = Session(_Routed(self.api, self._deployment), authorizer, self._settings, self._connections)
        await session.run(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        stage, at_connections, connection_id = request.scope["path"].rpartition("/@connections/")
        if at_connections and stage == f"/{self._stage.name}":
            return await management.response(request, connection_id, self._connections)
        return error(403, "ForbiddenException", "Forbidden")


class _Routed:
    """What stands for a function: whichever the event's route calls."""

    def __init__(self, api: ApiResource, deployment: Deployment) -> None:
        self._api = api
        self._deployment = deployment

    async def invoke(self, event: Event, request_id: str, seconds: float) -> Any:
        """Return the result of the route's function."""
        key = event["requestContext"]["routeKey"]
        route = _route(self._api, key)
        if route is None:
            if key == "$default":
                raise NoRouteError(f"{self._api.logical_id} has no route $default")
            return {"statusCode": 200}
        if route.integration.kind == "mock":
            return {"statusCode": 200}
        function = _called(self._api, self._deployment, route.integration, f"{event['requestContext']['stage']}/{key}")
        seconds = min(route.integration.seconds or seconds, seconds)
        return json.loads(await self._deployment.invoke(function, event, request_id, seconds))


class _ConnectAuthorizer:
    """What stands for the authorizer's function, asked only if the request has its identity sources."""

    def __init__(self, api: ApiResource, route: Route, deployment: Deployment) -> None:
        self._api = api
        self._name = route.authorizer
        self._deployment = deployment

    async def invoke(self, event: Event, request_id: str, seconds: float) -> Any:
        """Return the authorizer's answer.

        Raises:
            Exception: "Unauthorized", if a source is missing; or as of `Deployment.invoke`.
        """
        resource = self._api.authorizers[self._name]
        headers = {name.lower(): value for name, value in event["headers"].items()}
        query = event.get("queryStringParameters") or {}
        for each in resource.identity:
            kind, _, name = each.partition(".")
            found = headers.get(name.lower()) if kind == "header" else query.get(name)
            if not found and kind in ("header", "querystring"):
                raise UnauthorizedError("Unauthorized")
        integration = Integration(kind="lambda", function=resource.function, credentials=resource.credentials)
        function = _called(self._api, self._deployment, integration, f"authorizers/{resource.name}")
        return json.loads(await self._deployment.invoke(function, event, request_id, seconds))


class UnauthorizedError(Exception):
    """A request that lacks what its authorizer wants."""


def _called(api: ApiResource, deployment: Deployment, integration: Integration, place: str) -> str:
    """Return the function that an integration calls.

    Raises:
        UninvokedError: its policy does not let the API in, or it is no function of the template.
    """
    account = deployment.stack.account
    if integration.kind != "lambda" or not integration.function:
        raise UninvokedError(f"{api.logical_id}: {place} is no function of this template")
    arn = source_arns.execute_api(account.region, account.account, f"{api.api_id}/{place}")
    if not integration.credentials and deployment.granted(integration.function, source_arn=arn) is None:
        route = place.partition("/")[2]
        raise UninvokedError(deployment.missing(integration.function, api.logical_id, arn, route))
    return integration.function


def _route(api: ApiResource, key: str) -> Route | None:
    return next((route for route in api.routes if route.path == key), None)
