"""Apps without a framework that answer every message, each of which waits for it in a way of its own.

All of them reply with the text that has come. Behind a server, none of them takes any time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

import anyio

Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Talk: TypeAlias = Callable[[Callable[[], Awaitable[str]], Callable[[str], Awaitable[None]]], Awaitable[None]]
"""A conversation: what it receives by, and what it sends by."""


class LeftError(Exception):
    """The client has left."""


def app_of(talk: Talk, goodbyes: list[object] | None = None) -> Any:
    """An ASGI app that accepts, and then talks."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        async def text() -> str:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                if goodbyes is not None:
                    goodbyes.append(message["code"])
                raise LeftError
            return str(message["text"])

        async def reply(text: str) -> None:
            await send({"type": "websocket.send", "text": text})

        await receive()
        await send({"type": "websocket.accept"})
        try:
            await talk(text, reply)
        except* LeftError:
            pass

    return app


async def direct(receive: Any, send: Any) -> None:
    while True:
        await send(await receive())


async def wait_for(receive: Any, send: Any) -> None:
    while True:
        await send(await asyncio.wait_for(receive(), 20))


async def wait_for_in_short_turns(receive: Any, send: Any) -> None:
    while True:
        with suppress(TimeoutError):
            await send(await asyncio.wait_for(receive(), 1))


async def timeout(receive: Any, send: Any) -> None:
    while True:
        async with asyncio.timeout(20):
            text = await receive()
        await send(text)


async def task_group(receive: Any, send: Any) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def read() -> None:
        while True:
            await queue.put(await receive())

    async def write() -> None:
        while True:
            await send(await queue.get())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        tasks.create_task(write())


async def gather(receive: Any, send: Any) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def read() -> None:
        while True:
            queue.put_nowait(await receive())

    async def write() -> None:
        while True:
            await send(await queue.get())

    await asyncio.gather(read(), write())


async def race(receive: Any, send: Any) -> None:
    """Receives unless it is told to stop."""
    stop = asyncio.Event()
    stopping = asyncio.create_task(stop.wait())
    try:
        while True:
            receiving = asyncio.create_task(receive())
            await asyncio.wait({receiving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await send(receiving.result())
    finally:
        stopping.cancel()


async def race_with_a_limit(receive: Any, send: Any) -> None:
    stop = asyncio.Event()
    stopping, receiving = asyncio.create_task(stop.wait()), asyncio.create_task(receive())
    try:
        while True:
            done, _ = await asyncio.wait({receiving, stopping}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            if receiving in done:
                await send(receiving.result())
                receiving = asyncio.create_task(receive())
    finally:
        stopping.cancel()


async def event(receive: Any, send: Any) -> None:
    texts: deque[str] = deque()
    there = asyncio.Event()

    async def read() -> None:
        try:
            while True:
                texts.append(await receive())
                there.set()
        except LeftError:
            pass  # and the other task waits for ever

    reading = asyncio.create_task(read())
    try:
        while True:
            await there.wait()
            there.clear()
            while texts:
                await send(texts.popleft())
    finally:
        reading.cancel()


async def condition(receive: Any, send: Any) -> None:
    texts: deque[str] = deque()
    changed = asyncio.Condition()

    async def read() -> None:
        with suppress(LeftError):
            while True:
                text = await receive()
                async with changed:
                    texts.append(text)
                    changed.notify()

    reading = asyncio.create_task(read())
    try:
        while True:
            async with changed:
                await changed.wait_for(lambda: texts)
                text = texts.popleft()
            await send(text)
    finally:
        reading.cancel()


async def future(receive: Any, send: Any) -> None:
    """Has a table of futures, by number, as clients of request and reply protocols have."""
    expected: dict[int, asyncio.Future[str]] = {}

    async def read() -> None:
        with suppress(LeftError):
            number = 0
            while True:
                text = await receive()
                expected.pop(number).set_result(text)
                number += 1

    reading = asyncio.create_task(read())
    try:
        for number in range(1000):
            expected[number] = asyncio.get_running_loop().create_future()
            await send(await expected[number])
    finally:
        reading.cancel()


async def future_and_reader(receive: Any, send: Any) -> None:
    """As Falcon does, and as the library `websockets` did."""
    texts: deque[str] = deque()
    waiter: asyncio.Future[None] | None = None

    async def pump() -> None:
        while True:
            texts.append(await receive())
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    pumping = asyncio.create_task(pump())
    try:
        while True:
            while not texts:
                waiter = asyncio.get_running_loop().create_future()
                await asyncio.wait([waiter, pumping], return_when=asyncio.FIRST_COMPLETED)
                if pumping.done():
                    return pumping.result()
            await send(texts.popleft())
    finally:
        pumping.cancel()


async def queue(receive: Any, send: Any) -> None:
    texts: asyncio.Queue[str] = asyncio.Queue()

    async def read() -> None:
        with suppress(LeftError):
            while True:
                texts.put_nowait(await receive())

    reading = asyncio.create_task(read())
    try:
        while True:
            await send(await asyncio.wait_for(texts.get(), 20))
    finally:
        reading.cancel()


async def semaphore(receive: Any, send: Any) -> None:
    texts: deque[str] = deque()
    there = asyncio.Semaphore(0)

    async def read() -> None:
        with suppress(LeftError):
            while True:
                texts.append(await receive())
                there.release()

    reading = asyncio.create_task(read())
    try:
        while True:
            await there.acquire()
            await send(texts.popleft())
    finally:
        reading.cancel()


async def task_per_message(receive: Any, send: Any) -> None:
    tasks = set()
    while True:
        text = await receive()
        task = asyncio.create_task(send(text))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def anyio_streams(receive: Any, send: Any) -> None:
    sending, receiving = anyio.create_memory_object_stream[str](4)

    async def read() -> None:
        async with sending:
            with suppress(LeftError):
                while True:
                    await sending.send(await receive())

    async with receiving, anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        async for text in receiving:
            await send(text)


async def anyio_event(receive: Any, send: Any) -> None:
    texts: deque[str] = deque()
    there = anyio.Event()

    async def read() -> None:
        with suppress(LeftError):
            while True:
                texts.append(await receive())
                there.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        while True:
            with anyio.move_on_after(1):
                await there.wait()
            there = anyio.Event()
            while texts:
                await send(texts.popleft())


async def heartbeat(receive: Any, send: Any) -> None:
    """Sends something every half minute."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(30)
            await send("beat")

    beating = asyncio.create_task(beat())
    try:
        while True:
            await send(await receive())
    finally:
        beating.cancel()


async def heartbeat_by_timer(receive: Any, send: Any) -> None:
    loop = asyncio.get_running_loop()
    beats: set[asyncio.Task[None]] = set()
    timer = loop.call_later(30, lambda: beats.add(asyncio.create_task(send("beat"))))
    try:
        while True:
            await send(await receive())
    finally:
        timer.cancel()


PATTERNS: list[Talk] = [
    direct,
    wait_for,
    wait_for_in_short_turns,
    timeout,
    task_group,
    gather,
    race,
    race_with_a_limit,
    event,
    condition,
    future,
    future_and_reader,
    queue,
    semaphore,
    task_per_message,
    anyio_streams,
    anyio_event,
    heartbeat,
    heartbeat_by_timer,
]
