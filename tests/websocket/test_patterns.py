"""Each way of waiting for a message: nothing is lost, and no event takes longer than the app itself does."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import pairwise, repeat
from queue import SimpleQueue
from typing import Any

import anyio.to_thread
import pytest
import uvloop

from bridge import Bridge
from bridge.websocket import Connections, MemoryStore

from .api import Api, Client, api_of
from .figures import BEGIN, END, PAGE
from .patterns import PATTERNS, Talk, app_of, task_per_message

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
MANY = 100
SECONDS = 2.5
"""What no event may take, on a machine that is busy, in a process with the objects of 15,000 tests, which are looked
through: less than lingering takes (5 s), or a goodbye (3 s)."""


@pytest.mark.parametrize("loop_factory", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("talk", PATTERNS, ids=lambda talk: talk.__name__)
def test_every_message_is_answered_at_once_and_the_goodbye_is_said(
    talk: Talk, loop_factory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    goodbyes: list[object] = []
    api = api_of(app_of(talk, goodbyes), loop_factory=loop_factory)
    times = [time.monotonic()]
    client = api.connect()
    times.append(time.monotonic())
    for text in "abc":
        assert client.send(text) == 200
        times.append(time.monotonic())
    assert client.received == ["a", "b", "c"]
    assert client.leave(1001) == 200
    times.append(time.monotonic())
    assert goodbyes == [1001]
    assert max(after - before for before, after in pairwise(times)) < SECONDS
    assert "still at work" not in caplog.text


@pytest.mark.parametrize("loop_factory", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("way", ["send", "connections.send"])
@pytest.mark.parametrize("seconds", [0, 0.002])
def test_all_goes_out_that_another_task_sends_one_after_the_other(
    way: str, seconds: float, loop_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Api.post

    def slow(self: Api, connection_id: str, data: str | bytes) -> None:
        if seconds:
            time.sleep(seconds)
        post(self, connection_id, data)

    monkeypatch.setattr(Api, "post", slow)

    async def talk(receive: Any, send: Any) -> None:
        if way == "connections.send":
            send = partial(connections.send, *api.clients)

        async def many(text: str) -> None:
            for number in range(MANY):
                await send(f"{text}{number}")

        await task_per_message(receive, many)

    api = Api()
    connections = Connections(MemoryStore(), clients=api.client)
    api.handlers = repeat(Bridge(app_of(talk), lifespan="off", connections=connections, loop_factory=loop_factory))
    client = api.connect()
    for text in "abc":
        assert client.send(text) == 200
    assert client.received == [f"{text}{number}" for text in "abc" for number in range(MANY)]


def client_of(work: Callable[[str], Awaitable[None]], loop_factory: Any) -> Client:
    """A client of an app that works in another task for each message, and says nothing."""
    return api_of(app_of(lambda receive, _: task_per_message(receive, work)), loop_factory=loop_factory).connect()


class OwnThread:
    """A thread that takes calls from a queue and tells the loop of their results, as aiosqlite's does."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[tuple[asyncio.Future[None], Callable[[], None]] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while call := self.calls.get():
            future, function = call
            function()
            future.get_loop().call_soon_threadsafe(future.set_result, None)
            del call, future, function

    async def __call__(self, function: Callable[[], None]) -> None:
        future = asyncio.get_running_loop().create_future()
        self.calls.put((future, function))
        await future

    def end(self) -> None:
        self.calls.put(None)
        self.thread.join()


async def three_at_once(function: Callable[[], None]) -> None:
    await asyncio.gather(*(asyncio.to_thread(function) for _ in range(3)))


async def with_a_limit(function: Callable[[], None]) -> None:
    await asyncio.wait_for(asyncio.to_thread(function), 60)


@pytest.mark.parametrize("loop_factory", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "call",
    [asyncio.to_thread, anyio.to_thread.run_sync, three_at_once, with_a_limit, OwnThread],
    ids=lambda call: str(call.__name__),
)
def test_what_another_task_has_threads_do_one_after_the_other_is_done_in_the_event(
    call: Any, loop_factory: Any
) -> None:
    call = call() if call is OwnThread else call
    done: list[int] = []

    async def many(text: str) -> None:
        for number in range(MANY):
            await call(partial(time.sleep, 0.001 * (number % 2)))
            done.append(number)

    client = client_of(many, loop_factory)
    try:
        for _ in range(3):
            assert client.send("") == 200
            assert done == [*range(MANY)]
            done.clear()
    finally:
        getattr(call, "end", int)()


@pytest.mark.parametrize("loop_factory", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("many_at_once", [False, True])
def test_connections_that_another_task_opens_by_name_one_after_the_other_are_all_opened(
    many_at_once: bool, loop_factory: Any
) -> None:
    # uvloop has libuv look names up, in threads that Python does not know.
    done: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        async def opened() -> None:
            _, writer = await asyncio.open_connection("localhost", port)
            writer.close()
            await writer.wait_closed()

        async def many(text: str) -> None:
            for number in range(20):
                if many_at_once:
                    lookup = asyncio.get_running_loop().getaddrinfo
                    await asyncio.gather(*(lookup("localhost", port) for _ in range(3)))
                else:
                    await opened()
                done.append(number)

        client = client_of(many, loop_factory)
        for _ in range(3):
            assert client.send("") == 200
            assert done == [*range(20)]
            done.clear()


def test_the_page_has_every_pattern_with_nothing_lost_and_no_time_wasted() -> None:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [f"`{talk.__name__}`" for talk in PATTERNS]
    for _, *milliseconds, lost in rows:
        assert lost == "0"
        assert all(float(each) < 50 for each in milliseconds)
