"""Whatever does not answer: an event has its result, or a 504, before Lambda ends it. Over real sockets."""

import asyncio
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from hypothesis import given, strategies as st

from bridge import Bridge
from bridge.websocket import Connections, DynamoDBStore, FileStore, Item, MemoryStore, Store, _greeting as greeting
from bridge.websocket._budget import Budget
from bridge.websocket._threads import call

from ..asgi_apps import Context
from .api import Client, api_of
from .patterns import app_of, direct, event

BUSY = 4.0
"""Seconds by which a busy machine may be late. What does not keep to its time takes ten, thirty, or does not end."""

KINDS = ["CONNECT", "MESSAGE", "DISCONNECT"]

LEFT = [0.5, 1.2]
"""Seconds that the invocation has left."""


class Clock:
    """A context whose time runs, as Lambda's does."""

    aws_request_id = "r"

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def _silent(client: socket.socket) -> None:
    time.sleep(60)


def _dripping(client: socket.socket) -> None:
    client.recv(10_000)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        client.sendall(b"x")
        time.sleep(0.05)


def _short(client: socket.socket) -> None:
    client.recv(10_000)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
    time.sleep(60)


def _slow(client: socket.socket) -> None:
    while client.recv(100_000):
        time.sleep(0.1)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def _gone(client: socket.socket) -> None:
    return


