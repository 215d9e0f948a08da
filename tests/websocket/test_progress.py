"""What an app does in another task than the one that receives is waited for, wherever it waits; nothing else is."""

import asyncio
import ctypes
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import anyio
import pytest

from bridge import DeadlineError
from bridge.websocket._budget import end_of_time
from bridge.websocket._run import holders, progress
from bridge.websocket._run.outgoing import Posts
from bridge.websocket._threads import call

from .api import Api, api_of
from .patterns import Receive, Send
from .test_patterns import LOOPS, SECONDS

DELAY = 0.1
"""Seconds that each piece of work takes: more than any pause between two looks."""


class Server:
    """Answers each line with itself, after a while; in a thread."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()[:2]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            while line := client.recv(100):
                time.sleep(DELAY)
                client.sendall(line)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


class Pool:
    """What an app makes when it starts up: connections that go on, and a task that reads answers for whoever asks."""

    def __init__(self) -> None:
        self.expected: dict[str, asyncio.Future[None]] = {}
        self.loop: asyncio.AbstractEventLoop
        self.lock: asyncio.Lock

    async def open(self, server: Server) -> None:
        self.loop = asyncio.get_running_loop()
        self.lock = asyncio.Lock()
        self.reader, self.writer = await asyncio.open_connection(*server.address)
        shared_reader, self.shared_writer = await asyncio.open_connection(*server.address)
        self._task = asyncio.create_task(self._dispatch(shared_reader))

    async def _dispatch(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self.expected.pop(line.decode().strip()).set_result(None)

    async def close(self) -> None:
        self._task.cancel()
        for writer in (self.writer, self.shared_writer):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


Work = Callable[[Pool, Server], Awaitable[None]]


async def sleep(pool: Pool, server: Server) -> None:
    await asyncio.sleep(DELAY)


async def anyio_sleep(pool: Pool, server: Server) -> None:
    await anyio.sleep(DELAY)


async def timer_and_event(pool: Pool, server: Server) -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(DELAY, event.set)
    await event.wait()


async def open_connection(pool: Pool, server: Server) -> None:
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(b"hello\n")
    await reader.readline()
    writer.close()
    await writer.wait_closed()


async def anyio_connection(pool: Pool, server: Server) -> None:
    async with await anyio.connect_tcp(*server.address) as stream:
        await stream.send(b"hello\n")
        await stream.receive()


async def pooled_connection(pool: Pool, server: Server) -> None:
    pool.writer.write(b"hello\n")
    await pool.reader.readline()


async def pooled_connection_in_a_lock(pool: Pool, server: Server) -> None:
    async with pool.lock:
        await pooled_connection(pool, server)


async def answer_that_another_task_reads(pool: Pool, server: Server) -> None:
    pool.expected["hello"] = asyncio.get_running_loop().create_future()
    pool.shared_writer.write(b"hello\n")
    await pool.expected["hello"]


async def bare_socket(pool: Pool, server: Server) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, server.address)
        await loop.sock_sendall(client, b"hello\n")
        await loop.sock_recv(client, 100)


async def watched_descriptor(pool: Pool, server: Server) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_connection(server.address) as client:
        client.sendall(b"hello\n")
        there = asyncio.Event()
        loop.add_reader(client, there.set)
        await there.wait()
        loop.remove_reader(client)


async def thread(pool: Pool, server: Server) -> None:
    await asyncio.to_thread(time.sleep, DELAY)


async def threads_in_a_queue(pool: Pool, server: Server) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as one:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(one, time.sleep, DELAY / 2) for _ in range(3)))


async def anyio_thread(pool: Pool, server: Server) -> None:
    await anyio.to_thread.run_sync(time.sleep, DELAY)


async def thread_of_its_own(pool: Pool, server: Server) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def work() -> None:
        time.sleep(DELAY)
        loop.call_soon_threadsafe(done.set_result, None)

    threading.Thread(target=work).start()
    await done


async def loop_in_another_thread(pool: Pool, server: Server) -> None:
    other = asyncio.new_event_loop()
    running = threading.Thread(target=other.run_forever)
    running.start()
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asyncio.sleep(DELAY), other))
    other.call_soon_threadsafe(other.stop)
    running.join()
    other.close()


async def subprocess(pool: Pool, server: Server) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", f"import time; time.sleep({DELAY})")
    assert await process.wait() == 0


async def held_by_c_code(pool: Pool, server: Server) -> None:
    """As gRPC's futures are."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(future))
    timer = threading.Timer(DELAY, _set_held, [loop, id(future)])
    timer.start()
    await future
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(future))


