import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge import BridgeError, ConfigurationError
from bridge.websocket import AttachmentError, Connection, ConnectionGoneError, LostUpdateError, MemoryStore, connection
from bridge.websocket._connection import ATTACHMENT_LIMIT
from bridge.websocket._records import Records

from .api import ENDPOINT, Api, Client, api_of

EVENT = Client(Api()).message("x")


def connected(store: MemoryStore | None) -> Connection:
    """The connection of `EVENT`, new."""
    made = Connection(EVENT, Records(store) if store else None, ENDPOINT)
    made.begin({"path": "/"})
    return made


async def known(store: MemoryStore) -> Connection:
    """The connection of `EVENT`, as a message finds it."""
    made = Connection(EVENT, Records(store), ENDPOINT)
    assert await made.reload()
    return made


@pytest.fixture
async def store() -> MemoryStore:
    """A store that has the connection of `EVENT`."""
    made = MemoryStore()
    await connected(made).create([])
    return made


class TestAttachment:
    @pytest.mark.parametrize("value", [None, 0, "é", [1, {"a": [True, None]}], {}])
    async def test_is_there_for_later_events(self, store: MemoryStore, value: Any) -> None:
        await (await known(store)).set_attachment(value)
        assert (await known(store)).attachment == value

    async def test_is_a_copy(self, store: MemoryStore) -> None:
        mine = await known(store)
        await mine.set_attachment(["a"])
        mine.attachment.append("b")
        assert mine.attachment == ["a"]

    async def test_is_written_once_with_connect(self) -> None:
        class Counting(MemoryStore):
            puts = 0

            def put(self, *args: Any, **options: Any) -> bool:
                self.puts += 1
                return super().put(*args, **options)

        store = Counting()
        mine = connected(store)
        await mine.set_attachment("a")
        await mine.set_attachment("b")
        assert store.puts == 0
        await mine.create([])
        assert store.puts == 1
        later = await known(store)
        assert later.attachment == "b"
        await later.set_attachment("b")
        assert store.puts == 1

    @pytest.mark.parametrize("value", [{1, 2}, float("nan"), b"x", "\ud800", object()])
    async def test_that_is_no_json_is_an_error(self, store: MemoryStore, value: Any) -> None:
        with pytest.raises(AttachmentError, match="has to be JSON"):
            await (await known(store)).set_attachment(value)

    async def test_has_a_limit(self, store: MemoryStore) -> None:
        mine = await known(store)
        await mine.set_attachment("é" * ((ATTACHMENT_LIMIT - 2) // 2))
        with pytest.raises(AttachmentError, match="16,384 bytes of JSON; this one has 16,386"):
            await mine.set_attachment("é" * (ATTACHMENT_LIMIT // 2))

    async def test_that_another_event_has_changed_is_not_overwritten(self, store: MemoryStore) -> None:
        one, other = await known(store), await known(store)
        await one.set_attachment(1)
        with pytest.raises(LostUpdateError, match=r"connection\.update"):
            await other.set_attachment(2)
        assert (await known(store)).attachment == 1

    async def test_can_be_updated_whoever_else_does(self, store: MemoryStore) -> None:
        async def add(mine: Connection) -> int:
            return int(await mine.update(lambda count: (count or 0) + 1))

        connections = [await known(store) for _ in range(6)]
        counts = await asyncio.gather(*map(add, connections))
        assert sorted(counts) == [1, 2, 3, 4, 5, 6]
        assert (await known(store)).attachment == 6

    async def test_update_says_so_when_it_never_is_the_first(self, store: MemoryStore) -> None:
        one, other = await known(store), await known(store)

        def change(value: Any) -> Any:
            # Another event is always faster.
            asyncio.run_coroutine_threadsafe(other.set_attachment([value]), loop).result()
            return "mine"

        loop = asyncio.get_running_loop()
        with pytest.raises(LostUpdateError, match="20 times"):
            await asyncio.to_thread(asyncio.run, one.update(change))

    async def test_update_says_so_when_the_connection_is_gone(self, store: MemoryStore) -> None:
        mine = await known(store)
        assert await (await known(store)).remove()
        with pytest.raises(ConnectionGoneError):
            await mine.update(lambda value: "x")

    async def test_of_a_connection_that_has_ended_is_kept_no_more(self, store: MemoryStore) -> None:
        await (await known(store)).set_attachment("last")
        mine = Connection(EVENT, Records(store), ENDPOINT)
        assert await mine.remove()
        assert mine.attachment == "last"
        await mine.set_attachment("x")
        assert mine.attachment == "x"
        assert store.get(f"connection#{mine.id}", "-") is None

    async def test_needs_a_store(self) -> None:
        mine = connected(None)
        assert mine.attachment is None
        for change in (mine.set_attachment(None), mine.update(lambda value: value), mine.join("x"), mine.leave("x")):
            with pytest.raises(ConfigurationError, match="need a store"):
                await change
        assert mine.groups == []


class TestGroups:
    async def test_are_joined_and_left(self, store: MemoryStore) -> None:
        mine = await known(store)
        await mine.join("b")
        await mine.join("a")
        await mine.join("a")
        assert mine.groups == ["a", "b"]
        assert Records(store).members("a") == [mine.id]
        await mine.leave("a")
        assert mine.groups == ["b"]
        assert Records(store).members("a") == []

    async def test_are_joined_when_connect_is_accepted(self) -> None:
        store = MemoryStore()
        mine = connected(store)
        await mine.join("a")
        await mine.join("b")
        await mine.leave("a")
        assert mine.groups == ["b"]
        assert Records(store).members("b") == []
        await mine.create([])
        assert (await known(store)).groups == ["b"]
        assert Records(store).members("b") == [mine.id]

    async def test_are_left_when_the_connection_ends_and_it_still_knows_them(self, store: MemoryStore) -> None:
        await (await known(store)).join("a")
        mine = Connection(EVENT, Records(store), ENDPOINT)
        assert await mine.remove()
        assert mine.groups == ["a"]
        assert Records(store).members("a") == []

    async def test_that_are_joined_already_cost_nothing(self, store: MemoryStore) -> None:
        await (await known(store)).join("a")
        mine = await known(store)
        store.put = None  # type: ignore[method-assign, assignment]
        await mine.join("a")
        await mine.leave("b")

    async def test_are_joined_whatever_another_event_does(self, store: MemoryStore) -> None:
        one, other = await known(store), await known(store)
        await one.join("a")
        await other.join("b")
        await one.leave("b")
        assert other.groups == ["a", "b"]
        assert (await known(store)).groups == ["a", "b"]
        await one.join("c")
        assert one.groups == ["a", "b", "c"]

    async def test_do_not_hide_that_another_event_has_changed_the_attachment(self, store: MemoryStore) -> None:
        one, other = await known(store), await known(store)
        await one.set_attachment(1)
        await other.join("a")
        await one.join("b")
        await other.join("c")
        for value in (1, 2):
            with pytest.raises(LostUpdateError):
                await other.set_attachment(value)
        assert await other.update(lambda value: value + 1) == 2
        await other.set_attachment(3)
        assert (await known(store)).attachment == 3

    async def test_of_a_connection_that_another_event_has_closed_are_not_kept(self, store: MemoryStore) -> None:
        one, other = await known(store), await known(store)
        assert await one.remove()
        await other.join("a")
        assert store.get(f"connection#{one.id}", "-") is None
        assert store.sorts("group#a") == []

    async def test_say_so_when_other_events_are_always_faster(
        self, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine = await known(store)
        monkeypatch.setattr(store, "put", lambda *args, **options: False)
        with pytest.raises(LostUpdateError, match="20 times"):
            await mine.join("a")


class TestRecord:
    async def test_is_not_made_twice(self, store: MemoryStore) -> None:
        with pytest.raises(LostUpdateError, match="already"):
            await connected(store).create([])

    async def test_lasts_a_little_longer_than_a_connection(self) -> None:
        store = MemoryStore(clock=lambda: 4_000_000_000 + 2 * 3600)
        await connected(store).create([])
        assert await known(store)
        store = MemoryStore(clock=lambda: 4_000_000_000 + 2 * 3600 + 300)
        await connected(store).create([])
        assert not await Connection(EVENT, Records(store), ENDPOINT).reload()

    async def test_is_removed_once(self, store: MemoryStore) -> None:
        one, other = await known(store), await known(store)
        assert await one.remove()
        assert not await other.remove()

    async def test_without_a_store_is_always_the_first_to_be_removed(self) -> None:
        assert await connected(None).remove()

    async def test_gives_its_greetings_once(self) -> None:
        store = MemoryStore()
        await connected(store).create(["welcome"])
        one, other, third = await known(store), await known(store), await known(store)
        assert await one.greetings() == ["welcome"]
        assert await other.greetings() == []
        await other.set_attachment("that it has read the record again does not keep it from writing")
        assert await one.remove()
        assert await third.greetings() == []

    async def test_of_an_event_without_a_time_lasts_from_now(self) -> None:
        event = json.loads(json.dumps(EVENT))
        del event["requestContext"]["connectedAt"]
        store = MemoryStore()
        mine = Connection(event, Records(store), ENDPOINT)
        mine.begin({})
        await mine.create([])
        assert await Connection(event, Records(store), ENDPOINT).reload()


@pytest.mark.parametrize("careful", [True, False])
async def test_a_burst_of_messages_loses_no_update(careful: bool) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        mine = connection(websocket)
        try:
            while True:
                await websocket.receive_text()
                if careful:
                    count = await mine.update(lambda count: (count or 0) + 1)
                else:
                    count = (mine.attachment or 0) + 1
                    await mine.set_attachment(count)
                await websocket.send_text(str(count))
        except LostUpdateError:
            await websocket.send_text("try again")
        except WebSocketDisconnect:
            pass

    api = api_of(Starlette(routes=[WebSocketRoute("/", endpoint)]))
    bridge: Any = next(iter(api.handlers))
    events = api.record()
    client = api.connect()
    assert await bridge.handle_async(events[0]) == {"statusCode": 200}
    await asyncio.gather(*[bridge.handle_async(client.message("x")) for _ in range(6)])
    counts = sorted(text for text in client.received if text != "try again")
    assert counts == [str(number + 1) for number in range(len(counts))]
    assert len(client.received) == 6 or not careful
    assert issubclass(LostUpdateError, BridgeError)
