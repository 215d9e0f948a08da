"""What ends what takes too long."""

import threading
from collections.abc import Iterator

import pytest

from bridge.gateway._watchdog import Watchdog

from .behind import SECONDS

LONG = 600.0
SHORT = 0.01


class Watched(Watchdog):
    """Counts its calls, and knows its threads."""

    def __init__(self) -> None:
        self.calls = threading.Semaphore(0)
        self.threads: set[threading.Thread] = set()
        super().__init__(self._called)

    def _called(self) -> None:
        self.calls.release()

    def _watch(self) -> None:
        self.threads.add(threading.current_thread())
        super()._watch()

    def is_called(self, seconds: float = SECONDS) -> bool:
        return self.calls.acquire(timeout=seconds)

    def has_ended(self) -> bool:
        for thread in self.threads:
            thread.join(SECONDS)
        return not any(thread.is_alive() for thread in self.threads)


@pytest.fixture
def watchdog() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.close()
    assert made.has_ended()


def test_it_calls_once_when_the_time_is_over(watchdog: Watched) -> None:
    watchdog.set(SHORT)
    assert watchdog.is_called()
    assert watchdog.has_ended()
    assert not watchdog.is_called(0)


def test_it_does_not_call_when_that_has_been_called_off(watchdog: Watched) -> None:
    watchdog.set(SHORT)
    watchdog.call_off()
    called_before = watchdog.is_called(0)  # the machine may have slept between the two
    watchdog.set(SHORT * 2)
    assert watchdog.is_called()
    assert watchdog.has_ended()
    assert called_before or not watchdog.is_called(0)


def test_many_times_take_one_thread(watchdog: Watched) -> None:
    for _ in range(100):
        watchdog.set(LONG)
        watchdog.call_off()
    watchdog.close()
    assert watchdog.has_ended()
    assert len(watchdog.threads) == 1
    assert not watchdog.is_called(0)


def test_a_sooner_time_after_a_later_one_is_not_slept_over(watchdog: Watched) -> None:
    watchdog.set(LONG)
    watchdog.call_off()
    watchdog.set(SHORT)
    assert watchdog.is_called()


def test_it_may_be_used_again_after_its_end(watchdog: Watched) -> None:
    for _ in range(20):
        watchdog.set(LONG)
        watchdog.close()
        watchdog.set(SHORT)
        assert watchdog.is_called()
