"""What every store has to do."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import bridge
from bridge.websocket._dynamodb import DynamoDBStore
from bridge.websocket._store import FileStore, Item, MemoryStore, Store

from .conftest import PAGE

T = TypeVar("T")
THREADS = 8


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.9  # items are measured in whole seconds
        self.delay = 0.0

    def __call__(self) -> float:
        time.sleep(self.delay)  # lets another thread in, where a store asks for the time
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", "dynamodb", "page"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(clock=clock)
    if request.param == "file":
        yield FileStore(tmp_path / "connections.db", clock=clock)
    if request.param == "dynamodb":
        client = request.getfixturevalue("dynamodb")
        yield DynamoDBStore(request.getfixturevalue("table"), client=client, clock=clock)
    if request.param == "page":
        with closing(sqlite3.connect(":memory:", check_same_thread=False)) as database:
            yield store_of_the_page(database, clock)


def store_of_the_page(database: sqlite3.Connection, clock: Clock) -> Store:
    """The store that docs/websocket-stores.md shows people how to write."""
    (code,) = re.findall(r"^```python\n((?:(?!```).)*^class SQLStore:.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    names["time"] = SimpleNamespace(time=clock)
    store: Store = names["SQLStore"](database)
    return store


@pytest.fixture
def key() -> str:
    """A key that no other test has: DynamoDB's table is there for all of them."""
    return uuid.uuid4().hex


@pytest.fixture
def later(clock: Clock) -> int:
    return int(clock.now) + 60


def test_what_was_put_is_there(store: Store, key: str, later: int) -> None:
    assert store.get(key, "a") is None
    assert store.put(key, "a", {"n": 1}, version=0, expires=later)
    assert store.get(key, "a") == Item({"n": 1}, 1)
    assert store.get(key, "b") is None


def test_a_put_needs_the_version_that_is_stored(store: Store, key: str, later: int) -> None:
    assert not store.put(key, "a", {"n": 0}, version=1, expires=later)
    assert store.put(key, "a", {"n": 1}, version=0, expires=later)
    for version in (0, 2):
        assert not store.put(key, "a", {"n": 2}, version=version, expires=later)
    assert store.put(key, "a", {"n": 3}, version=1, expires=later)
    assert store.get(key, "a") == Item({"n": 3}, 2)


def test_what_was_deleted_is_returned_once(store: Store, key: str, later: int) -> None:
    assert store.delete(key, "a") is None
    store.put(key, "a", {"n": 1}, version=0, expires=later)
    store.put(key, "b", {"n": 2}, version=0, expires=later)
    assert store.delete(key, "a") == Item({"n": 1}, 1)
    assert store.delete(key, "a") is None
    assert store.get(key, "a") is None
    assert store.sorts(key) == ["b"]


def test_an_item_is_there_until_its_last_second_has_begun(store: Store, clock: Clock, key: str, later: int) -> None:
    store.put(key, "a", {"n": 1}, version=0, expires=later)
    clock.now = later - 0.1
    assert store.get(key, "a")
    assert store.sorts(key) == ["a"]
    for clock.now in (later, later + 30):
        assert store.get(key, "a") is None
        assert store.sorts(key) == []
        assert not store.put(key, "a", {"n": 2}, version=1, expires=later + 60)
    assert store.put(key, "a", {"n": 3}, version=0, expires=later + 60)
    assert store.get(key, "a") == Item({"n": 3}, 1)


def test_what_has_expired_is_not_returned_when_it_is_deleted(store: Store, clock: Clock, key: str, later: int) -> None:
    store.put(key, "a", {"n": 1}, version=0, expires=later)
    clock.now = later
    assert store.delete(key, "a") is None
    clock.now = later - 1
    assert store.get(key, "a") is None


