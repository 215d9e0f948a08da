"""A slice of a long life: `make endurance` has the whole of it."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .endurance import APIS, State, through_the_runtime
from .endurance_clients import sockets, streams


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


of_linux = pytest.mark.skipif(sys.platform != "linux", reason="what a process has is read from /proc")


@of_linux
def test_nothing_grows_in_one_process() -> None:
    # In a process of its own: what other tests have left may grow, or end, meanwhile.
    code = """
import logging
import subprocess
from tests.endurance import in_process
logging.disable()
lives, before, after = in_process(5_600)
print([life.count for life in lives], after.grown(before))
"""
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root)
    assert (done.stderr, done.stdout) == ("", f"{[800] * (len(APIS) + 1)} []\n")


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
