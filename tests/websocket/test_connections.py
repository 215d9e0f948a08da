import asyncio
import threading
from pathlib import Path
from time import time

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge import Bridge, ConfigurationError
from bridge.websocket import (
    ConnectionGoneError,
    Connections,
    DynamoDBStore,
    FileStore,
    MemoryStore,
    RateLimitError,
    connection,
)
from bridge.websocket._api import ManagementAPI
from bridge.websocket._connections import FILE_VARIABLE
from bridge.websocket._sync import ENDPOINT_VARIABLE, LOCAL_VARIABLE

from ..samples import sample
from .api import ENDPOINT, Api, Client, api_of


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def api(store: MemoryStore) -> Api:
    """An API whose clients are members of the group that they name."""

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        mine = connection(websocket)
        await mine.join(websocket.query_params["room"])
        try:
            while True:
                await connections.broadcast(websocket.query_params["room"], await websocket.receive_text())
        except WebSocketDisconnect:
            for group in mine.groups:
                await connections.broadcast(group, "somebody has left")

    api = api_of(Starlette(routes=[WebSocketRoute("/", endpoint)]), store=store)
    connections = Connections(store, clients=api.client)
    return api


@pytest.fixture
def outside(api: Api, store: MemoryStore) -> Connections:
    """The connections of the API for code outside of its events."""
    return Connections(store, endpoint_url=ENDPOINT, clients=api.client)


def join(api: Api, room: str) -> Client:
    return api.connect(query=[("room", room)])


class TestBroadcast:
    def test_reaches_the_group_and_nobody_else(self, api: Api) -> None:
        one, two, other = join(api, "a"), join(api, "a"), join(api, "b")
        one.say("hello")
        assert (one.received, two.received, other.received) == (["hello"], ["hello"], [])

    def test_out_of_the_goodbye_reaches_those_that_stay(self, api: Api, outside: Connections) -> None:
        one, two = join(api, "a"), join(api, "a")
        assert one.leave() == 200
        assert two.received == ["somebody has left"]
        assert outside.sync.members("a") == [two.id]

    async def test_from_anywhere_tells_what_it_has_reached(self, api: Api, outside: Connections) -> None:
        one, two, gone = await asyncio.gather(*[asyncio.to_thread(join, api, "a") for _ in range(3)])
        gone.open = False
        result = await outside.broadcast("a", "hello", exclude=[two.id])
        assert result == ([one.id], [gone.id], {})
        assert (one.received, two.received) == (["hello"], [])

    def test_believes_in_a_new_member_for_a_while(
        self, api: Api, outside: Connections, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = join(api, "a")
        gone.open = False
        connections = outside.sync
        assert connections.broadcast("a", "x").gone == [gone.id]
        assert connections.members("a") == [gone.id]
        now = time()
        monkeypatch.setattr("bridge.websocket._records.time", lambda: now + 11)
        assert connections.broadcast("a", "x").gone == [gone.id]
        assert connections.members("a") == []
        assert connections.broadcast("a", "x") == ([], [], {})

    def test_tells_and_logs_what_api_gateway_refuses(
        self, api: Api, outside: Connections, caplog: pytest.LogCaptureFixture
    ) -> None:
        clients = [join(api, "a"), join(api, "a")]
        error = RateLimitError("429")

        def post(connection_id: str, data: object) -> None:
            raise error

        api.post = post  # type: ignore[method-assign]
        result = outside.sync.broadcast_json("a", {"a": "é"})
        assert result.failed == dict.fromkeys([client.id for client in clients], error)
        assert "failed for 2 of 2 members" in caplog.text

    def test_posts_several_at_a_time_and_not_too_many(self, api: Api, outside: Connections) -> None:
        clients = [join(api, "a") for _ in range(40)]
        both = threading.Barrier(2, timeout=10)
        running, most = [0], [0]
        lock = threading.Lock()

        def post(connection_id: str, data: object) -> None:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            both.wait()
            with lock:
                running[0] -= 1

        api.post = post  # type: ignore[method-assign]
        assert len(outside.sync.broadcast("a", "x").reached) == len(clients)
        assert 2 <= most[0] <= 16

    async def test_needs_a_store(self) -> None:
        connections = Connections(endpoint_url=ENDPOINT, clients=Api().client)
        for call in (connections.broadcast("a", "x"), connections.broadcast_json("a", 1), connections.members("a")):
            with pytest.raises(ConfigurationError, match="groups need a store"):
                await call


class TestSend:
    async def test_reaches_a_client_from_anywhere(self, api: Api, outside: Connections) -> None:
        client = await asyncio.to_thread(join, api, "a")
        connections = outside
        await connections.send(client.id, "one")
        await connections.send_json(client.id, {"two": "é"})
        connections.sync.send(client.id, "three")
        connections.sync.send_json(client.id, [4])
        assert client.received == ["one", '{"two":"é"}', "three", "[4]"]

    async def test_to_a_client_that_is_gone_is_an_error(self) -> None:
        with pytest.raises(ConnectionGoneError):
            await Connections(endpoint_url=ENDPOINT, clients=Api().client).send("gone", "x")

    def test_from_an_http_request_of_the_same_app(self) -> None:
        async def endpoint(websocket: WebSocket) -> None:
            await websocket.accept()
            await connection(websocket).join("all")
            await websocket.receive_text()

        async def publish(request: object) -> PlainTextResponse:
            result = await connections.broadcast("all", "news")
            return PlainTextResponse(str(len(result.reached)))

        api = Api()
        connections = Connections(MemoryStore(), endpoint_url=ENDPOINT, clients=api.client)
        app = Starlette(routes=[WebSocketRoute("/", endpoint), Route("/{rest:path}", publish)])
        bridge = Bridge(app, connections=connections)
        api.handlers = iter([bridge])
        client = api.connect()
        assert bridge(sample("http_api"))["body"] == "1"
        assert client.received == ["news"]


async def test_close_tells_whether_there_was_something_to_close(api: Api, outside: Connections) -> None:
    client = await asyncio.to_thread(join, api, "a")
    connections = outside
    assert await connections.close(client.id)
    assert client.closed
    assert not await connections.close(client.id)
    assert await asyncio.to_thread(client.leave) == 200


def test_a_store_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"DynamoDBStore.*not 'table'"):
        Connections("table")  # type: ignore[arg-type]


