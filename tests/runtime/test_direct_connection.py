"""A connection that blocks the worker, and not the app: what does not fit into the sockets at once."""

import asyncio
import selectors
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from bridge._app.asgi.loop import Runner
from bridge.runtime._connection import JOINED, RuntimeApiError, run
from bridge.runtime._direct_connection import DirectConnection

LARGE = bytes(range(256)) * 80_000
"""More than the sockets between here and the other side can hold."""
REPLY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
SECONDS = 10


class Wire:
    """A connection, its loop, and the other side of it."""

    def __init__(self, loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop) -> None:
        self.runner = Runner(loop_factory)
        self.listener = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.ours = DirectConnection(address, self.runner)
        run(self.ours.begin())
        self.theirs, _ = self.listener.accept()
        self.theirs.setblocking(False)

    def do(self, work: Callable[[], Awaitable[None]]) -> None:
        async def in_time() -> None:
            async with asyncio.timeout(SECONDS):
                await work()

        self.runner.do(in_time())

    async def received(self, size: int) -> bytes:
        """So many bytes, read while the loop runs."""
        data = bytearray()
        while len(data) < size:
            data += await self.runner.loop.sock_recv(self.theirs, 1_000_000)
        return bytes(data)

    def reset(self) -> None:
        self.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.theirs.close()

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()
        self.listener.close()
        self.runner.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


async def held_back(wire: Wire, data: bytes = LARGE) -> asyncio.Task[None]:
    """A write that waits for the other side."""
    writing = asyncio.create_task(wire.ours.write(data))
    await asyncio.sleep(0.01)
    assert not writing.done()
    return writing


def test_what_is_held_back_goes_out_in_order_whoever_is_cancelled(wire: Wire) -> None:
    async def work() -> None:
        writing = await held_back(wire)
        second = asyncio.create_task(wire.ours.write(b"second"))
        await asyncio.sleep(0)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        assert await wire.received(len(LARGE) + 6) == LARGE + b"second"
        await second
        await wire.ours.write(b"third")
        assert await wire.received(5) == b"third"

    wire.do(work)
    wire.theirs.sendall(REPLY)
    assert run(wire.ours.reply()).status == 202


def test_pieces_that_fit_go_out_at_once(wire: Wire) -> None:
    pieces = b"a" * JOINED, b"b" * JOINED

    async def work() -> None:
        writing = asyncio.create_task(wire.ours.write(*pieces))
        await asyncio.sleep(0)
        assert writing.done()
        assert await wire.received(2 * JOINED) == b"".join(pieces)

    wire.do(work)


def test_where_nothing_fits_any_more_a_write_waits(wire: Wire) -> None:
    filled = 0

    async def work() -> None:
        nonlocal filled
        assert wire.ours._socket is not None
        with suppress(BlockingIOError):
            while True:
                filled += wire.ours._socket.send(LARGE, socket.MSG_DONTWAIT)
        writing = await held_back(wire, b"more")
        assert (await wire.received(filled + 4))[-4:] == b"more"
        await writing

    wire.do(work)


def test_outside_of_the_loop_a_write_blocks_until_all_is_out(wire: Wire) -> None:
    received = bytearray()

    def read() -> None:
        while len(received) < len(LARGE):
            received.extend(wire.theirs.recv(1_000_000))

    wire.theirs.setblocking(True)
    reader = threading.Thread(target=read)
    reader.start()
    run(wire.ours.write(LARGE))
    reader.join(SECONDS)
    assert received == LARGE


def test_what_nobody_waits_for_any_more_goes_out_before_the_reply_is_read(wire: Wire) -> None:
    received = bytearray()

    async def work() -> None:
        writing = await held_back(wire)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing

    def read() -> None:
        while len(received) < len(LARGE):
            received.extend(wire.theirs.recv(1_000_000))
        wire.theirs.sendall(REPLY)

    wire.do(work)
    wire.theirs.setblocking(True)
    reader = threading.Thread(target=read)
    reader.start()
    assert run(wire.ours.reply()).status == 202
    reader.join(SECONDS)
    assert received == LARGE


