"""What a request's first step gives the app: all that asyncio promises, whichever way the step is taken."""

import asyncio
import gc
import logging
import sys
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar, copy_context
from typing import Any, TypeAlias

import anyio
import anyio.to_thread
import pytest
import sniffio

from bridge import Bridge
from bridge._app.asgi import loop as loops
from bridge._app.asgi.loop import Runner, process_runner

from ..asgi_apps import ASYNCIO, EVENT, UVLOOP, Context, Receive, Scope, Send, respond, run

Make: TypeAlias = Callable[[], Awaitable[Any]]

WAYS = {
    "asyncio-hastened": (ASYNCIO, loops.hastened),
    "asyncio-scheduled": (ASYNCIO, loops.scheduled),
    "uvloop-scheduled": (UVLOOP, loops.scheduled),
}
"""Factories of loops, and ways to take a first step that work on them."""
if sys.version_info >= (3, 12):
    WAYS |= {"asyncio-eager": (ASYNCIO, loops.eager), "uvloop-eager": (UVLOOP, loops.eager)}


@pytest.fixture(params=WAYS)
def runner(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[Runner]:
    """A runner for each way. At its end asyncio has had nothing to report, unless the test has taken it off the log."""
    factory, way = WAYS[request.param]
    if factory is None:
        pytest.skip("uvloop is not available here")
    runner = Runner(factory, (way,))
    yield runner
    runner.close()
    gc.collect(1)  # what the test has made is young, and there is much that is old
    assert not caplog.get_records("call")
    assert not caplog.get_records("teardown")


async def wait() -> None:
    """Waits, by a turn of the loop and by a timer."""
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)


async def nothing() -> None: ...


# ---------------------------------------------------------------- the task and the loop


def test_a_request_has_a_task_of_its_own_from_the_first_step_on(runner: Runner) -> None:
    seen: list[Any] = []

    async def main() -> None:
        seen.append(asyncio.current_task())
        await wait()
        assert asyncio.current_task() is seen[-1]

    for _ in range(3):
        run(runner, main())
    assert all(isinstance(task, asyncio.Task) for task in seen)
    assert len(set(seen)) == 3


def test_the_task_is_among_all_tasks_and_no_other_is_but_the_root(runner: Runner) -> None:
    (root,) = asyncio.all_tasks(runner.loop)

    async def main() -> bool:
        before = asyncio.all_tasks() == {asyncio.current_task(), root}
        await wait()
        return before and asyncio.all_tasks() == {asyncio.current_task(), root}

    assert run(runner, main())
    assert asyncio.all_tasks(runner.loop) == {root}


def test_the_loop_runs_from_the_first_step_on(runner: Runner) -> None:
    async def main() -> None:
        for _ in range(2):
            assert asyncio.get_running_loop() is asyncio.get_event_loop() is runner.loop
            assert runner.loop.is_running()
            with pytest.raises(RuntimeError, match="running"):
                runner.loop.run_until_complete(runner.loop.create_future())
            await wait()

    run(runner, main())
    assert not runner.loop.is_running()
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_the_loop_runs_in_one_thread_only(runner: Runner) -> None:
    async def main() -> object:
        return await asyncio.to_thread(asyncio._get_running_loop)

    assert run(runner, main()) is None


def test_sniffio_and_anyio_know_the_library(runner: Runner) -> None:
    async def main() -> list[str]:
        first = sniffio.current_async_library()
        assert anyio.get_current_task().id == id(asyncio.current_task())
        await wait()
        return [first, sniffio.current_async_library()]

    assert run(runner, main()) == ["asyncio", "asyncio"]


