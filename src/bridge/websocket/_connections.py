"""All connections of a WebSocket API, from any code: to send to them, one or many, and to close them."""

from __future__ import annotations

import os

from ..errors import ConfigurationError
from ._connection import STORE
from ._records import Records
from ._sync import SyncConnections, client_of
from ._threads import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ._store import Store
    from ._sync import Broadcast, Clients

FILE_VARIABLE = "BRIDGE_CONNECTIONS_FILE"
"""The variable in which a local gateway that has several processes says which file they share."""

MANAGEMENT = "API Gateway (POST and DELETE @connections)"
"""What errors call the Management API."""


class Connections:
    """The connections of a WebSocket API: where they are kept between events, and how to reach them from any code.

    In the function behind the API it is given to Bridge: `Bridge(app, connections=connections)`. Elsewhere (the HTTP
    side of an app, a queue's consumer, a script) it is used as it is. The function's role needs
    `execute-api:ManageConnections`.

    Args:
        store: what keeps attachments, groups and what $connect said; None: nothing is kept. In the processes of
            `bridge serve --processes` a FileStore takes the place of a MemoryStore, which would be one process's own.
        endpoint_url: of the Management API, `https://API_ID.execute-api.REGION.amazonaws.com/STAGE`; of a custom domain
            with its mapping. None: AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI, or else what the event tells.
        after_connect: whether what the app sends before its first receive() is posted as soon as the connection is
            established, by an asynchronous invocation of this same function. Its role needs `lambda:InvokeFunction` on
            itself. Otherwise it is posted when the client's first message comes.
        clients: makes the client of an endpoint; None: ManagementAPI.

    Attributes:
        sync: the same methods for code without an event loop: `connections.sync.send(connection_id, text)`.

    Raises:
        ConfigurationError: `store` is none.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        endpoint_url: str | None = None,
        after_connect: bool = False,
        clients: Clients | None = None,
    ) -> None:
        if store is not None and not all(hasattr(store, name) for name in ("get", "put", "delete", "sorts")):
            raise ConfigurationError(f"Connections takes a store, such as DynamoDBStore('table'), not {store!r}.")
        self.records = None if store is None else Records(_shared(store))
        self.after_connect = after_connect
        self.sync = SyncConnections(self.records, endpoint_url, clients or client_of)

    async def send(self, connection_id: str, text: str) -> None:
        """Send a text to a client.

        Args:
            connection_id: `connection(websocket).id`.
            text: at most 131,072 bytes of UTF-8.

        Raises:
            ConfigurationError: nothing tells the endpoint.
            ConnectionGoneError: the client has left, or its $connect is not done.
            MessageTooLargeError, RateLimitError, ManagementError: API Gateway does not take it.
        """
        await call(MANAGEMENT, self.sync.send, connection_id, text)

    async def send_json(self, connection_id: str, value: Any) -> None:
        """Send a value as JSON. Raises as `send` does."""
        await call(MANAGEMENT, self.sync.send_json, connection_id, value)

    async def close(self, connection_id: str) -> bool:
        """Close a connection, with code 1000: there is no way to choose another. The app gets its DISCONNECT.

        Returns:
            Whether it was open.
        """
        return await call(MANAGEMENT, self.sync.close, connection_id)

    async def members(self, group: str) -> list[str]:
        """Return the ids of the connections in a group, in any order. Some may be gone without a word."""
        return await call(STORE, self.sync.members, group)

    async def broadcast(self, group: str, text: str, *, exclude: Collection[str] = ()) -> Broadcast:
        """Send a text to the members of a group, 16 at a time. Members that are gone are taken out of it.

        Args:
            group: its name.
            text: at most 131,072 bytes of UTF-8.
            exclude: ids of members that are not to get it.

        Returns:
            Who was reached, who is gone, and for whom API Gateway has refused. Refusals are logged, not raised.

        Raises:
            ConfigurationError: there is no store, or nothing tells the endpoint.
        """
        return await call(MANAGEMENT, self.sync.broadcast, group, text, exclude=exclude)

    async def broadcast_json(self, group: str, value: Any, *, exclude: Collection[str] = ()) -> Broadcast:
        """Send a value as JSON to the members of a group. As `broadcast` else."""
        return await call(MANAGEMENT, self.sync.broadcast_json, group, value, exclude=exclude)


def _shared(store: Store) -> Store:
    """Return a store that a local gateway's processes share in place of a MemoryStore, which is one process's own."""
    file = os.environ.get(FILE_VARIABLE)
    if file:
        from ._store import FileStore, MemoryStore

        if type(store) is MemoryStore:
            return FileStore(file)
    return store
