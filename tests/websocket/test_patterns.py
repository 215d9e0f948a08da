"""Each way of waiting for a message: nothing is lost, and no event takes longer than the app itself does."""

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest
import uvloop

from .api import api_of
from .figures import BEGIN, END, PAGE
from .patterns import PATTERNS, Talk, app_of

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
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


def test_the_page_has_every_pattern_with_nothing_lost_and_no_time_wasted() -> None:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [f"`{talk.__name__}`" for talk in PATTERNS]
    for _, *milliseconds, lost in rows:
        assert lost == "0"
        assert all(float(each) < 50 for each in milliseconds)
