"""Which connection is meant: the one behind a WebSocket object, and the one whose event is being handled."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

from ..errors import ConfigurationError
from ._connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEY = "bridge.connection"
"""The key in the scope under which a connection is found."""

current: ContextVar[Connection] = ContextVar(KEY)
"""The connection whose event is being handled."""


def connection(websocket: Any) -> Connection:
    """Return the connection behind a framework's WebSocket object, or behind an ASGI scope.

    Raises:
        ConfigurationError: it is none of Bridge's: another server runs the app.
    """
    found = _found(websocket)
    if found is None:
        raise ConfigurationError(
            "this WebSocket has no connection of API Gateway: another server than Bridge runs the app"
        )
    return found


def suspending(websocket: Any) -> bool:
    """Return whether a run is about to end while its connection goes on: in `finally`, the client has not left.

    False under any other server, where an endpoint runs once for a connection.
    """
    found = _found(websocket)
    return found is not None and found.suspending


def _found(websocket: Any) -> Connection | None:
    scope = websocket if isinstance(websocket, Mapping) else websocket.scope
    found: Connection | None = scope.get(KEY)
    return found
