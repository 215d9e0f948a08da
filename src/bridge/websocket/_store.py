"""Where connections are kept between events: the protocol of a store, and two stores for one machine."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from typing import Any, NamedTuple, Protocol

from ._budget import left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from sqlite3 import Connection
    from typing import TypeAlias

    Clock: TypeAlias = Callable[[], float]
    """The time in seconds since 1970: `time.time`, or a test's own."""

Value = dict[str, Any]
"""What is kept: an object that JSON can carry."""

LOCK_SECONDS = 30.0
"""Seconds for which a file that another process has locked is waited for; less, where an event has less time left."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    key TEXT, sort TEXT, value TEXT NOT NULL, version INTEGER NOT NULL, expires INTEGER NOT NULL,
    PRIMARY KEY (key, sort)
)
"""


class Item(NamedTuple):
    """A value, and how often it has been written.

    Attributes:
        value: a copy of what was put, through JSON.
        version: 1 after the first `put`, one more after each other.
    """

    value: Value
    version: int


class Store(Protocol):
    """Items with two keys, a version and an end. Any database with conditional writes can be one.

    Bridge calls it from several threads. Calls block. What the database raises passes through.

    Keys are non-empty strings, at most 2048 bytes of UTF-8 the first and 1024 the second (DynamoDB's limits).
    An item lives until the clock, in whole seconds since 1970, has come to its `expires`. After that it is
    as if it had been deleted, whether or not it is still there.
    """

    def get(self, key: str, sort: str) -> Item | None:
        """Return the item as the last `put` that succeeded left it, whoever made it; None: there is none."""

    def put(self, key: str, sort: str, value: Value, *, version: int, expires: int) -> bool:
        """Write an item, if nobody has written since.

        Args:
            key: the first key.
            sort: the second key.
            value: what to keep.
            version: of the item that this one replaces; 0: there is none. The new item's version is one more.
            expires: the item's end, in seconds since 1970.

        Returns:
            False, and nothing is written, if the store has another version. Of several calls at the same time
            with the same version one gets True.
        """

    def delete(self, key: str, sort: str) -> Item | None:
        """Remove an item, and return it. Of several calls at the same time one gets the item."""

    def sorts(self, key: str) -> list[str]:
        """Return the second keys of the items under a first key, in any order."""


class MemoryStore:
    """A store in this process's memory: for tests, and for local development in one process.

    Args:
        clock: tells the time.
    """

    def __init__(self, *, clock: Clock = time.time) -> None:
        self._clock = clock
        self._items: dict[str, dict[str, tuple[str, int, int]]] = {}  # key, sort: JSON, version, expires
        self._lock = threading.Lock()

    def get(self, key: str, sort: str) -> Item | None:
        """Return an item, as `Store.get` does."""
        with self._lock:
            return self._live(key, sort)

    def put(self, key: str, sort: str, value: Value, *, version: int, expires: int) -> bool:
        """Write an item, as `Store.put` does."""
        text = json.dumps(value)
        with self._lock:
            item = self._live(key, sort)
            if version != (item.version if item else 0):
                return False
            self._items.setdefault(key, {})[sort] = (text, version + 1, expires)
            return True

    def delete(self, key: str, sort: str) -> Item | None:
        """Remove an item, as `Store.delete` does."""
        with self._lock:
            item = self._live(key, sort)
            under = self._items.get(key, {})
            under.pop(sort, None)
            if not under:
                self._items.pop(key, None)
            return item

    def sorts(self, key: str) -> list[str]:
        """Return second keys, as `Store.sorts` does."""
        with self._lock:
            return [sort for sort in self._items.get(key, {}) if self._live(key, sort)]

    def _live(self, key: str, sort: str) -> Item | None:
        text, version, expires = self._items.get(key, {}).get(sort, ("", 0, 0))
        return Item(json.loads(text), version) if text and expires > int(self._clock()) else None


class FileStore:
    """A store in an SQLite file: for local development with several processes on one machine.

    Not for Lambda, where every process has a disk of its own. What is lost with the power is lost: nothing waits
    for the disk.

    Args:
        path: the file. It is made when it is not there.
        clock: tells the time.
    """

    def __init__(self, path: str | PathLike[str], *, clock: Clock = time.time) -> None:
        self._path = path
        self._clock = clock
        with closing(self._opened()) as database:
            database.execute("DELETE FROM items WHERE expires <= ?", [int(clock())])

    def get(self, key: str, sort: str) -> Item | None:
        """Return an item, as `Store.get` does."""
        with closing(self._opened()) as database:
            return self._live(database, key, sort)

    def put(self, key: str, sort: str, value: Value, *, version: int, expires: int) -> bool:
        """Write an item, as `Store.put` does."""
        row = (key, sort, json.dumps(value), version + 1, expires)
        with closing(self._opened()) as database, database:
            database.execute("BEGIN IMMEDIATE")
            item = self._live(database, key, sort)
            if version != (item.version if item else 0):
                return False
            database.execute("REPLACE INTO items (key, sort, value, version, expires) VALUES (?, ?, ?, ?, ?)", row)
            return True

    def delete(self, key: str, sort: str) -> Item | None:
        """Remove an item, as `Store.delete` does."""
        with closing(self._opened()) as database, database:
            database.execute("BEGIN IMMEDIATE")
            item = self._live(database, key, sort)
            database.execute("DELETE FROM items WHERE key = ? AND sort = ?", [key, sort])
            return item

    def sorts(self, key: str) -> list[str]:
        """Return second keys, as `Store.sorts` does."""
        with closing(self._opened()) as database:
            found = database.execute("SELECT sort FROM items WHERE key = ? AND expires > ?", [key, int(self._clock())])
            return [sort for (sort,) in found]

    def _opened(self) -> Connection:
        """Open a connection for one call: it belongs to one thread, and is not taken along by a fork."""
        from sqlite3 import connect

        database = connect(self._path, timeout=min(LOCK_SECONDS, left()), isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database

    def _live(self, database: Connection, key: str, sort: str) -> Item | None:
        found = database.execute(
            "SELECT value, version FROM items WHERE key = ? AND sort = ? AND expires > ?",
            [key, sort, int(self._clock())],
        ).fetchone()
        return Item(json.loads(found[0]), found[1]) if found else None