class TestEndpoint:
    def test_has_to_be_configured_outside_of_events(self) -> None:
        with pytest.raises(ConfigurationError, match=ENDPOINT_VARIABLE):
            Connections().sync.send("x", "y")

    def test_may_be_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENDPOINT_VARIABLE, ENDPOINT)
        with pytest.raises(ConnectionGoneError):
            Connections(clients=Api().client).sync.send("x", "y")

    def test_is_the_local_gateways_where_there_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(LOCAL_VARIABLE, ENDPOINT)
        with pytest.raises(ConnectionGoneError):
            Connections(endpoint_url="https://real/prod", clients=Api().client).sync.send("x", "y")

    @pytest.mark.parametrize(
        ("domain", "region", "expected"),
        [
            (
                "a1.execute-api.eu-west-1.amazonaws.com",
                "us-east-1",
                "https://a1.execute-api.eu-west-1.amazonaws.com/prod",
            ),
            ("chat.example.com", "eu-west-1", "https://w5s0ck3t.execute-api.eu-west-1.amazonaws.com/prod"),
            ("chat.example.com", "cn-north-1", "https://w5s0ck3t.execute-api.cn-north-1.amazonaws.com.cn/prod"),
            ("localhost", None, "https://localhost/prod"),
        ],
    )
    def test_is_else_that_of_the_event(
        self, domain: str, region: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_REGION", raising=False)
        if region:
            monkeypatch.setenv("AWS_REGION", region)
        event = Client(Api()).event("MESSAGE", domainName=domain)
        assert Connections().sync.endpoint_of(event) == expected
        assert Connections(endpoint_url="https://e/m").sync.endpoint_of(event) == "https://e/m"

    def test_has_one_client_of_the_management_api(self) -> None:
        connections = Connections(endpoint_url=ENDPOINT).sync
        assert isinstance(connections.management(), ManagementAPI)
        assert connections.management() is connections.management()


class TestFileOfALocalGateway:
    @pytest.fixture
    def file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        file = tmp_path / "connections.db"
        monkeypatch.setenv(FILE_VARIABLE, str(file))
        return file

    def test_takes_the_place_of_a_memory_store(self, file: Path) -> None:
        for number in range(2):  # as in two processes
            records = Connections(MemoryStore()).records
            assert records
            records.join(f"id{number}", ["all"], expires=2_000_000_000)
        assert sorted(FileStore(file).sorts("group#all")) == ["id0", "id1"]

    def test_and_of_nothing_else(self, file: Path, tmp_path: Path) -> None:
        class Own(MemoryStore):
            pass

        for store in (FileStore(tmp_path / "own.db"), Own(), DynamoDBStore("table")):
            records = Connections(store).records
            assert records
            assert records.store is store
        assert Connections().records is None
        assert not file.exists()
