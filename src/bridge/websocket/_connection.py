"""A connection as the app sees it: its id, its attachment, its groups."""

from __future__ import annotations

import json
from time import time

from ..errors import ConfigurationError
from ._errors import AttachmentError, ConnectionGoneError, LostUpdateError
from ._records import LIFETIME, Records
from ._threads import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..types import Event
    from ._store import Value

ATTACHMENT_LIMIT = 16_384
"""Bytes of JSON that an attachment may have."""

ATTEMPTS = 20
"""Times that `update` tries, before it gives up."""


STORE = "the store of connections"
"""What errors call it."""

TOO_SLOW = f"other events of this connection have changed what is kept of it {ATTEMPTS} times in between"


class Connection:
    """A connection, in one event. `bridge.websocket._connection(websocket)` finds it.

    An app runs from its beginning in every event, so all of this may be called again and again: what has been set, or
    joined, already costs nothing, and when the connection has ended nothing is kept any more.

    Attributes:
        id: API Gateway's id of the connection, by which any other code can send to it.
        suspending: whether this event is over and the connection goes on, so that `finally` is no goodbye.
        endpoint_url: where API Gateway takes messages for it.
    """

    def __init__(self, event: Event, records: Records | None, endpoint_url: str) -> None:
        context = event["requestContext"]
        self.id: str = context["connectionId"]
        self.suspending = False
        self.endpoint_url = endpoint_url
        self._records = records
        self._expires = int((context.get("connectedAt") or time() * 1000) / 1000) + LIFETIME
        self._value: Value = {}
        self._version = 0
        self._live = False  # has a record: not yet in $connect, not any more when it has ended
        self._overtaken = False  # another event has changed the attachment, which the app has not seen

    @property
    def attachment(self) -> Any:
        """Return a copy of the connection's value, as the event began or as it was last set; None: it has no value.

        To change it: `set_attachment` or `update`.
        """
        return json.loads(_text(self._value.get("attachment")))

    async def set_attachment(self, value: Any) -> None:
        """Keep a small value with the connection, for the events to come. A value that is there already costs nothing.

        Args:
            value: anything that JSON can carry, 16,384 bytes of it at most.

        Raises:
            AttachmentError: it is no JSON, or larger.
            ConfigurationError: there is no store.
            LostUpdateError: another event of this connection has changed it since this one began. Nothing was written.
        """
        if not await self._attach(value):
            raise LostUpdateError(
                "another event of this connection has changed its attachment: two messages were handled at once. "
                "To change a value whoever else does: await connection.update(change)."
            )

    async def update(self, change: Callable[[Any], Any]) -> Any:
        """Change the attachment whoever else changes it at the same time.

        Args:
            change: makes the new value from the one that is there. Called again, with a newer one, if another event was
                faster.

        Returns:
            The new value.

        Raises:
            AttachmentError, ConfigurationError: as `set_attachment`.
            ConnectionGoneError: another event has closed the connection meanwhile.
            LostUpdateError: other events were faster 20 times.
        """
        for _ in range(ATTEMPTS):
            value = change(self.attachment)
            if await self._attach(value):
                return value
            if not await self.reload():
                raise ConnectionGoneError("another event of this connection has closed it")
        raise LostUpdateError(TOO_SLOW)

    @property
    def groups(self) -> list[str]:
        """Return the names of its groups; when the connection has ended, of those that it was in."""
        return list(self._value.get("groups", ()))

    async def join(self, group: str) -> None:
        """Make the connection a member of a group until it ends, or leaves. In $connect: when that is accepted.

        Raises:
            ConfigurationError: there is no store.
        """
        records = self._kept()
        if group not in self.groups:
            if self._live:
                await call(STORE, records.join, self.id, [group], expires=self._expires)
            await self._regroup({group}, set())

    async def leave(self, group: str) -> None:
        """Take the connection out of a group. Raises as `join` does."""
        records = self._kept()
        if group in self.groups:
            if self._live:
                await call(STORE, records.leave, self.id, [group])
            await self._regroup(set(), {group})

    @property
    def snapshot(self) -> Value:
        """Return what $connect said."""
        snapshot: Value = self._value["connect"]
        return snapshot

    def begin(self, snapshot: Value) -> None:
        """Take what is known of a connection that has no record."""
        self._value = {"connect": snapshot}

    async def create(self, greetings: list[str]) -> None:
        """Write the record, once $connect is accepted.

        Args:
            greetings: what the app has sent so far, to be posted later.
        """
        if self._records is None:
            return
        self._live = True
        if not await self._put({**self._value, "greetings": greetings} if greetings else self._value):
            raise LostUpdateError(f"the store has a connection {self.id!r} already")
        await call(STORE, self._records.join, self.id, self.groups, expires=self._expires)

    async def reload(self) -> bool:
        """Read the record; False: there is none."""
        item = await call(STORE, self._kept().get, self.id)
        if item is None:
            return False
        self._live = True
        self._overtaken = False
        self._value, self._version = item
        return True

    async def greetings(self) -> list[str]:
        """Take what the app has sent in $connect: for one event, which has to post it. The others get nothing."""
        while greetings := self._value.get("greetings"):
            if await self._put({key: value for key, value in self._value.items() if key != "greetings"}):
                return list(greetings)
            if not await self.reload():
                break
        return []

    async def remove(self) -> bool:
        """Remove the record and leave all groups; False: another event has, and sees to the rest."""
        if self._records is None:
            return True
        item = await call(STORE, self._records.remove, self.id)
        self._live = False
        if item is None:
            return False
        self._value, self._version = item
        return True

    async def _attach(self, value: Any) -> bool:
        self._kept()
        text = _text(value)
        if len(text.encode()) > ATTACHMENT_LIMIT:
            raise AttachmentError(
                f"an attachment may have {ATTACHMENT_LIMIT:,} bytes of JSON; this one has {len(text.encode()):,}. "
                "Keep a key in it, and what is large in a database."
            )
        if text == _text(self._value.get("attachment")):
            return not self._overtaken
        return not self._overtaken and await self._put({**self._value, "attachment": json.loads(text)})

    async def _regroup(self, joined: set[str], left: set[str]) -> None:
        for _ in range(ATTEMPTS):
            groups = sorted(joined.union(self.groups) - left)
            if await self._put({**self._value, "groups": groups}):
                return
            attachment, overtaken = self._value.get("attachment"), self._overtaken
            if not await self.reload():
                self._live = False  # another event has closed it
                await call(STORE, self._kept().leave, self.id, joined)
            self._overtaken = overtaken or attachment != self._value.get("attachment")
        raise LostUpdateError(TOO_SLOW)

    async def _put(self, value: Value) -> bool:
        if self._live:
            put = self._kept().put
            if not await call(STORE, put, self.id, value, version=self._version, expires=self._expires):
                return False
            self._version += 1
        self._value = value
        return True

    def _kept(self) -> Records:
        if self._records is None:
            raise ConfigurationError(
                "attachments and groups need a store: Bridge(app, connections=Connections(DynamoDBStore('table')))"
            )
        return self._records


def _text(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError) as error:
        raise AttachmentError(f"an attachment has to be JSON: {error}") from error
    return text