def _throttled(client: socket.socket) -> None:
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slow"}'
    head = (
        f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    while client.recv(100_000):
        client.sendall(head.encode() + body)


def _too_many(client: socket.socket) -> None:
    while client.recv(100_000):
        client.sendall(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")


class Peer:
    """A server that behaves in one way."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self._behave(client)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def peer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    peer = Peer(request.param)
    yield peer
    peer.close()


def client_of(kind: str, store: Store | None, endpoint_url: str, app: Any) -> tuple[Any, dict[str, Any]]:
    """A handler, and an event of a client whose connection its store has."""
    client = Client(api_of(app))
    handler = Bridge(app, lifespan="off", connections=Connections(store, endpoint_url=endpoint_url + "/dev"))
    made = client.event(kind)
    return handler, made if kind != "MESSAGE" else client.message("x")


def in_time(handler: Any, made: dict[str, Any], seconds: float) -> Any:
    """The result of an event, which has come before its time was over: on a machine that is not busy with others."""
    context = Clock(seconds)
    result = handler(made, context)
    assert context.get_remaining_time_in_millis() > -BUSY * 1000
    return result


@pytest.mark.parametrize("seconds", LEFT)
@pytest.mark.parametrize("peer", [_silent, _dripping, _short, _gone, _too_many], indirect=True)
@pytest.mark.parametrize("talk", [direct, event], ids=lambda talk: talk.__name__)
def test_of_a_management_api_that_does_not_answer(
    peer: Peer, seconds: float, talk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryStore()
    handler, made = client_of("MESSAGE", store, peer.url, app_of(talk))
    assert handler({**made, "requestContext": {**made["requestContext"], "eventType": "CONNECT"}}, None) == {
        "statusCode": 200
    }
    assert in_time(handler, made, seconds)["statusCode"] in (500, 504)
    assert any(said in caplog.text for said in ("API Gateway", "@connections", "got no answer", "time ran out"))


@pytest.mark.parametrize(
    ("kind", "seconds", "own"),
    [
        ("CONNECT", 0.5, True),
        ("MESSAGE", 0.5, True),
        ("MESSAGE", 1.2, True),
        ("DISCONNECT", 0.5, True),
        ("MESSAGE", 0.5, False),
    ],
)
@pytest.mark.parametrize("peer", [_silent, _dripping, _gone, _throttled], indirect=True)
def test_of_a_table_that_does_not_answer(
    peer: Peer, kind: str, seconds: float, own: bool, caplog: pytest.LogCaptureFixture
) -> None:
    # Without one of Bridge's, there is a client with boto3's own patience.
    made_client = None if own else boto3.client("dynamodb", endpoint_url=peer.url, region_name="eu-west-1")
    store = DynamoDBStore("table", endpoint_url=peer.url, region="eu-west-1", client=made_client)
    assert store._client
    handler, made = client_of(kind, store, peer.url, app_of(direct))
    assert in_time(handler, made, seconds)["statusCode"] in (500, 504)
    assert "the store of connections" in caplog.text


@pytest.mark.parametrize(("kind", "seconds"), [("CONNECT", 0.5), ("MESSAGE", 1.2), ("DISCONNECT", 0.5)])
def test_of_a_file_that_another_process_has_locked(
    kind: str, seconds: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FileStore(tmp_path / "file.db")
    handler, made = client_of(kind, store, "http://127.0.0.1:9", app_of(direct))
    with closing(sqlite3.connect(tmp_path / "file.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert in_time(handler, made, seconds)["statusCode"] in (500, 504)
        assert "the store of connections" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_file_that_is_gone_or_is_no_database(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "folder").mkdir()
    store = FileStore(tmp_path / "folder" / "file.db")
    handler, made = client_of(kind, store, "http://127.0.0.1:9", app_of(direct))
    (tmp_path / "folder" / "file.db").write_bytes(b"no database" * 1000)
    assert in_time(handler, made, 0.5) == {"statusCode": 500}
    assert "DatabaseError" in caplog.text
    shutil.rmtree(tmp_path / "folder")
    assert in_time(handler, made, 0.5) == {"statusCode": 500}
    assert "unable to open" in caplog.text


class BadStore(MemoryStore):
    """A store of somebody's own, whose calls all do something before they do what they should."""

    def __init__(self, before: Callable[[], None]) -> None:
        super().__init__()
        self.before: Callable[[], None] = lambda: None
        self.put("connection#c", "-", {"connect": {"path": "/", "query": "", "headers": []}}, version=0, expires=2**40)
        self.before = before

    def get(self, key: str, sort: str) -> Item | None:
        self.before()
        return super().get("connection#c", sort)

    def put(self, key: str, sort: str, value: Any, *, version: int, expires: int) -> bool:
        self.before()
        return super().put(key, sort, value, version=version, expires=expires)

    def delete(self, key: str, sort: str) -> Item | None:
        self.before()
        return super().delete(key, sort)


def _throttles() -> None:
    raise RuntimeError("too many requests")


def _is_gone() -> None:
    raise ConnectionRefusedError("the database is gone")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("before", "status", "said"),
    [
        (lambda: time.sleep(30), 504, "the store of connections was waited for"),
        (_throttles, 500, "too many requests"),
        (_is_gone, 500, "the database is gone"),
    ],
    ids=["silent", "throttled", "gone"],
)
def test_of_a_store_of_somebody_s_own(
    kind: str, before: Callable[[], None], status: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    handler, made = client_of(kind, BadStore(before), "http://127.0.0.1:9", app_of(direct))
    # What fails at once does so in time, however busy the machine is.
    assert in_time(handler, made, 0.5 if status == 504 else 60) == {"statusCode": status}
    assert said in caplog.text
    assert "the store of connections" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("peer", [_slow], indirect=True)
def test_what_is_slow_has_its_result_where_there_is_time_for_it_and_a_504_where_there_is_none(
    peer: Peer, kind: str
) -> None:
    handler, made = client_of(kind, BadStore(lambda: time.sleep(0.1)), peer.url, app_of(direct))
    assert in_time(handler, made, 60) == {"statusCode": 200}
    handler, made = client_of(kind, BadStore(lambda: time.sleep(1)), peer.url, app_of(direct))
    assert in_time(handler, made, 0.5) == {"statusCode": 504}


async def crashing(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    raise ZeroDivisionError


@pytest.mark.parametrize("peer", [_silent, _dripping, _short, _gone, _too_many], indirect=True)
def test_of_a_management_api_that_does_not_close_the_connection_of_an_app_that_has_failed(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    handler, made = client_of("MESSAGE", None, peer.url, crashing)
    assert in_time(handler, made, 0.5) == {"statusCode": 500}
    assert "ZeroDivisionError" in caplog.text
    assert "could not be closed" in caplog.text


@pytest.mark.parametrize("peer", [_silent, _dripping, _short, _gone, _too_many], indirect=True)
def test_of_a_management_api_that_does_not_take_greetings(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    handler, made = client_of("MESSAGE", None, peer.url, app_of(direct))
    context = {**made["requestContext"], "eventType": greeting.EVENT_TYPE}
    assert in_time(handler, {"requestContext": context, "greetings": ["a", "b"]}, 0.5)["statusCode"] in (500, 504)
    assert any(said in caplog.text for said in ("API Gateway", "@connections", "got no answer"))


@pytest.mark.parametrize("peer", [_silent, _gone], indirect=True)
def test_of_a_lambda_that_does_not_take_an_invocation(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "welcome"})
        await receive()

    monkeypatch.setenv(greeting.LOCAL_VARIABLE, peer.url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "chat")
    connections = Connections(MemoryStore(), endpoint_url=peer.url, after_connect=True)
    handler = Bridge(app, lifespan="off", connections=connections)
    assert in_time(handler, Client(api_of(app)).event("CONNECT"), 0.5)["statusCode"] in (200, 504)
    assert "another invocation" in caplog.text or "Lambda (InvokeFunction)" in caplog.text


def test_of_an_app_that_outlasts_its_time_and_a_management_api_that_does_not_answer() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        await asyncio.sleep(60)

    peer = Peer(_silent)
    handler, made = client_of("MESSAGE", None, peer.url, app)
    for seconds in LEFT:
        assert in_time(handler, made, seconds) == {"statusCode": 504}
    peer.close()


@given(st.floats(0.5, 900.0))
def test_there_is_time_for_everything_before_the_end(seconds: float) -> None:
    now = 1000.0
    with patch("bridge.websocket._budget.monotonic", return_value=now):
        budget = Budget(Context(int(seconds * 1000)))
    assert seconds / 2 - 0.01 <= budget.app - now < seconds
    assert budget.app + budget.grace <= budget.all + 1e-6
    assert budget.all - now <= seconds - 0.07


async def test_no_call_begins_without_time_for_it() -> None:
    Budget(Context(10)).begin()
    with pytest.raises(Exception, match="had run out before the store could be asked"):
        await call("the store", pytest.fail, "it has begun")


async def test_a_call_that_is_cancelled_goes_on_by_itself() -> None:
    begun, ended = threading.Event(), threading.Event()
    go = threading.Event()

    def work() -> None:
        begun.set()
        go.wait(10)
        ended.set()

    calling = asyncio.create_task(call("the store", work))
    await asyncio.to_thread(begun.wait, 10)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    go.set()
    assert await asyncio.to_thread(ended.wait, 10)


@pytest.mark.parametrize("peer", [_silent], indirect=True)
def test_a_broadcast_says_whom_it_has_not_reached_in_time(peer: Peer) -> None:
    results: list[Any] = []
    connections = Connections(MemoryStore(), endpoint_url=peer.url + "/dev")
    for number in range(100):
        assert connections.records
        connections.records.join(f"id{number}", ["all"], expires=2**40)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if scope["aws.event"]["requestContext"]["eventType"] == "MESSAGE":
            await receive()
            results.append(await connections.broadcast("all", "x"))
        await receive()

    client = Client(api_of(app))
    handler = Bridge(app, lifespan="off", connections=connections)
    assert handler(client.event("CONNECT"), None) == {"statusCode": 200}
    assert in_time(handler, client.message("x"), 1.2) == {"statusCode": 200}
    assert len(results[0].failed) == 100
    assert "time had run out" in str(results[0].failed["id99"])
