"""Each way of waiting for a message: nothing is lost, and no event takes longer than the app itself does."""

import asyncio
import time
from functools import partial
from itertools import pairwise, repeat
from typing import Any

import pytest
import uvloop

from bridge import Bridge
from bridge.websocket import Connections, MemoryStore

from .api import Api, api_of
from .figures import BEGIN, END, PAGE
from .patterns import PATTERNS, Talk, app_of

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
MANY = 100
SECONDS = 1.5
"""What no event may take, on a machine that is busy: without a doubt less than lingering, or than a goodbye, takes."""


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
    left: set[asyncio.Task[None]] = set()

    async def talk(receive: Any, send: Any) -> None:
        if way == "connections.send":
            send = partial(connections.send, *api.clients)
        while True:
            text = await receive()

            async def many(text: str = text) -> None:
                for number in range(MANY):
                    await send(f"{text}{number}")

            task = asyncio.create_task(many())
            left.add(task)
            task.add_done_callback(left.discard)

    api = Api()
    connections = Connections(MemoryStore(), clients=api.client)
    api.handlers = repeat(Bridge(app_of(talk), lifespan="off", connections=connections, loop_factory=loop_factory))
    client = api.connect()
    for text in "abc":
        assert client.send(text) == 200
    assert client.received == [f"{text}{number}" for text in "abc" for number in range(MANY)]


def test_the_page_has_every_pattern_with_nothing_lost_and_no_time_wasted() -> None:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [f"`{talk.__name__}`" for talk in PATTERNS]
    for _, *milliseconds, lost in rows:
        assert lost == "0"
        assert all(float(each) < 50 for each in milliseconds)
