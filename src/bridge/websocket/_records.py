"""What is kept of connections and groups between events, and under which keys.

connection#ID   -            the connection: its $connect, its attachment, greetings that wait
connection#ID   group#NAME   that it is a member of a group
group#NAME      ID           the same, to be found by the group
"""

from __future__ import annotations

from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._store import Item, Store, Value

LIFETIME = 2 * 3600 + 300
"""Seconds from $connect to the end of a record: a connection lasts two hours at most.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

YOUNG = 10
"""Seconds for which a member is believed in, though API Gateway does not know it: its $connect may not be done."""

_SELF = "-"
_GROUP = "group#"


class Records:
    """Connections and groups in a store. Calls block; any number of threads may make them.

    Attributes:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, connection_id: str) -> Item | None:
        """Return the record of a connection."""
        return self.store.get(_key(connection_id), _SELF)

    def put(self, connection_id: str, value: Value, *, version: int, expires: int) -> bool:
        """Write the record of a connection, if its version is still `version`."""
        return self.store.put(_key(connection_id), _SELF, value, version=version, expires=expires)

    def remove(self, connection_id: str) -> Item | None:
        """Remove a connection and leave its groups: its last record; None: somebody else has removed it."""
        item = self.store.delete(_key(connection_id), _SELF)
        if item is not None:
            self.leave(connection_id, item.value.get("groups", ()))
        return item

    def members(self, group: str) -> list[str]:
        """Return the ids of the connections in a group."""
        return self.store.sorts(_GROUP + group)

    def join(self, connection_id: str, groups: Iterable[str], *, expires: int) -> None:
        """Make a connection a member of groups. One that is a member stays one."""
        for group in groups:
            self.store.put(_GROUP + group, connection_id, {"joined": int(time())}, version=0, expires=expires)

    def leave(self, connection_id: str, groups: Iterable[str]) -> None:
        """Take a connection out of groups."""
        for group in groups:
            self.store.delete(_GROUP + group, connection_id)

    def forget(self, connection_id: str, group: str) -> None:
        """Take a connection that is gone out of a group, unless it is so young that its $connect may not be done."""
        item = self.store.get(_GROUP + group, connection_id)
        if item is not None and time() - item.value["joined"] > YOUNG:
            self.leave(connection_id, [group])


def _key(connection_id: str) -> str:
    return "connection#" + connection_id
