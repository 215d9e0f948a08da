"""Threads that wait for somebody's answer: kept, left alone when time is up, gone when the process ends."""

import asyncio
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

import bridge
from bridge import DeadlineError
from bridge.websocket import _threads as threads
from bridge.websocket._budget import end_of_time
from bridge.websocket._run import progress
from bridge.websocket._threads import KEPT, begin, call

SECONDS = 10


@pytest.fixture(autouse=True)
def none_kept() -> Iterator[None]:
    """Threads that other tests have left are in no test's way."""
    threads._end_idle()
    yield
    threads._end_idle()


def kept() -> set[threading.Thread]:
    """Threads without a call. Others have been left alone by tests before."""
    return {asker.thread for asker in threads._idle}


def hold(found: list[threading.Thread], go: threading.Event) -> None:
    """Take note of the thread, and keep it."""
    found.append(threading.current_thread())
    go.wait(SECONDS)


async def test_one_call_after_the_other_has_the_same_thread() -> None:
    assert len({await call("nobody", threading.get_ident) for _ in range(5)}) == 1


async def test_calls_at_the_same_time_have_threads_of_their_own_of_which_some_are_kept() -> None:
    together = threading.Barrier(KEPT + 2)

    def meet() -> threading.Thread:
        together.wait(SECONDS)
        return threading.current_thread()

    met = await asyncio.gather(*(begin("nobody", meet) for _ in range(KEPT + 2)))
    assert len(set(met)) == KEPT + 2
    ended = set(met) - kept()
    assert len(ended) == 2
    for thread in ended:
        await asyncio.to_thread(thread.join, SECONDS)
        assert not thread.is_alive()
    assert await call("nobody", threading.current_thread) in met


async def test_a_thread_without_a_call_wakes_nobody_and_keeps_nothing_alive() -> None:
    class Argument:
        """Something large."""

    had_threads = progress._has_threads()
    argument = Argument()
    alive = weakref.ref(argument)
    await call("nobody", lambda _: None, argument)
    del argument
    assert progress._has_threads() == had_threads
    deadline = monotonic() + SECONDS
    while alive() is not None and monotonic() < deadline:
        await asyncio.sleep(0.01)  # the thread drops it a moment after the result is there
    assert alive() is None


async def test_a_call_is_known_from_the_moment_when_it_is_asked_for_until_its_result_is_there() -> None:
    go = threading.Event()
    loop, other = asyncio.get_running_loop(), asyncio.new_event_loop()
    future = begin("nobody", go.wait, SECONDS)
    assert threads.asked(loop) == [future]
    assert threads.asked(other) == []
    assert isinstance(await call("nobody", threading.current_thread), threads.AskerThread)
    go.set()
    await future
    assert threads.asked(loop) == []
    other.close()


async def test_a_thread_that_is_left_alone_is_used_again_when_its_call_has_ended() -> None:
    go = threading.Event()
    found: list[threading.Thread] = []

    token = end_of_time.set(monotonic() + 0.1)
    calling = asyncio.ensure_future(call("the store", hold, found, go))
    end_of_time.reset(token)
    with pytest.raises(DeadlineError, match="ran out while the store was waited for"):
        await calling
    (left,) = found
    assert threads.asked(asyncio.get_running_loop()) == []
    assert await call("nobody", threading.current_thread) is not left
    go.set()
    deadline = monotonic() + SECONDS
    while left not in kept() and monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert await call("nobody", threading.current_thread) is left


async def test_a_cancelled_call_is_left_alone_when_time_is_up() -> None:
    go = threading.Event()
    found: list[threading.Thread] = []

    token = end_of_time.set(monotonic() + 0.1)
    cancelled = begin("the store", hold, found, go)
    end_of_time.reset(token)
    cancelled.cancel()
    deadline = monotonic() + SECONDS
    loop = asyncio.get_running_loop()
    assert threads.asked(loop) == [cancelled]
    while threads.asked(loop) and monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert threads.asked(loop) == []
    assert found[0] not in kept()
    go.set()


async def test_what_a_cancelled_call_comes_to_is_nobody_s() -> None:
    go = threading.Event()
    cancelled = begin("the store", go.wait, SECONDS)
    cancelled.cancel()
    go.set()
    other = begin("the store", threading.current_thread)
    await other
    assert cancelled.cancelled()


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3), StopIteration("no more")])
async def test_errors_say_what_was_asked(error: BaseException) -> None:
    def fail() -> None:
        raise error

    expected = RuntimeError if isinstance(error, StopIteration) else type(error)
    future = begin("the store", fail)
    await asyncio.wait([future])
    raised: Any = future.exception()
    assert type(raised) is expected
    assert str(error) in str(raised)
    assert error.__notes__ == ["This comes from the store."]