def test_a_reply_that_comes_meanwhile_is_the_reply_and_the_connection_is_left(wire: Wire) -> None:
    async def work() -> None:
        writing = await held_back(wire)
        wire.theirs.sendall(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n")
        await writing
        await wire.ours.write(b"more, which is not sent")

    wire.do(work)
    assert run(wire.ours.reply()).status == 413
    assert not run(wire.ours.begin())  # a new one
    wire.listener.accept()[0].close()


@pytest.mark.parametrize("by_writing", [False, True])
def test_a_connection_that_is_reset_meanwhile(wire: Wire, by_writing: bool) -> None:
    async def work() -> None:
        writing = await held_back(wire)
        wire.reset()
        if by_writing:
            wire.ours._flush(wire.ours._socket)  # type: ignore[arg-type]
        with pytest.raises(RuntimeApiError, match="has closed the connection"):
            await writing
        with pytest.raises(RuntimeApiError, match="has closed the connection"):
            await wire.ours.write(b"more")

    wire.do(work)


@pytest.mark.parametrize("pieces", [(LARGE,), (LARGE, b"more")], ids=len)
def test_a_connection_that_was_reset_before(wire: Wire, pieces: tuple[bytes, ...]) -> None:
    async def work() -> None:
        wire.reset()
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeApiError, match="has closed the connection"):
            await wire.ours.write(*pieces)

    wire.do(work)


def test_while_nothing_is_to_be_done_the_loop_runs(wire: Wire) -> None:
    done: list[str] = []

    async def later() -> None:
        await asyncio.sleep(0.01)
        done.append("later")
        wire.theirs.sendall(REPLY)

    async def work() -> None:
        tasks.append(asyncio.create_task(later()))

    tasks: list[asyncio.Task[None]] = []
    wire.do(work)
    run(wire.ours.write(b"GET"))
    assert run(wire.ours.reply(idle=True)).status == 202
    assert done == ["later"]


def test_what_comes_unasked_while_the_loop_runs_is_looked_at_by_the_next_request(wire: Wire) -> None:
    run(wire.ours.write(b"GET"))
    wire.theirs.sendall(REPLY)
    assert run(wire.ours.reply(idle=True)).status == 202

    async def work() -> None:
        wire.theirs.sendall(b"unasked")
        await asyncio.sleep(0.01)

    wire.do(work)
    assert not run(wire.ours.begin())
    wire.listener.accept()[0].close()


@pytest.mark.parametrize("selects", [True, False])
def test_while_nothing_is_to_be_done_what_threads_ask_for_is_done_on_the_loop(wire: Wire, selects: bool) -> None:
    if not selects:
        wire.runner._poll = None  # as with uvloop
    done: list[bool] = []

    def reply() -> None:
        done.append(asyncio.get_running_loop() is wire.runner.loop)
        wire.theirs.sendall(REPLY)

    run(wire.ours.write(b"GET"))
    thread = threading.Timer(0.02, wire.runner.loop.call_soon_threadsafe, [reply])
    thread.start()
    assert run(wire.ours.reply(idle=True)).status == 202
    thread.join(SECONDS)
    assert done == [True]


@pytest.mark.parametrize("selector", [selectors.DefaultSelector, selectors.SelectSelector])
def test_where_the_loop_has_nothing_to_do_it_does_not_run(
    selector: type[selectors.BaseSelector], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(lambda: asyncio.SelectorEventLoop(selector()))
    run(wire.ours.write(b"GET"))
    thread = threading.Timer(0.02, wire.theirs.sendall, [REPLY])
    thread.start()
    with monkeypatch.context() as patch:
        patch.delattr(asyncio.BaseEventLoop, "run_forever")
        assert run(wire.ours.reply(idle=True)).status == 202
    thread.join(SECONDS)
    wire.close()


def test_what_has_come_at_once_with_the_reply_is_done_first(wire: Wire) -> None:
    done: list[str] = []
    run(wire.ours.write(b"GET"))
    wire.theirs.sendall(REPLY)
    thread = threading.Thread(target=wire.runner.loop.call_soon_threadsafe, args=[done.append, "asked for"])
    thread.start()
    thread.join(SECONDS)
    assert run(wire.ours.reply(idle=True)).status == 202
    assert done == ["asked for"]
