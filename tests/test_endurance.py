"""A slice of a long life: `make endurance` has the whole of it."""

import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from .endurance import APIS, State, in_process, through_the_runtime
from .endurance_clients import sockets, streams


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


of_linux = pytest.mark.skipif(sys.platform != "linux", reason="what a process has is read from /proc")


@of_linux
def test_nothing_grows_in_one_process() -> None:
    lives, before, after = in_process(5_600)
    assert [life.count for life in lives] == [800] * (len(APIS) + 1)
    assert after.grown(before) == []


@of_linux
def test_nothing_grows_in_the_runtime() -> None:
    _, _, before, after = through_the_runtime(1_000)
    assert after.grown(before) == []


@pytest.mark.parametrize("name", ["memory", "descriptors", "threads", "tasks"])
def test_what_has_grown_is_named(name: str) -> None:
    before = State(memory=10.0, descriptors=5, threads=2, tasks=1)
    assert before.grown(before) == []
    (line,) = State(**{**before.__dict__, name: 30}).grown(before)
    assert line.startswith(f"{name}: ")


@of_linux
@pytest.mark.parametrize("life", [streams, sockets])
def test_clients_that_read_slowly_or_vanish_leave_nothing_behind(life: Callable[[int], tuple[State, State]]) -> None:
    before, after = life(60)
    assert after.grown(before) == []
