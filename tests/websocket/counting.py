"""A store that counts what is asked of it."""

from collections import Counter

from bridge.websocket import Item, Store
from bridge.websocket._store import Value


class CountingStore:
    """Another store, and how often each of its methods was called."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def get(self, key: str, sort: str) -> Item | None:
        self.calls["get"] += 1
        return self._store.get(key, sort)

    def put(self, key: str, sort: str, value: Value, *, version: int, expires: int) -> bool:
        self.calls["put"] += 1
        return self._store.put(key, sort, value, version=version, expires=expires)

    def delete(self, key: str, sort: str) -> Item | None:
        self.calls["delete"] += 1
        return self._store.delete(key, sort)

    def sorts(self, key: str) -> list[str]:
        self.calls["sorts"] += 1
        return self._store.sorts(key)