def test_a_put_sets_a_new_end(store: Store, clock: Clock, key: str, later: int) -> None:
    store.put(key, "a", {}, version=0, expires=later)
    store.put(key, "a", {}, version=1, expires=later + 60)
    clock.now = later
    assert store.get(key, "a") == Item({}, 2)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"": ["nested", {"a": None, "b": [True, 1.5, -(10**30)]}]},
        {"text": "naïve 😀 \ud800 \x00"},
        {"long": "x" * 50_000, "any": [f"{n:x}" for n in range(3000)]},
    ],
    ids=["empty", "nested", "characters", "long"],
)
def test_values_come_back_as_they_were(store: Store, key: str, later: int, value: dict[str, Any]) -> None:
    assert store.put(key, "a", value, version=0, expires=later)
    assert store.get(key, "a") == Item(value, 1)
    assert store.delete(key, "a") == Item(value, 1)


def test_a_value_is_a_copy(store: Store, key: str, later: int) -> None:
    value = {"list": [1]}
    store.put(key, "a", value, version=0, expires=later)
    value["list"].append(2)
    item = store.get(key, "a")
    assert item == Item({"list": [1]}, 1)
    item.value["list"].append(3)
    assert store.get(key, "a") == Item({"list": [1]}, 1)


def test_a_value_that_json_cannot_carry_is_refused_and_changes_nothing(store: Store, key: str, later: int) -> None:
    store.put(key, "a", {"n": 1}, version=0, expires=later)
    with pytest.raises(TypeError, match="bytes"):
        store.put(key, "a", {"n": b""}, version=1, expires=later)
    assert store.get(key, "a") == Item({"n": 1}, 1)


@pytest.mark.parametrize("sort", ["0", "#", "a b", "é😀", "ab/+c=", "'; --", "%"])
def test_keys_are_any_text(store: Store, key: str, later: int, sort: str) -> None:
    store.put(key + sort, sort, {"n": 1}, version=0, expires=later)
    assert store.sorts(key + sort) == [sort]
    assert store.get(key + sort, sort) == Item({"n": 1}, 1)
    assert store.sorts(key) == []


