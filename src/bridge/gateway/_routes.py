"""The events of a WebSocket API's routes: $connect, $disconnect, $default and those of the API's own.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ..errors import ConfigurationError
from ..sources._client_request import last, multi
from . import _forwarded as forwarded
from ._client_connection import identifier

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any, Protocol

    from ..types import Event, Scope

    class Connected(Protocol):
        """What events tell of a connection: see `ClientConnection`."""

        api_id: str
        id: str
        domain: str
        identity: dict[str, str]
        authorizer: dict[str, str] | None
        connected: float


_NOT_DELIVERED = frozenset(["connection", "upgrade"])
_EXPRESSION = re.compile(r"\$request\.body((?:\.[A-Za-z0-9_-]+)+)|\$\{request\.body((?:\.[A-Za-z0-9_-]+)+)\}")


class Selection:
    """Which route a message takes.

    Args:
        expression: the API's route selection expression: "$request.body.action".
        routes: keys of the API's own routes.

    Raises:
        ConfigurationError: the expression selects nothing in a message.
    """

    def __init__(self, expression: str, routes: Collection[str]) -> None:
        match = _EXPRESSION.fullmatch(expression)
        if match is None:
            raise ConfigurationError(
                f"a route selection expression is as $request.body.action, or ${{request.body.a.b}}: not {expression!r}"
            )
        self._names = (match[1] or match[2])[1:].split(".")
        self._routes = frozenset(routes)

    def route_key(self, body: str) -> str:
        """Return the route of a message: "$default", if its body is no JSON or names no route."""
        if not self._routes:
            return "$default"
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return "$default"
        for name in self._names:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, str) and value in self._routes else "$default"


def connect(connection: Connected, stage: str, scope: Scope) -> Event:
    """Return the event of a client that asks for a connection."""
    added = forwarded.added(scope)
    lines = [line for line in forwarded.lines(scope) if line[0].lower() not in _NOT_DELIVERED | added.keys()]
    lines = [(_spelled(name), value) for name, value in [*lines, *added.items()]]
    event: Event = {"headers": last(lines), "multiValueHeaders": multi(lines)}
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if query:
        event["queryStringParameters"] = last(query)
        event["multiValueQueryStringParameters"] = multi(query)
    event["requestContext"] = _context(connection, stage, "$connect", "CONNECT")
    event["isBase64Encoded"] = False
    return event


def message(connection: Connected, stage: str, route_key: str, body: str) -> Event:
    """Return the event of a message. It has no headers and no query."""
    context = _context(connection, stage, route_key, "MESSAGE", messageId=identifier())
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def disconnect(connection: Connected, stage: str, code: int, reason: str) -> Event:
    """Return the event of a connection that has ended, with its close code and reason."""
    headers = {"Host": connection.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": _context(
            connection,
            stage,
            "$disconnect",
            "DISCONNECT",
            disconnectStatusCode=code,
            disconnectReason=reason,
        ),
        "isBase64Encoded": False,
    }


def _context(connection: Connected, stage: str, route_key: str, event_type: str, **more: object) -> dict[str, Any]:
    now = time.time()
    request_id = identifier()
    context: dict[str, Any] = {
        "routeKey": route_key,
        **more,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "messageDirection": "IN",
        "stage": stage,
        "connectedAt": int(connection.connected * 1000),
        "requestTimeEpoch": int(now * 1000),
        "identity": connection.identity,
        "requestId": request_id,
        "domainName": connection.domain,
        "connectionId": connection.id,
        "apiId": connection.api_id,
    }
    if connection.authorizer is not None:
        context["authorizer"] = connection.authorizer
    return context


def _spelled(name: str) -> str:
    # AWS keeps the client's spelling. Servers here lower it: then as browsers spell it.
    return name.title().replace("Websocket", "WebSocket") if name.islower() else name
