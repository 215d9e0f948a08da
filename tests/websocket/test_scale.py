"""What grows with the size of a group grows in line with it, and what should not does not: by counts, not by time."""

import sqlite3
from collections import Counter
from pathlib import Path
from time import time
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from bridge.websocket import ConnectionGoneError, Connections, DynamoDBStore, FileStore, MemoryStore, connection

from .api import ENDPOINT, api_of
from .counting import CountingStore

LATER = 2_000_000_000


class Endpoint:
    """A Management API that counts posts, and knows who is gone."""

    def __init__(self, gone: set[str] | None = None) -> None:
        self.posts: Counter[str] = Counter()
        self.gone = gone or set()

    def client(self, url: str) -> "Endpoint":
        return self

    def post(self, connection_id: str, data: str | bytes) -> None:
        self.posts[connection_id] += 1
        if connection_id in self.gone:
            raise ConnectionGoneError("410")

    def delete(self, connection_id: str) -> None:
        raise NotImplementedError


def connections_of(store: Any, endpoint: Endpoint) -> Connections:
    return Connections(store, endpoint_url=ENDPOINT, clients=endpoint.client)


@pytest.mark.parametrize("size", [0, 1, 10, 100, 1000])
def test_a_broadcast_is_one_read_of_the_store_and_a_post_for_each_member(size: int) -> None:
    store, endpoint = CountingStore(MemoryStore()), Endpoint()
    connections = connections_of(store, endpoint)
    assert connections.records
    for number in range(size):
        connections.records.join(f"id{number}", ["all"], expires=LATER)
    assert store.calls["put"] == size
    store.calls.clear()
    result = connections.sync.broadcast("all", "x")
    assert len(result.reached) == size
    assert endpoint.posts == dict.fromkeys((f"id{number}" for number in range(size)), 1)
    assert store.calls == {"sorts": 1}


@pytest.mark.parametrize("size", [10, 100])
def test_members_that_are_gone_cost_a_read_and_a_write_each_and_only_once(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CountingStore(MemoryStore())
    endpoint = Endpoint({f"id{number}" for number in range(0, size, 2)})
    connections = connections_of(store, endpoint)
    assert connections.records
    for number in range(size):
        connections.records.join(f"id{number}", ["all"], expires=LATER)
    now = time()
    monkeypatch.setattr("bridge.websocket._records.time", lambda: now + 60)
    store.calls.clear()
    assert set(connections.sync.broadcast("all", "x").gone) == endpoint.gone
    assert store.calls == {"sorts": 1, "get": size // 2, "delete": size // 2}
    store.calls.clear()
    assert len(connections.sync.broadcast("all", "x").reached) == size - size // 2
    assert store.calls == {"sorts": 1}


def test_whoever_is_excluded_is_looked_up_in_a_set() -> None:
    class Names(list[str]):
        def __contains__(self, name: object) -> bool:
            raise AssertionError("it is searched from its beginning for each member")

    endpoint = Endpoint()
    connections = connections_of(MemoryStore(), endpoint)
    assert connections.records
    for number in range(10):
        connections.records.join(f"id{number}", ["all"], expires=LATER)
    excluded = Names(f"id{number}" for number in range(9))
    assert connections.sync.broadcast("all", "x", exclude=excluded).reached == ["id9"]


@pytest.mark.parametrize("others", [0, 500])
def test_what_an_event_asks_of_the_store_does_not_depend_on_how_many_connections_there_are(others: int) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await connection(websocket).join("all")
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    store = CountingStore(MemoryStore())
    api = api_of(Starlette(routes=[WebSocketRoute("/", endpoint)]), store=store)
    for _ in range(others):
        api.connect()
    calls = []
    store.calls.clear()
    client = api.connect()
    calls.append(dict(store.calls))
    store.calls.clear()
    client.say("a")
    calls.append(dict(store.calls))
    store.calls.clear()
    client.leave()
    calls.append(dict(store.calls))
    assert calls == [{"put": 2}, {"get": 1}, {"delete": 2}]


def test_a_group_that_is_larger_than_a_page_of_a_query_is_reached_whole(dynamodb: Any, table: str) -> None:
    # A page has 1 MB. With the longest ids that a key may have, that is a thousand of them.
    ids = {f"{number:04}".ljust(1024, "x") for number in range(1100)}
    items = [
        {"pk": {"S": "group#paged"}, "sk": {"S": id_}, "expires": {"N": str(LATER)}, "version": {"N": "1"}}
        for id_ in sorted(ids)
    ]
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})
    queries: list[object] = []
    note = dynamodb.meta.events.register("before-call.dynamodb.Query", lambda **call: queries.append(call["params"]))
    endpoint = Endpoint()
    try:
        result = connections_of(DynamoDBStore(table, client=dynamodb), endpoint).sync.broadcast("paged", "x")
    finally:
        dynamodb.meta.events.unregister("before-call.dynamodb.Query", note)
    assert set(result.reached) == ids
    assert endpoint.posts == dict.fromkeys(ids, 1)
    assert len(queries) == 2


def test_many_calls_at_once_keep_their_tcp_connections(
    dynamodb_url: str,
    table: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    store = DynamoDBStore(table, endpoint_url=dynamodb_url, region="eu-west-1")
    ids = {f"id{number}" for number in range(64)}
    connections = connections_of(store, Endpoint(ids))
    assert connections.records
    for id_ in ids:
        connections.records.join(id_, ["kept"], expires=LATER)
    now = time()
    monkeypatch.setattr("bridge.websocket._records.time", lambda: now + 60)
    assert set(connections.sync.broadcast("kept", "x").gone) == ids
    assert connections.sync.members("kept") == []
    assert "pool is full" not in caplog.text
    store._client.close()


def test_nothing_that_a_file_store_does_looks_at_all_of_its_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: set[str] = set()
    opened = FileStore._opened

    def traced(self: FileStore) -> sqlite3.Connection:
        database = opened(self)
        database.set_trace_callback(statements.add)
        return database

    store = FileStore(tmp_path / "file.db")
    monkeypatch.setattr(FileStore, "_opened", traced)
    store.put("key", "sort", {}, version=0, expires=LATER)
    store.put("key", "sort", {}, version=1, expires=LATER)
    store.get("key", "sort")
    store.sorts("key")
    store.delete("key", "sort")
    monkeypatch.undo()
    searches = [each for each in statements if each.startswith(("SELECT", "DELETE", "REPLACE"))]
    assert len(searches) >= 4
    with sqlite3.connect(tmp_path / "file.db") as database:
        plans = [database.execute(f"EXPLAIN QUERY PLAN {search}").fetchall() for search in searches]
    database.close()
    assert "SCAN" not in str(plans)
    assert str(plans).count("SEARCH") == len([each for each in searches if not each.startswith("REPLACE")])