def at_once(clock: Clock, function: Callable[[int], T]) -> list[T]:
    """What a function returns in several threads that call it at the same time."""
    clock.delay = 0.002
    barrier = threading.Barrier(THREADS)

    def call(number: int) -> T:
        barrier.wait(20)
        return function(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


def test_of_several_puts_with_the_same_version_one_wins(store: Store, clock: Clock, key: str, later: int) -> None:
    for version in range(3):

        def put(number: int, version: int = version) -> bool:
            return store.put(key, "a", {"writer": number}, version=version, expires=later)

        won = at_once(clock, put)
        assert won.count(True) == 1
        assert store.get(key, "a") == Item({"writer": won.index(True)}, version + 1)


def test_of_several_deletes_one_gets_the_item(store: Store, clock: Clock, key: str, later: int) -> None:
    store.put(key, "a", {"n": 1}, version=0, expires=later)
    got = at_once(clock, lambda _number: store.delete(key, "a"))
    assert [item for item in got if item] == [Item({"n": 1}, 1)]


KEYS = st.sampled_from(["k", "l"])
SORTS = st.sampled_from(["a", "b"])


class Comparison(RuleBasedStateMachine):
    """A store beside a dict: key and sort to value, version and end."""

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.prefix = uuid.uuid4().hex
        self.items: dict[tuple[str, str], tuple[dict[str, Any], int, int]] = {}

    def expected(self, key: str, sort: str) -> Item | None:
        value, version, expires = self.items.get((key, sort), ({}, 0, 0))
        return Item(value, version) if version and expires > int(self.clock.now) else None

    @rule(
        key=KEYS, sort=SORTS, number=st.integers(), stale=st.sampled_from([0, 0, 0, -1, 1]), seconds=st.integers(1, 5)
    )
    def put(self, key: str, sort: str, number: int, stale: int, seconds: int) -> None:
        item = self.expected(key, sort)
        version = max(0, (item.version if item else 0) + stale)
        right = version == (item.version if item else 0)
        expires = int(self.clock.now) + seconds
        value = {"n": number, "pad": "x" * (number % 1000)}
        assert self.store.put(self.prefix + key, sort, value, version=version, expires=expires) is right
        if right:
            self.items[key, sort] = (value, version + 1, expires)

    @rule(key=KEYS, sort=SORTS)
    def delete(self, key: str, sort: str) -> None:
        assert self.store.delete(self.prefix + key, sort) == self.expected(key, sort)
        self.items.pop((key, sort), None)

    @rule(seconds=st.floats(0, 3))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(key=KEYS, sort=SORTS)
    def get(self, key: str, sort: str) -> None:
        assert self.store.get(self.prefix + key, sort) == self.expected(key, sort)

    @invariant()
    def agrees_on_what_there_is(self) -> None:
        for key in ("k", "l"):
            expected = [sort for sort in ("a", "b") if self.expected(key, sort)]
            assert sorted(self.store.sorts(self.prefix + key)) == expected


def test_a_store_is_like_a_dict_whose_items_expire(store: Store, clock: Clock) -> None:
    slow = not isinstance(store, MemoryStore)
    run_state_machine_as_test(
        lambda: Comparison(store, clock),  # type: ignore[arg-type] # any function that makes one will do
        settings=settings(
            max_examples=8 if slow else 200,
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_a_memory_store_keeps_no_keys_of_what_was_deleted(clock: Clock, later: int) -> None:
    store = MemoryStore(clock=clock)
    store.put("k", "a", {}, version=0, expires=later)
    store.delete("k", "a")
    store.delete("k", "b")
    assert not store._items


def test_stores_tell_the_time_by_themselves(tmp_path: Path) -> None:
    stores: list[Store] = [MemoryStore(), FileStore(tmp_path / "connections.db")]
    for store in stores:
        store.put("k", "past", {}, version=0, expires=int(time.time()))
        store.put("k", "future", {}, version=0, expires=int(time.time()) + 600)
        assert store.sorts("k") == ["future"]


def test_a_file_store_is_shared_by_processes(tmp_path: Path) -> None:
    file = tmp_path / "connections.db"
    code = """
import sys, time
from bridge.websocket._store import FileStore
store = FileStore(sys.argv[1])
for _ in range(int(sys.argv[2])):
    while True:
        item = store.get("k", "counter")
        value, version = item or ({"n": 0}, 0)
        if store.put("k", "counter", {"n": value["n"] + 1}, version=version, expires=int(time.time()) + 600):
            break
"""
    path = {**os.environ, "PYTHONPATH": str(Path(bridge.__file__).parents[1])}
    runs = [subprocess.Popen([sys.executable, "-c", code, str(file), "20"], env=path) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert FileStore(file).get("k", "counter") == Item({"n": 60}, 60)


def test_a_file_store_sweeps_what_has_expired_when_it_is_opened(tmp_path: Path, clock: Clock, later: int) -> None:
    file = tmp_path / "connections.db"
    store = FileStore(file, clock=clock)
    store.put("k", "a", {}, version=0, expires=later)
    clock.now = later
    FileStore(file, clock=clock)
    clock.now = later - 1
    assert store.get("k", "a") is None


def test_a_file_store_whose_file_was_removed_starts_anew(tmp_path: Path, clock: Clock, later: int) -> None:
    file = tmp_path / "connections.db"
    store = FileStore(file, clock=clock)
    store.put("k", "a", {}, version=0, expires=later)
    file.unlink()
    assert store.get("k", "a") is None
    assert store.put("k", "a", {}, version=0, expires=later)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text(json.dumps(["not a database"] * 100))
    with pytest.raises(sqlite3.DatabaseError):
        FileStore(file)
    assert json.loads(file.read_text()) == ["not a database"] * 100