def test_an_error_in_the_first_step_or_later_is_handed_on(runner: Runner) -> None:
    async def main(seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        raise ValueError(seconds)

    for seconds in (0, 0.001):
        with pytest.raises(ValueError, match=str(seconds)):
            run(runner, main(seconds))


# ---------------------------------------------------------------- scopes that span the first wait


def test_a_timeout_spans_the_first_wait(runner: Runner) -> None:
    async def main(seconds: float) -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(0)
                await asyncio.sleep(seconds)
        except TimeoutError:
            return "too late"
        return "in time"

    assert run(runner, main(10)) == "too late"
    assert run(runner, main(0)) == "in time"


def test_a_task_group_spans_the_first_wait(runner: Runner) -> None:
    async def main() -> list[int]:
        results: list[int] = []

        async def child(number: int) -> None:
            await asyncio.sleep(0.001 * number)
            results.append(number)

        async with asyncio.TaskGroup() as group:
            for number in (2, 1, 0):
                group.create_task(child(number))
            await wait()
        return results

    assert sorted(run(runner, main())) == [0, 1, 2]


def test_a_task_group_cancels_and_raises(runner: Runner) -> None:
    async def main() -> None:
        async def child() -> None:
            raise KeyError

        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            await asyncio.sleep(10)

    with pytest.raises(ExceptionGroup) as raised:
        run(runner, main())
    assert raised.group_contains(KeyError)


def test_anyio_scopes_span_the_first_wait(runner: Runner) -> None:
    async def main() -> list[Any]:
        results: list[Any] = []

        async def child() -> None:
            with anyio.CancelScope(shield=True):  # the scope's end may come before, where the machine is slow
                await anyio.sleep(0.001)
                results.append("child")

        with anyio.move_on_after(0.02) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(child)
                await anyio.sleep(0)
                results.append(await anyio.to_thread.run_sync(threading.get_ident) != threading.get_ident())
                await anyio.sleep(10)
        return [*results, scope.cancelled_caught]

    assert sorted(map(str, run(runner, main()))) == ["True", "True", "child"]


def test_an_anyio_scope_may_end_within_the_first_step(runner: Runner) -> None:
    async def main() -> bool:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep(10)
        async with anyio.create_task_group():
            pass
        return scope.cancelled_caught

    assert run(runner, main())


def test_a_task_may_cancel_itself(runner: Runner) -> None:
    async def main(seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(10)

    for seconds in (0, 0.001):
        with pytest.raises(asyncio.CancelledError):
            run(runner, main(seconds))
    run(runner, wait())


def test_locks_queues_and_events_serve_over_requests(runner: Runner) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    lock = asyncio.Lock()

    async def main(number: int) -> int:
        async with lock:
            putting = asyncio.create_task(queue.put(number))
            got = await queue.get()
            await putting
            return got

    assert [run(runner, main(number)) for number in range(3)] == [0, 1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is another there")
def test_a_subprocess_may_be_started_in_the_first_step(runner: Runner) -> None:
    async def main() -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-SEc", "print(42)", stdout=asyncio.subprocess.PIPE
        )
        output, _ = await child.communicate()
        return output

    assert run(runner, main()) == b"42\n"


# ---------------------------------------------------------------- context variables

variable: ContextVar[str] = ContextVar("variable", default="nobody's")


def test_the_callers_context_is_seen_and_the_apps_stays_its_own(runner: Runner) -> None:
    async def main() -> list[str]:
        seen = [variable.get()]
        variable.set("the app's")
        await wait()
        return [*seen, variable.get()]

    def call() -> None:
        variable.set("the caller's")
        for _ in range(2):
            assert run(runner, main()) == ["the caller's", "the app's"]
            assert variable.get() == "the caller's"

    copy_context().run(call)
    assert run(runner, main()) == ["nobody's", "the app's"]


async def test_handle_async_keeps_contexts_apart_too() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        before = variable.get()
        variable.set(scope["aws.event"]["user"])
        await asyncio.sleep(0.001)
        await respond(send, f"{before}, {variable.get()}".encode())

    handler = Bridge(app, lifespan="off")
    variable.set("the caller's")
    events = [{**EVENT, "user": user} for user in ("alice", "bob")]
    bodies = [result["body"] for result in await asyncio.gather(*map(handler.handle_async, events))]
    assert bodies == ["the caller's, alice", "the caller's, bob"]
    assert variable.get() == "the caller's"


def test_an_app_that_is_no_coroutine_function_has_all_this_when_it_is_called() -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        assert asyncio.get_running_loop() is process_runner().loop
        assert asyncio.current_task() is not None
        assert variable.get() == "nobody's"
        variable.set("the app's")
        return respond(send)

    handler = Bridge(app, lifespan="off", errors="raise")
    for _ in range(2):
        assert handler(EVENT)["body"] == "ok"
    assert variable.get() == "nobody's"


# ---------------------------------------------------------------- asynchronous generators


def unfinished(closed: list[str]) -> AsyncGenerator[int, None]:
    """An asynchronous generator that notes where it was closed, after a wait."""

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append(str(id(asyncio.get_running_loop())))

    return numbers()


def leave_generator(closed: list[str], seconds: float) -> Coroutine[Any, Any, None]:
    async def main() -> None:
        if seconds:
            await asyncio.sleep(seconds)
        generator = unfinished(closed)
        assert await anext(generator) == 1
        del generator

    return main()


@pytest.mark.parametrize("seconds", [0, 0.001])
def test_a_generator_left_unfinished_is_closed_on_the_loop(runner: Runner, seconds: float) -> None:
    closed: list[str] = []
    run(runner, leave_generator(closed, seconds))
    gc.collect()
    run(runner, wait())
    assert closed == [str(id(runner.loop))]


def test_a_generator_is_closed_on_the_loop_it_ran_on(runner: Runner) -> None:
    # Hooks belong to a thread, and there are other loops.
    other = Runner(ASYNCIO)
    closed: list[str] = []

    async def leave_and_wait() -> None:
        await leave_generator(closed, 0)
        await wait()

    for one in (other, runner, other, runner):
        run(one, leave_generator(closed, 0))
    asyncio.run(leave_and_wait())
    run(runner, leave_generator(closed, 0))
    gc.collect()
    for one in (other, runner):
        run(one, wait())
    other.close()
    assert closed.count(str(id(other.loop))) == 2
    assert closed.count(str(id(runner.loop))) == 3
    assert len(closed) == 6


def test_hooks_that_somebody_else_has_left_do_not_matter(runner: Runner) -> None:
    closed: list[str] = []
    noted: list[object] = []

    def use() -> None:
        sys.set_asyncgen_hooks(noted.append, noted.append)
        run(runner, leave_generator(closed, 0))
        gc.collect()
        run(runner, wait())

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert closed == [str(id(runner.loop))]
    assert not noted


def test_every_thread_closes_generators(runner: Runner) -> None:
    # One after the other: threads that have ended give their identifiers to those that come.
    closed: list[str] = []
    for _ in range(3):
        thread = threading.Thread(target=lambda: run(runner, leave_generator(closed, 0)))
        thread.start()
        thread.join()
    gc.collect()
    run(runner, wait())
    assert closed == [str(id(runner.loop))] * 3


def test_the_end_of_the_loop_closes_generators(runner: Runner) -> None:
    closed: list[str] = []
    kept = unfinished(closed)

    async def main() -> None:
        await anext(kept)

    run(runner, main())
    runner.close()
    assert closed == [str(id(runner.loop))]


def test_a_closed_runner_takes_its_hooks_along(runner: Runner) -> None:
    run(runner, nothing())
    runner.close()
    assert sys.get_asyncgen_hooks() == (None, None)


# ---------------------------------------------------------------- tasks left behind


def test_a_task_left_behind_goes_on_and_holds_up_nothing(runner: Runner) -> None:
    ended: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.01)
        ended.append("work")

    async def main() -> asyncio.Task[None]:
        return asyncio.create_task(work())

    task: asyncio.Task[None] = run(runner, main())
    assert not ended
    for _ in range(1000):
        if not ended:
            run(runner, asyncio.sleep(0.01))
    assert ended == ["work"]
    assert task.done()


def test_tasks_left_behind_go_on_though_no_request_waits(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "TURN_SECONDS", 0.001)
    ended: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        ended.append(number)

    async def main(number: int) -> asyncio.Task[None]:
        return asyncio.create_task(work(number))

    tasks = [run(runner, main(number)) for number in range(3)]
    deadline = time.monotonic() + 5
    while len(ended) < 3 and time.monotonic() < deadline:
        run(runner, nothing())
    assert ended == [0, 1, 2]
    assert len(tasks) == 3


def test_an_error_in_a_task_left_behind_is_reported(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError("left behind")

    async def main() -> None:
        task = asyncio.create_task(fail())
        weakref.finalize(task, collected.append, True)

    collected: list[bool] = []
    run(runner, main())
    run(runner, wait())
    gc.collect()
    assert collected == [True]
    [record] = caplog.records
    assert (record.name, record.levelno) == ("asyncio", logging.ERROR)
    assert "left behind" in record.getMessage() + caplog.text
    caplog.clear()


def test_an_error_of_the_request_itself_is_not_reported_twice(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise KeyError

    for seconds in (0, 0.001):
        assert isinstance(runner.run(fail(seconds), None), KeyError)
    gc.collect()
    assert not caplog.records


# ---------------------------------------------------------------- what an app does to the loop


def test_an_app_may_stop_the_loop(runner: Runner) -> None:
    async def main() -> str:
        runner.loop.stop()
        await wait()
        runner.loop.stop()
        await asyncio.sleep(0.002)
        return "went on"

    for _ in range(2):
        assert run(runner, main()) == "went on"


def test_an_app_that_stops_the_loop_without_waiting_harms_nobody(runner: Runner) -> None:
    async def main() -> None:
        runner.loop.stop()

    run(runner, main())
    run(runner, wait())
    run(runner, nothing())


def test_threads_reach_the_loop(runner: Runner) -> None:
    async def main() -> str:
        future = runner.loop.create_future()
        thread = threading.Thread(target=lambda: runner.loop.call_soon_threadsafe(future.set_result, "from a thread"))
        thread.start()
        result: str = await future
        thread.join()
        return result

    assert [run(runner, main()) for _ in range(20)] == ["from a thread"] * 20


def test_threads_reach_the_loop_with_coroutines(runner: Runner) -> None:
    async def main() -> int:
        async def answer() -> int:
            await asyncio.sleep(0.001)
            return 42

        return await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(answer(), runner.loop).result(5))

    assert run(runner, main()) == 42


def test_callbacks_that_are_cancelled_do_not_run(runner: Runner) -> None:
    ran: list[str] = []

    async def main() -> None:
        runner.loop.call_soon(ran.append, "cancelled").cancel()
        runner.loop.call_soon(ran.append, "called")

    run(runner, main())
    run(runner, wait())
    assert ran == ["called"]


def test_more_callbacks_than_run_in_one_go_all_run(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "CALLBACKS", 3)

    async def main() -> str:
        for _ in range(20):
            await asyncio.sleep(0)
        return "done"

    assert run(runner, main()) == "done"
    assert run(runner, main(), Context(10_000)) == "done"


def test_an_error_in_a_callback_goes_to_the_loops_handler(runner: Runner) -> None:
    handled: list[Any] = []

    async def main() -> None:
        runner.loop.set_exception_handler(lambda _, context: handled.append(context["exception"]))
        runner.loop.call_soon(int, "no number")

    run(runner, main())
    run(runner, wait())
    assert [type(error) for error in handled] == [ValueError]


def test_a_loop_in_debug_mode_does_all_the_same(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    runner.loop.set_debug(True)

    async def main() -> str:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(wait())
            await asyncio.to_thread(int)
            runner.loop.call_soon(int)
        return "done"

    for _ in range(2):
        assert run(runner, main()) == "done"
        run(runner, nothing())


def test_an_eager_task_factory_of_the_apps_is_respected(runner: Runner) -> None:
    if sys.version_info < (3, 12):
        pytest.skip("asyncio has no eager tasks before CPython 3.12")
    if not isinstance(runner.loop, asyncio.BaseEventLoop):
        pytest.skip("uvloop 0.23 passes eager_start to factories before CPython 3.14, which do not take it there")
    runner.loop.set_task_factory(asyncio.eager_task_factory)

    async def child() -> object:
        return asyncio.current_task()

    async def main() -> bool:
        task = asyncio.create_task(child())
        done = task.done()
        await wait()
        return done and task.result() is task and asyncio.current_task() is not task

    assert run(runner, main())


# ---------------------------------------------------------------- the whole handler, on loops of another make


@pytest.mark.skipif(UVLOOP is None, reason="uvloop is not available here")
def test_a_handler_on_uvloop() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["loop"] = asyncio.get_running_loop()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            events.append("down")
            return
        if scope["aws.event"].get("wait"):
            await asyncio.sleep(scope["aws.event"]["wait"])
        assert scope["state"]["loop"] is asyncio.get_running_loop()
        await respond(send, type(scope["state"]["loop"]).__module__.encode())

    events: list[str] = []
    handler = Bridge(app, loop_factory=UVLOOP, errors="raise")
    assert handler(EVENT)["body"] == handler({**EVENT, "wait": 0.001})["body"] == "uvloop"
    with pytest.raises(TimeoutError):
        handler({**EVENT, "wait": 10}, Context(40))
    handler.close()
    assert events == ["down"]
