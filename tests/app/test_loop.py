"""The process's loop: one, private, for plain code and threads; and the ways to take a first step on it."""

import asyncio
import contextlib
import gc
import logging
import os
import select
import selectors
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeAlias

import anyio
import pytest

from bridge import Bridge, DeadlineError, RunningLoopError
from bridge._app.asgi import loop as loops
from bridge._app.asgi.cycle import Cycle
from bridge._app.asgi.loop import OTHER_LOOP, Runner, _poll_of, check_idle, process_runner
from bridge._http import ResponseNames

from ..asgi_apps import ASYNCIO, EVENT, UVLOOP, Context, Receive, Scope, Send, process, respond, run

FirstStep: TypeAlias = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


async def show_loop(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the loop it runs on; it has a lifespan, and waits a little on one path of two."""
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["started"] = scope["state"].get("started", 0) + 1
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["aws.event"].get("wait"):
        await asyncio.sleep(0.001)
    await respond(send, str(id(asyncio.get_running_loop())).encode())


WAIT = {**EVENT, "wait": True}


# ---------------------------------------------------------------- one loop


def test_every_event_runs_on_the_same_loop() -> None:
    handler, other = Bridge(show_loop), Bridge(show_loop, lifespan="off")
    seen = {handler(event)["body"] for event in (EVENT, WAIT, EVENT)} | {other(WAIT)["body"]}
    assert seen == {str(id(process_runner().loop))}


def test_asyncio_run_in_between_does_no_harm() -> None:
    handler = Bridge(show_loop)
    first = handler(WAIT)["body"]
    asyncio.run(asyncio.sleep(0))
    assert handler(WAIT)["body"] == handler(EVENT)["body"] == first


def test_neither_a_default_loop_nor_a_closed_one_matters() -> None:
    # In a thread of its own: the default loop belongs to a thread.
    def use() -> set[str]:
        handler = Bridge(show_loop, lifespan="off")
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        before = handler(WAIT)["body"]
        assert asyncio.get_event_loop() is loop
        loop.close()
        closed = handler(WAIT)["body"]
        asyncio.set_event_loop(None)
        return {before, closed, handler(WAIT)["body"]}

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(use).result() == {str(id(process_runner().loop))}


def test_many_threads_may_call_at_once() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["aws.event"]["number"]
        if number % 3:
            await asyncio.sleep(0.001 * (number % 2))
        await respond(send, str(number).encode())

    handler = Bridge(app, lifespan="off")

    def call(number: int) -> str:
        body: str = handler({**EVENT, "number": number})["body"]
        return body

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(call, range(200))) == [str(number) for number in range(200)]


class Unhurried(asyncio.SelectorEventLoop):
    """A loop that takes its time to make a task: time in which other threads run."""

    def create_task(self, *args: Any, **options: Any) -> asyncio.Task[Any]:
        time.sleep(0.005)
        return super().create_task(*args, **options)


def test_threads_that_come_first_together_start_up_once() -> None:
    starts: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            starts.append(1)
            await asyncio.sleep(0.01)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            return
        await respond(send)

    handler = Bridge(app, loop_factory=Unhurried)
    barrier = threading.Barrier(8)

    def call(_: int) -> int:
        barrier.wait()
        status: int = handler(EVENT)["statusCode"]
        return status

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(call, range(8))) == [200] * 8
    handler.close()
    assert starts == [1]


def test_a_factory_has_a_loop_of_its_own() -> None:
    made: list[asyncio.AbstractEventLoop] = []

    def factory() -> asyncio.AbstractEventLoop:
        made.append(asyncio.new_event_loop())
        return made[-1]

    handlers = [Bridge(show_loop, lifespan="off", loop_factory=factory) for _ in range(2)]
    assert {handler(WAIT)["body"] for handler in handlers} == {str(id(loop)) for loop in made}
    assert len(made) == 1
    assert made[0] is not process_runner().loop


# ---------------------------------------------------------------- inside a running loop


@pytest.mark.parametrize("started", [False, True])
async def test_a_plain_call_inside_a_running_loop_names_what_to_use(started: bool) -> None:
    handler = Bridge(show_loop)
    if started:
        await asyncio.to_thread(handler, EVENT)
    with pytest.raises(RunningLoopError, match=r"await handler\.handle_async"):
        handler(EVENT)
    assert (await handler.handle_async(EVENT))["statusCode"] == 200
    with pytest.raises(RunningLoopError) as raised:
        check_idle()
    assert str(raised.value) == (
        "handler(event, context) was called where an event loop is running already. "
        "There, use: await handler.handle_async(event, context)"
    )
    await asyncio.to_thread(handler.close)


async def test_neither_close_nor_wait_runs_inside_a_running_loop() -> None:
    handler = Bridge(show_loop)
    await asyncio.to_thread(handler, EVENT)
    with pytest.raises(RunningLoopError):
        handler.close()
    with pytest.raises(RunningLoopError):
        process_runner().wait(process_runner().loop.create_future(), 0)
    await asyncio.to_thread(handler.close)


def test_a_first_call_inside_a_running_loop_makes_no_loop() -> None:
    code, output, errors = process("""
        import gc

        async def app(scope, receive, send):
            await respond(send)

        handler = Bridge(app, lifespan="off")

        async def main():
            try:
                handler(EVENT)
            except RuntimeError as error:
                print(type(error).__name__)

        asyncio.run(main())
        gc.collect()
        print(handler(EVENT)["body"])
    """)
    assert (code, output, errors) == (0, "RunningLoopError\nok\n", "")


@pytest.mark.parametrize("lifespan", ["on", "off"])
async def test_handle_async_runs_many_at_once_on_the_callers_loop(lifespan: Any) -> None:
    handler = Bridge(show_loop, lifespan=lifespan)
    results = await asyncio.gather(*(handler.handle_async(WAIT if number % 2 else EVENT) for number in range(50)))
    assert {result["body"] for result in results} == {str(id(asyncio.get_running_loop()))}


def test_handle_async_has_a_lifespan_for_each_loop() -> None:
    events: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            events.append("up")
            scope["state"]["loop"] = id(asyncio.get_running_loop())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await asyncio.sleep(0)
            events.append("down")
            await send({"type": "lifespan.shutdown.complete"})
            return
        await asyncio.sleep(0)
        assert scope["state"]["loop"] == id(asyncio.get_running_loop())
        await respond(send)

    handler = Bridge(app, errors="raise")

    async def main() -> int:
        results = await asyncio.gather(*(handler.handle_async(EVENT) for _ in range(5)))
        return len(results)

    assert asyncio.run(main()) == 5
    assert asyncio.run(main()) == 5
    assert events == ["up", "down", "up", "down"]
    assert anyio.run(main) == 5
    handler(EVENT)
    assert events == ["up", "down"] * 3 + ["up"]
    handler.close()
    assert events == ["up", "down"] * 4


# ---------------------------------------------------------------- fork

FORK = """
    import os, sys, warnings
    warnings.filterwarnings("ignore", "This process", DeprecationWarning)  # of threads; those of asyncio are idle

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            print("up", os.getpid() == parent)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            print("down", os.getpid() == parent)
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await asyncio.wait_for(asyncio.to_thread(int), 5)
            await respond(send)

    parent = os.getpid()
    handler = Bridge(app)
    print(handler(EVENT)["body"])
    child = os.fork()
    if not child:
        {child}
    else:
        print("child", os.waitpid(child, 0)[1])
        print(handler(EVENT)["body"])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("child", "prints"), [("sys.exit()", ""), ('print(handler(EVENT)["body"])', "up False\nok\ndown False\n")]
)
def test_a_forked_child_has_a_loop_and_a_lifespan_of_its_own(child: str, prints: str) -> None:
    code, output, errors = process(FORK.replace("{child}", child))
    assert (code, output, errors) == (0, f"up True\nok\n{prints}child 0\nok\ndown True\n", "")