def _set_held(loop: asyncio.AbstractEventLoop, address: int) -> None:
    loop.call_soon_threadsafe(lambda: ctypes.cast(address, ctypes.py_object).value.set_result(None))


WORKS: list[Work] = [
    sleep,
    anyio_sleep,
    timer_and_event,
    open_connection,
    anyio_connection,
    pooled_connection,
    pooled_connection_in_a_lock,
    answer_that_another_task_reads,
    bare_socket,
    watched_descriptor,
    thread,
    threads_in_a_queue,
    anyio_thread,
    thread_of_its_own,
    loop_in_another_thread,
    subprocess,
    held_by_c_code,
]


def app_with(pool: Pool, server: Server, work: Work) -> Any:
    """An app that reads in one task, and works and replies in another; its pool lasts as long as its process does."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await pool.open(server)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await receive()
        await send({"type": "websocket.accept"})
        texts: asyncio.Queue[str] = asyncio.Queue()

        async def reply() -> None:
            while True:
                text = await texts.get()
                await work(pool, server)
                await send({"type": "websocket.send", "text": text})

        replying = asyncio.create_task(reply())
        try:
            while (message := await receive())["type"] == "websocket.receive":
                texts.put_nowait(message["text"])
        finally:
            replying.cancel()

    return app


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def loop_factory(request: pytest.FixtureRequest) -> Any:
    # A loop of the test's own, which no other test has left anything on.
    return lambda: request.param()


@pytest.fixture
def serve(loop_factory: Any, server: Server) -> Iterator[Callable[[Any], Api]]:
    bridges: list[Any] = []

    def api(app: Any, **options: Any) -> Api:
        made = api_of(app, lifespan="on", loop_factory=loop_factory, **options)
        bridges.append(next(iter(made.handlers)))
        return made

    yield api
    for bridge in bridges:
        bridge._asgi.close()
        bridge._asgi._runner.close()


Serve = Callable[..., Api]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__)
def test_work_in_another_task_is_waited_for(
    serve: Serve, server: Server, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(app_with(Pool(), server, work)).connect()
    started = time.monotonic()
    assert client.say("a", "b") == ["a", "b"]
    assert time.monotonic() - started < 2 * SECONDS + 2
    assert client.leave() == 200
    assert caplog.text == ""


def test_a_machine_that_stands_still_does_not_hand_a_message_over_early(serve: Serve) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        await receive()
        await send({"type": "websocket.accept"})
        steps: list[str] = []

        async def read() -> None:
            while (message := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": f"{message['text']} after {len(steps)}"})

        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        for _ in range(3):
            time.sleep(0.06)  # as where another process has the processor
            steps.append("step")
            await asyncio.sleep(0)
        await reading

    client = serve(app).connect()
    assert client.say("a") == ["a after 3"]


def test_nobody_waits_for_what_goes_on_beside_the_app(serve: Serve, server: Server) -> None:
    pool = Pool()

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app_with(pool, server, sleep)(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        texts: list[str] = []
        there = asyncio.Event()

        async def read() -> None:
            while (message := await receive())["type"] == "websocket.receive":
                texts.append(message["text"])
                there.set()

        reading = asyncio.create_task(read())
        await pooled_connection(pool, server)  # a connection of the pool has been used, and is idle
        while True:
            await asyncio.wait_for(there.wait(), 20)
            assert not reading.done() or texts
            there.clear()
            await send({"type": "websocket.send", "text": texts.pop()})

    client = serve(app).connect()
    started = time.monotonic()
    assert client.say("a", "b") == ["a", "b"]
    assert client.leave() == 200
    assert time.monotonic() - started < 3 * SECONDS


async def cancelled_when_handed_over(receive: Receive) -> None:
    """Ask for a message in a task that is cancelled after it was handed one, and before its next step."""
    loop = asyncio.get_running_loop()
    reading: asyncio.Task[Any] = asyncio.create_task(receive())  # type: ignore[arg-type]
    cancelled = loop.create_future()

    def look() -> None:
        if cancelled.done():
            return
        if not reading.done() and progress.awaited(reading) is None and reading._fut_waiter:  # type: ignore[attr-defined]
            reading.cancel()
            cancelled.set_result(None)
        else:
            loop.call_soon(look)

    loop.call_soon(look)
    await cancelled


@pytest.mark.parametrize("again", [True, False])
def test_a_message_that_a_cancelled_task_has_left_is_the_next_one_s_or_an_error(
    again: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await cancelled_when_handed_over(receive)
        while again:
            await send({"type": "websocket.send", "text": (await receive())["text"]})

    client = api_of(app, websocket_linger=0.05).connect()
    if again:
        assert client.say("a") == ["a"]
    else:
        assert client.send("a") == 500
        assert "it is lost" in caplog.text


async def test_of_a_loop_that_tells_nothing_whatever_is_not_a_message_is_waited_for() -> None:
    class Silent:
        pass

    async def wait(what: Awaitable[Any]) -> None:
        await what

    event = asyncio.Event()
    silent: Any = Silent()
    asked = asyncio.get_running_loop().create_future()
    asking, waiting = asyncio.create_task(wait(asked)), asyncio.create_task(wait(event.wait()))
    tasks = {asking, waiting}
    assert progress.is_ready(silent, tasks)
    assert progress.at_work(silent, tasks, [asked], 0.0, lambda context: True)[0] == {progress.name_of(asking)}
    await asyncio.sleep(0)
    assert not progress.is_ready(silent, tasks)
    assert progress.at_work(silent, {asking}, [asked], 0.0, lambda context: True)[:2] == (set(), set())
    assert progress.at_work(silent, tasks, [asked], 0.0, lambda context: True)[0] == {progress.name_of(waiting)}
    for task in tasks:
        task.cancel()


class Node:
    """One of many objects between a thread and what it will set."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


