"""The @connections endpoint: what a function sends to clients, asks of them and closes them with.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from . import _incoming as incoming, _signature as signature
from ._client_connection import MESSAGE_LIMIT, GoneError, SlowClientError
from ._outward import error

if TYPE_CHECKING:
    from starlette.requests import Request

    from ._client_connection import ClientConnection

_ID = re.compile(r"[A-Za-z0-9_-]{15}=")


async def response(request: Request, connection_id: str, connections: dict[str, ClientConnection]) -> Response:
    """Return the answer to a POST (send a message), a GET (who is it?) or a DELETE (close)."""
    refusal = signature.refusal(request, "execute-api")
    if refusal is not None:
        return refusal
    data = await incoming.body(request, MESSAGE_LIMIT)
    if len(data) > MESSAGE_LIMIT:
        return error(413, "PayloadTooLargeException", f"a message has {MESSAGE_LIMIT} bytes at most")
    refusal = signature.forgery(request, data)
    if refusal is not None:
        return refusal
    if request.method not in ("POST", "GET", "DELETE"):
        return error(403, "ForbiddenException", "Forbidden")
    if not _ID.fullmatch(connection_id):
        return error(400, "BadRequestException", f"Invalid connectionId: {connection_id}")
    connection = connections.get(connection_id)
    try:
        if connection is None or not connection.is_open:
            raise GoneError
        if request.method == "GET":
            return JSONResponse(_description(connection))
        if request.method == "DELETE":
            await connection.close(1000, "Connection Closed Normally")
            return Response(status_code=204)
        await connection.post(data.decode("utf-8", "replace"))
    except GoneError:
        return error(410, "GoneException", "Gone")
    except SlowClientError:
        return error(429, "LimitExceededException", "the client does not read what is sent to it")
    return Response(status_code=200)


def _description(connection: ClientConnection) -> dict[str, object]:
    return {
        "connectedAt": _iso(connection.connected),
        "identity": connection.identity,
        "lastActiveAt": _iso(connection.active),
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