# ---------------------------------------------------------------- the first step


async def current_task() -> bool:
    task = asyncio.current_task()
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    return task is not None and task is asyncio.current_task()


async def own_task() -> asyncio.Task[Any] | None:
    return asyncio.current_task()


def lacks_something(loop: asyncio.AbstractEventLoop) -> FirstStep:
    def first_step(coroutine: Coroutine[Any, Any, Any]) -> Any:
        raise AttributeError("_ready")

    return first_step


def takes_no_eager_start(loop: asyncio.AbstractEventLoop) -> FirstStep:
    def first_step(coroutine: Coroutine[Any, Any, Any]) -> Any:
        raise TypeError("eager_start")

    return first_step


def is_late(loop: asyncio.AbstractEventLoop) -> FirstStep:
    def first_step(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        async def later() -> None:
            await asyncio.sleep(0.001)
            await coroutine

        return loop.create_task(later())

    return first_step


def has_no_task(loop: asyncio.AbstractEventLoop) -> FirstStep:
    def first_step(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with pytest.raises(StopIteration):
            coroutine.send(None)
        future = loop.create_future()
        future.set_result(None)
        return future

    return first_step


@pytest.mark.parametrize("broken", [lacks_something, takes_no_eager_start, is_late, has_no_task])
def test_a_way_that_does_not_work_gives_way_to_the_next(
    broken: Callable[[asyncio.AbstractEventLoop], FirstStep], caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[str] = []

    def better(loop: asyncio.AbstractEventLoop) -> FirstStep:
        tried.append("better")
        return broken(loop)

    def works(loop: asyncio.AbstractEventLoop) -> FirstStep:
        tried.append("works")
        return loops.scheduled(loop)

    def never(loop: asyncio.AbstractEventLoop) -> FirstStep:
        raise AssertionError

    runner = Runner(ASYNCIO, (better, works, never))
    try:
        assert tried == ["better", "works"]
        assert run(runner, current_task())
    finally:
        runner.close()
    gc.collect()
    assert not caplog.records


def test_the_plain_public_way_is_taken_unseen() -> None:
    runner = Runner(ASYNCIO, (lacks_something, loops.scheduled))
    assert run(runner, current_task())
    runner.close()


def test_the_last_way_is_kept_for_want_of_a_better() -> None:
    runner = Runner(ASYNCIO, (lacks_something, is_late))
    assert run(runner, current_task())
    runner.close()


class Stubborn(asyncio.SelectorEventLoop):
    """A loop that lets nobody else say whether it runs."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "is_running":
            raise AttributeError(name)
        super().__setattr__(name, value)


class Bare(asyncio.SelectorEventLoop):
    """A loop without the attributes that are not public."""

    __private = ("_ready", "_asyncgen_firstiter_hook", "_asyncgen_finalizer_hook")

    def __getattribute__(self, name: str) -> Any:
        if name in Bare.__private and sys._getframe(1).f_globals["__name__"] == "bridge._app.asgi.loop":
            raise AttributeError(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("factory", [Stubborn, Bare])
def test_a_loop_of_another_make_will_do(
    factory: Callable[[], asyncio.AbstractEventLoop], caplog: pytest.LogCaptureFixture
) -> None:
    handler = Bridge(show_loop, loop_factory=factory)
    assert handler(WAIT)["body"] == handler(EVENT)["body"] == str(id(process_runner(factory).loop))
    handler.close()
    for ways in ((loops.hastened, loops.scheduled), (loops.scheduled,)):
        runner = Runner(factory, ways)
        assert run(runner, current_task())
        runner.close()
    gc.collect()
    assert not caplog.records


# ---------------------------------------------------------------- the handler, called by the app


@pytest.mark.parametrize("module", ["asyncio", "uvloop"])
@pytest.mark.parametrize("call", [asyncio.to_thread, anyio.to_thread.run_sync])
def test_the_handler_called_in_a_thread_of_the_app_is_an_error_by_name(call: Any, module: str) -> None:
    raised: list[BaseException] = []

    def again() -> None:
        with pytest.raises(RunningLoopError, match="in a thread of the app") as caught:
            handler(EVENT)
        raised.append(caught.value)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await call(again)
            await respond(send)

    handler = Bridge(app, loop_factory=pytest.importorskip(module).new_event_loop)
    assert handler(EVENT)["body"] == "ok"
    assert [str(error) for error in raised] == [
        "handler(event, context) was called in a thread of the app, which is handling an event: the two would "
        "wait for each other. In the app, use: await handler.handle_async(event, context)"
    ]
    handler.close()


def test_a_thread_that_is_not_the_app_s_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "LOOK_SECONDS", 0.001)
    looked = threading.Event()
    check_thread = Runner._check_thread

    def check(self: Runner, coroutine: Any) -> None:
        check_thread(self, coroutine)
        looked.set()

    monkeypatch.setattr(Runner, "_check_thread", check)
    results: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not looked.is_set():
            other.start()
            assert looked.wait(30)
        await respond(send)

    handler = Bridge(app, lifespan="off")
    other = threading.Thread(target=lambda: results.append(handler(EVENT)))
    results.append(handler(EVENT))
    other.join()
    assert [result["body"] for result in results] == ["ok", "ok"]


# ---------------------------------------------------------------- a runner's time


def test_a_runner_returns_what_a_coroutine_raised() -> None:
    async def fail(seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        raise ValueError(seconds)

    for seconds in (0, 0.001):
        error = process_runner().run(fail(seconds), None)
        assert isinstance(error, ValueError)
    assert process_runner().run(asyncio.sleep(0), None) is None


def test_a_runner_leaves_what_ignores_its_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge._invocation.deadline.GRACE", 0.02)
    runner = process_runner()
    release: list[asyncio.Event] = [asyncio.Event()]
    ignored: list[bool] = []

    async def stubborn() -> None:
        while not release[0].is_set():
            try:
                await release[0].wait()
            except asyncio.CancelledError:
                ignored.append(True)

    async def free() -> None:
        release[0].set()

    assert isinstance(runner.run(stubborn(), Context(20)), DeadlineError)
    assert ignored == [True]
    assert runner.run(free(), Context(1000)) is None


def test_so_it_does_where_the_answer_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge._invocation.deadline.BACKGROUND_MARGIN", 0.02)
    runner = process_runner()
    freed: list[asyncio.Event] = []

    async def stubborn() -> None:
        freed.append(asyncio.Event())
        asyncio.get_running_loop().call_later(2, freed[0].set)
        while not freed[0].is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await freed[0].wait()

    async def free() -> None:
        freed[0].set()

    class Answered(Cycle):
        answered = True

    assert isinstance(runner.run(stubborn(), Context(20), Answered(b"", ResponseNames())), DeadlineError)
    assert not freed[0].is_set()
    assert runner.run(free(), Context(1000)) is None


def test_to_wait_for_a_future_ends_with_it_or_with_the_time() -> None:
    runner = process_runner()
    future = runner.loop.create_future()
    assert not runner.wait(future, 0.005)
    runner.loop.call_later(0.005, future.set_result, None)
    assert runner.wait(future, None)
    assert runner.wait(future, None)


def test_input_is_looked_for_though_no_request_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "TURN_SECONDS", 0.001)
    runner = Runner(ASYNCIO)
    ended: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.01)
        ended.append("timer")
        reader, writer = os.pipe()
        await asyncio.get_running_loop().run_in_executor(None, os.write, writer, b"x")
        readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(reader, readable.set)
        await readable.wait()
        asyncio.get_running_loop().remove_reader(reader)
        os.close(reader)
        os.close(writer)
        ended.append("input")

    left: list[asyncio.Task[None]] = []

    async def leave() -> None:
        left.append(asyncio.get_running_loop().create_task(slow()))

    async def quick() -> None: ...

    run(runner, leave())
    deadline = time.monotonic() + 5
    while not left[0].done() and time.monotonic() < deadline:
        run(runner, quick())
        time.sleep(0.001)  # a thread that is short of the GIL gets it
    runner.close()
    assert ended == ["timer", "input"]


def turns_of(runner: Runner, coroutines: int) -> int:
    """How often the loop is run for so many coroutines, none of which waits for it."""
    turns: list[None] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner.loop, "run_forever", lambda: turns.append(None))
        for _ in range(coroutines):
            run(runner, own_task())
    return len(turns)


def test_input_is_looked_for_no_more_often_than_it_has_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "TURN_SECONDS", 1000)
    runner = Runner(ASYNCIO)
    run(runner, own_task())
    assert turns_of(runner, 10) == 0
    runner.close()


def test_tasks_that_are_always_ready_hold_up_no_request() -> None:
    runner = Runner(ASYNCIO)
    turns = 0

    async def busy() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    left: list[asyncio.Task[None]] = []

    async def leave() -> None:
        left.append(asyncio.get_running_loop().create_task(busy()))

    run(runner, leave())
    before = turns
    assert run(runner, current_task())
    assert turns > before
    runner.close()


# ---------------------------------------------------------------- the end of a loop


def test_to_close_a_runner_cancels_what_is_left_on_it() -> None:
    ended: list[str] = []
    runner = Runner(ASYNCIO)
    left: list[asyncio.Task[None]] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("ended")

    async def leave() -> None:
        left.append(asyncio.get_running_loop().create_task(wait()))
        await asyncio.sleep(0)

    run(runner, leave())
    runner.close()
    runner.close()
    assert ended == ["ended"]
    assert runner.loop.is_closed()


def test_to_close_a_runner_does_not_wait_for_what_will_not_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "CLOSE_SECONDS", 0.02)
    runner = Runner(ASYNCIO)
    left: list[asyncio.Task[None]] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    async def leave() -> None:
        left.append(asyncio.get_running_loop().create_task(stubborn()))
        await asyncio.sleep(0)

    run(runner, leave())
    runner.close()
    assert runner.loop.is_closed()
    with caplog.at_level(logging.CRITICAL, "asyncio"):  # "Task was destroyed but it is pending!"
        left[0].get_coro().close()
        left.clear()
        gc.collect()


def test_what_asyncio_reports_is_reported_but_for_the_end_of_the_process(caplog: pytest.LogCaptureFixture) -> None:
    runner = Runner(asyncio.new_event_loop)
    runner.loop.call_exception_handler({"message": "a task", "exception": SystemExit(3)})
    assert not caplog.records
    runner.loop.call_exception_handler({"message": "a task", "exception": ValueError("late")})
    assert [record.message for record in caplog.records] == ["a task"]
    runner.close()


def test_a_loop_that_reports_in_its_own_way_keeps_it() -> None:
    def own(loop: asyncio.AbstractEventLoop, context: Any) -> None: ...

    def factory() -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(own)
        return loop

    runner = Runner(factory)
    assert runner.loop.get_exception_handler() is own
    runner.close()


def test_a_runner_may_be_closed_in_another_thread() -> None:
    runner = Runner(ASYNCIO)
    hooks = sys.get_asyncgen_hooks()
    thread = threading.Thread(target=runner.close)
    thread.start()
    thread.join()
    assert runner.loop.is_closed()
    assert sys.get_asyncgen_hooks() == hooks
    assert run(process_runner(), current_task())


@pytest.mark.parametrize("thread", ["asyncio.to_thread(int)", "anyio.to_thread.run_sync(int)"])
def test_a_process_that_has_used_threads_ends_in_silence(thread: str) -> None:
    code, output, errors = process(f"""
        import anyio.to_thread

        async def app(scope, receive, send):
            await {thread}
            await respond(send)

        print(Bridge(app, lifespan="off")(EVENT)["body"])
    """)
    assert (code, output, errors) == (0, "ok\n", "")


# ---------------------------------------------------------------- a wait without the loop


def select_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


@pytest.mark.skipif(sys.platform == "win32", reason="the loop watches no sockets there")
@pytest.mark.parametrize("factory", [ASYNCIO, select_loop])
def test_what_a_loop_watches_is_waited_for_without_it(factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    runner = Runner(factory)
    mine, other = socket.socketpair()
    with mine, other:
        runner.loop.add_reader(mine, int)
        other.send(b"x")
        poll = _poll_of(runner.loop)
        assert poll is not None
        assert [fd for fd, _ in poll(-1, 2)] == [mine.fileno()]
        runs: list[None] = []
        runner.loop.run_forever = lambda: runs.append(None)  # type: ignore[method-assign]
        assert runner.turn(mine)
        assert not runs
        assert not runner.turn(None)
        assert not runner.turn(other)
        runner.loop.call_soon(int)
        assert not runner.turn(mine)
        runner._drain()
        timer = runner.loop.call_later(100, int)
        assert not runner.turn(mine)
        assert len(runs) == 4
        timer.cancel()
        del runner.loop.run_forever
        runner.loop.remove_reader(mine)
    runner.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the loop watches no sockets there")
@pytest.mark.skipif(not hasattr(select, "epoll"), reason="it is Linux's")
def test_where_there_is_epoll_it_is_asked_itself() -> None:
    loop: Any = asyncio.SelectorEventLoop(selectors.EpollSelector())
    assert _poll_of(loop) == loop._selector._selector.poll
    loop.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the loop watches no sockets there")
def test_more_than_one_thing_to_read_is_the_loop_s() -> None:
    runner = Runner(ASYNCIO)
    pairs = [socket.socketpair() for _ in range(3)]
    for mine, other in pairs:
        runner.loop.add_reader(mine, runner.loop.stop)
        other.send(b"x")
    assert not runner.turn(pairs[0][0])
    for mine, other in pairs:
        runner.loop.remove_reader(mine)
        mine.close()
        other.close()
    runner.close()


class Hides:
    """A loop that shows some of what is private to asyncio's."""

    def __init__(self, **shown: object) -> None:
        self.__dict__.update(shown)


@pytest.mark.parametrize("loop", [Hides(), Hides(_scheduled=[]), Hides(_selector=selectors.SelectSelector())])
def test_a_loop_that_does_not_show_what_it_watches_waits_itself(loop: Any) -> None:
    assert _poll_of(loop) is None


@pytest.mark.skipif(UVLOOP is None, reason="uvloop is not available here")
def test_so_does_uvloop_s() -> None:
    assert UVLOOP is not None
    runner = Runner(UVLOOP)
    runner.loop.call_soon(runner.loop.stop)
    with socket.socket() as unused:
        assert not runner.turn(unused)
    runner.close()


def test_what_interrupts_the_loop_ends_its_turn() -> None:
    runner = Runner(ASYNCIO)
    runner.interruption = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as raised:
        runner.turn()
    assert raised.value is runner.interruption
    runner.close()


def test_after_a_turn_no_coroutine_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "TURN_SECONDS", 0)
    runner = Runner(ASYNCIO)
    runner.loop.call_soon(runner.loop.stop)
    assert not runner.turn()
    assert turns_of(runner, 1) == 0
    runner.close()


def test_who_asks_is_told_of_each_task_that_is_made() -> None:
    runner = Runner(ASYNCIO)
    noted: list[asyncio.Task[Any]] = []
    before = run(runner, own_task())
    runner.note_tasks(noted.append)
    assert run(runner, own_task()) is noted[0] is not before
    assert len(noted) == 1
    runner.close()


# ---------------------------------------------------------------- what was made on another loop


@pytest.fixture
def default_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that a module has made at import, to open its connections."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def future_of(loop: asyncio.AbstractEventLoop) -> Awaitable[Any]:
    return loop.create_future()


def lock_of(loop: asyncio.AbstractEventLoop) -> Awaitable[Any]:
    lock = asyncio.Lock()

    async def wait() -> None:
        await lock.acquire()
        await asyncio.wait({asyncio.ensure_future(lock.acquire())}, timeout=0)

    loop.run_until_complete(wait())
    return lock.acquire()


@pytest.mark.parametrize("made", [future_of, lock_of])
@pytest.mark.parametrize("errors", ["respond", "raise"])
def test_an_error_of_what_belongs_to_another_loop_says_what_to_do(
    made: Callable[[asyncio.AbstractEventLoop], Awaitable[Any]],
    errors: Literal["respond", "raise"],
    default_loop: asyncio.AbstractEventLoop,
    caplog: pytest.LogCaptureFixture,
) -> None:
    awaitable = made(default_loop)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await awaitable

    handler = Bridge(app, lifespan="off", errors=errors)
    if errors == "raise":
        with pytest.raises(RuntimeError, match="different") as raised:
            handler(EVENT)
        assert raised.value.__notes__ == [OTHER_LOOP]
    else:
        handler(EVENT)
        assert OTHER_LOOP in caplog.text


POOL_AT_IMPORT = """
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)

async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()

async def open_pool():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    return server, await asyncio.open_connection(*server.sockets[0].getsockname())

server, (reader, writer) = loop.run_until_complete(open_pool())

async def app(scope, receive, send):
    writer.write(b"a row\\n")
    await respond(send, await reader.readline())

handler = Bridge(app, lifespan="off", loop_factory=asyncio.get_event_loop)
print(handler(EVENT)["body"])
writer.close()
server.close()
"""


def test_what_it_says_to_do_helps() -> None:
    assert process(POOL_AT_IMPORT) == (0, "a row\n\n", "")


@pytest.mark.parametrize("text", [(), ("no such table",), ("the end of a loop",), ("it went to a different table",)])
def test_another_error_is_left_as_it_is(text: tuple[str, ...]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(*text)

    with pytest.raises(RuntimeError) as raised:
        Bridge(app, lifespan="off", errors="raise")(EVENT)
    assert not hasattr(raised.value, "__notes__")