LONG = 0.4
"""Seconds of work that goes on after several looks, which take a while here."""


async def beside_a_lot_of_data(pool: Pool, server: Server) -> None:
    data = [Node([number]) for number in range(2 * holders.OBJECTS)]
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def work(beside: list[Node], way: Node) -> None:
        time.sleep(LONG)
        loop.call_soon_threadsafe(way.inner.inner.inner.set_result, None)

    threading.Thread(target=work, args=[data, Node(Node(Node(done)))]).start()
    await done


def test_work_is_not_cut_because_of_data_that_is_beside_it(
    serve: Serve, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(app_with(Pool(), server, beside_a_lot_of_data)).connect()
    assert client.say("a", "b") == ["a", "b"]
    assert caplog.text == ""


async def test_data_is_looked_into_last() -> None:
    loop, over = asyncio.get_running_loop(), threading.Event()
    there = asyncio.Event()
    waiting = asyncio.create_task(there.wait())
    await asyncio.sleep(0)
    data = [Node([number]) for number in range(2 * holders.OBJECTS)]
    threading.Thread(target=lambda data, way: over.wait(60), args=[data, Node(Node(Node(there)))]).start()
    assert progress.at_work(loop, {waiting}, [], 0.0, lambda context: True).soon == {progress.name_of(waiting)}
    over.set()
    waiting.cancel()


def test_where_nobody_can_tell_the_event_ends_and_the_log_says_so(
    serve: Serve, server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "OBJECTS", 1000)  # so that a look takes no time
    caplog.set_level("INFO")
    over = threading.Event()

    async def nothing(pool: Pool, server: Server) -> None:
        done = asyncio.get_running_loop().create_future()
        far: object = done
        for _ in range(holders.OBJECTS):
            far = Node(far)
        threading.Thread(target=lambda far: over.wait(60), args=[far]).start()
        await done

    client = serve(app_with(Pool(), server, nothing)).connect()
    started = time.monotonic()
    assert client.say("a") == []
    assert time.monotonic() - started < 4  # less than lingering takes
    over.set()
    assert (
        "it was not known whether these tasks of the app were still at work: app_with.<locals>.app.<locals>.reply"
        in (caplog.text)
    )


async def test_a_call_of_an_executor_is_known_by_what_asyncio_makes_of_it() -> None:
    loop = asyncio.get_running_loop()
    running: Future[int] = Future()
    waits = asyncio.gather(asyncio.shield(asyncio.wrap_future(running)))
    assert holders.waits_for_a_call(waits, loop, set())
    assert not holders.waits_for_a_call(waits, loop, {id(loop), id(waits)})
    assert not holders.waits_for_a_call(loop.create_future(), loop, set())
    running.set_result(1)
    assert not holders.waits_for_a_call(waits, loop, set())
    assert [*await waits] == [1]


async def test_it_is_not_looked_for_among_all_that_there_is() -> None:
    loop = asyncio.get_running_loop()
    call: Future[int] = Future()

    near, far = [call], [call]
    for _ in range(holders.CLOSE):
        far = [far]  # type: ignore[list-item]
    assert holders.waits_for_a_call(near, loop, set())
    assert not holders.waits_for_a_call(far, loop, set())
    of_the_apps = loop.create_future()
    of_the_apps.add_done_callback(lambda _: call)
    assert not holders.waits_for_a_call(of_the_apps, loop, set())


async def test_a_thread_that_nobody_waits_for_any_more_wakes_nobody() -> None:
    there, over = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    waiting = asyncio.create_task(there.wait())

    def block(event: asyncio.Event) -> None:
        over.wait(60)

    def soon() -> set[str]:
        return progress.at_work(loop, {waiting}, [], 0.0, lambda context: True).soon

    token = end_of_time.set(time.monotonic() + 0.2)
    calling = asyncio.create_task(call("the store", block, there))
    end_of_time.reset(token)
    await asyncio.sleep(0.05)
    assert soon() == {progress.name_of(waiting)}
    with pytest.raises(DeadlineError, match="the store was waited for"):
        await calling
    del calling
    assert soon() == set()
    over.set()
    waiting.cancel()


async def test_a_timer_of_somebody_else_s_counts_if_it_wakes_the_app() -> None:
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    waiting = asyncio.create_task(event.wait())
    await asyncio.sleep(0)
    timer = loop.call_later(3, event.set)
    now = loop.time()
    assert progress.at_work(loop, {waiting}, [], now + 5, lambda context: False)[0] == {progress.name_of(waiting)}
    assert progress.at_work(loop, {waiting}, [], now + 1, lambda context: False)[:2] == (set(), set())
    timer.cancel()
    assert progress.at_work(loop, {waiting}, [], now + 5, lambda context: False)[:2] == (set(), set())
    waiting.cancel()


EVENTS: dict[str, asyncio.Event] = {}
"""Where nothing but a module knows what a task waits for."""


async def test_what_a_module_knows_is_no_c_code_s() -> None:
    EVENTS["one"] = asyncio.Event()

    async def wait() -> None:
        await EVENTS["one"].wait()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    EVENTS["one"]._waiters.append(EVENTS["one"]._waiters[0])
    assert progress.at_work(asyncio.get_running_loop(), {waiting}, [], 0.0, lambda c: True)[:2] == (set(), set())
    waiting.cancel()


async def test_a_task_is_not_taken_to_be_held_by_a_module_whose_code_another_thread_runs() -> None:
    EVENTS["two"] = asyncio.Event()

    def ask() -> set[str]:
        async def main() -> set[str]:
            waiting = asyncio.create_task(EVENTS["two"].wait())
            await asyncio.sleep(0)
            soon = progress.at_work(asyncio.get_running_loop(), {waiting}, [], 0.0, lambda context: True).soon
            waiting.cancel()
            return soon

        return asyncio.run(main())

    assert await asyncio.to_thread(ask) == set()


async def test_a_text_that_is_still_on_its_way_when_all_is_over_is_an_error() -> None:
    on_its_way = asyncio.get_running_loop().create_future()
    posts = Posts(lambda text: on_its_way)
    sending = asyncio.create_task(posts.add("x"))
    await asyncio.sleep(0.01)
    assert posts.error() is None
    sending.cancel()
    await asyncio.wait([sending])
    assert "on its way to the client" in str(posts.error())