def test_a_thread_whose_loop_is_closed_ends() -> None:
    go = threading.Event()
    found: list[threading.Thread] = []

    async def leave() -> None:
        left.append(begin("the store", hold, found, go))

    left: list[asyncio.Future[None]] = []
    asyncio.run(leave())
    assert threads.asked(left[0].get_loop()) == left
    go.set()
    deadline = monotonic() + SECONDS
    while not found and monotonic() < deadline:
        threading.Event().wait(0.01)
    found[0].join(SECONDS)
    assert not found[0].is_alive()
    assert threads.asked(left[0].get_loop()) == []


PROCESS = """
import asyncio, atexit, os, sys, threading
from bridge.websocket._threads import call

def check():
    assert [thread.name for thread in threading.enumerate()] == ["MainThread"], threading.enumerate()
    print("alone")

async def main():
    threads = {(await call("nobody", threading.get_native_id)) for _ in range(3)}
    assert len(threads) == 1
    return threads

atexit.register(check)
threads = asyncio.run(main())
if sys.argv[1:]:
    child = os.fork()
    if not child:
        assert not threads & asyncio.run(main())
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("arguments", [[], ["fork"]])
def test_a_process_ends_without_them_and_a_forked_one_has_its_own(arguments: list[str]) -> None:
    if arguments and not hasattr(os, "fork"):
        pytest.skip("needs fork")
    path = {**os.environ, "PYTHONPATH": str(Path(bridge.__file__).parents[1])}
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROCESS, *arguments]
    run = subprocess.run(command, env=path, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "alone\n" * (1 + len(arguments)), "")


EVENTS = """
import gc, weakref
from bridge import Bridge
from bridge.websocket import Connections, MemoryStore

class Nobody:
    def post(self, connection_id, data): pass
    def delete(self, connection_id): pass

async def app(scope, receive, send):
    seen.append(weakref.ref(scope["bridge.connection"]))
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": "hello"})

def event(kind, **more):
    context = {"eventType": kind, "connectionId": "L0SM9cOFvHcCIhw=", "apiId": "a1", "stage": "prod"}
    return {"requestContext": context, **more}

seen = []
connections = Connections(MemoryStore(), clients=lambda url: Nobody())
handler = Bridge(app, lifespan="off", connections=connections)
gc.disable()
assert handler(event("CONNECT", headers={"Host": "example.com"})) == {"statusCode": 200}
for _ in range(3):
    assert handler(event("MESSAGE", body="x")) == {"statusCode": 200}
assert handler(event("DISCONNECT")) == {"statusCode": 200}
assert [each() for each in seen] == [None] * 5, seen
"""


def test_an_event_leaves_nothing_to_the_garbage_collector() -> None:
    path = {**os.environ, "PYTHONPATH": str(Path(bridge.__file__).parents[1])}
    run = subprocess.run([sys.executable, "-c", EVENTS], env=path, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


class TestForEach:
    def test_has_as_many_threads_as_there_are_items_and_this_one_is_among_them(self) -> None:
        together = threading.Barrier(3)
        found: list[threading.Thread] = []

        def meet(_: int) -> None:
            together.wait(SECONDS)
            found.append(threading.current_thread())

        threads.for_each(range(3), meet, 16)
        assert threading.current_thread() in found
        assert len(set(found)) == 3
        assert set(found) - {threading.current_thread()} == kept()
        threads.for_each([0], lambda _: found.append(threading.current_thread()), 16)
        assert found[-1] is threading.current_thread()

    def test_has_no_more_threads_than_it_may(self) -> None:
        idents: list[int] = []
        threads.for_each(range(100), lambda _: idents.append(threading.get_ident()), 4)
        assert len(idents) == 100
        assert len(set(idents)) <= 4
        assert len(kept()) == 3

    def test_of_nothing_calls_nothing(self) -> None:
        threads.for_each([], pytest.fail, 16)
        assert not kept()

    @pytest.mark.parametrize("allowed", [1, 4])
    def test_goes_on_after_an_error_and_raises_the_first(self, allowed: int) -> None:
        called: list[int] = []

        def fail(item: int) -> None:
            called.append(item)
            if item in (0, 7):
                raise ValueError(item)

        with pytest.raises(ValueError, match=r"^(0|7)$"):
            threads.for_each(range(20), fail, allowed)
        assert sorted(called) == list(range(20))

    def test_shows_other_threads_the_context_variables_of_this_one(self) -> None:
        together = threading.Barrier(2)
        found: list[float] = []

        def look(_: int) -> None:
            together.wait(SECONDS)
            found.append(end_of_time.get())

        token = end_of_time.set(12.5)
        try:
            threads.for_each(range(2), look, 2)
        finally:
            end_of_time.reset(token)
        assert found == [12.5, 12.5]
