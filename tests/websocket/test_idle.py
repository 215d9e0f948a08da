import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import Any, TypeAlias

import anyio
import pytest

from bridge.websocket._run.idle import at_rest

Work: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]


async def queue_get() -> None:
    await asyncio.Queue[int]().get()


async def queue_put() -> None:
    queue = asyncio.Queue[int](1)
    await queue.put(1)
    await queue.put(2)


async def queue_join() -> None:
    queue = asyncio.Queue[int]()
    await queue.put(1)
    await queue.join()


async def nested() -> None:
    async def inner() -> None:
        await queue_get()

    await inner()


async def generator() -> None:
    async def items() -> AsyncIterator[int]:
        queue = asyncio.Queue[int]()
        while True:
            yield await queue.get()

    async for _ in items():
        pass


async def awaitable() -> None:
    class Waits:
        def __await__(self) -> Generator[Any, None, None]:
            return queue_get().__await__()

    await Waits()


async def written_by_hand() -> None:
    class Waits:
        def __await__(self) -> Generator[Any, None, None]:
            yield from queue_get().__await__()

    await Waits()


async def task_group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(queue_get())


async def anyio_task_group() -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(queue_get)


async def stream_receive() -> None:
    sending, receiving = anyio.create_memory_object_stream[int](1)
    async with sending, receiving:
        await receiving.receive()


async def stream_send() -> None:
    sending, receiving = anyio.create_memory_object_stream[int](0)
    async with sending, receiving:
        await sending.send(1)


async def task() -> None:
    await asyncio.create_task(queue_get())


async def gather() -> None:
    await asyncio.gather(queue_get(), queue_get())


async def wait() -> None:
    await asyncio.wait([asyncio.create_task(queue_get())])


async def wait_for() -> None:
    await asyncio.wait_for(queue_get(), 60)


async def wait_for_task() -> None:
    await asyncio.wait_for(asyncio.create_task(queue_get()), 60)


async def sleep() -> None:
    await asyncio.sleep(60)


async def event() -> None:
    await asyncio.Event().wait()


async def lock() -> None:
    lock = asyncio.Lock()
    await lock.acquire()
    await lock.acquire()


async def future() -> None:
    await asyncio.get_running_loop().create_future()


async def gather_future() -> None:
    await asyncio.gather(queue_get(), asyncio.get_running_loop().create_future())


async def wait_future() -> None:
    await asyncio.wait([asyncio.get_running_loop().create_future()])


async def wait_for_future() -> None:
    await asyncio.wait_for(asyncio.get_running_loop().create_future(), 60)


async def socket() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.receive()


async def ready() -> None:
    while True:
        await asyncio.sleep(0)


async def tasks_of(work: Work) -> set[asyncio.Task[Any]]:
    """The tasks that some work has, when it has gone as far as it can."""
    before = asyncio.all_tasks()
    first = asyncio.create_task(work())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not first.done()
    return asyncio.all_tasks() - before


@pytest.mark.parametrize(
    "work",
    [
        queue_get,
        queue_put,
        queue_join,
        nested,
        generator,
        awaitable,
        written_by_hand,
        task_group,
        anyio_task_group,
        stream_receive,
        stream_send,
        task,
        gather,
        wait,
        wait_for,
        wait_for_task,
    ],
)
async def test_a_task_is_at_rest_that_waits_for_another(work: Work) -> None:
    tasks = await tasks_of(work)
    assert tasks
    assert all(at_rest(task, tasks) for task in tasks)


@pytest.mark.parametrize(
    "work", [sleep, event, lock, future, gather_future, wait_future, wait_for_future, socket, ready]
)
async def test_a_task_is_at_work_that_something_else_may_wake(work: Work) -> None:
    tasks = await tasks_of(work)
    assert tasks
    assert not all(at_rest(task, tasks) for task in tasks)


@pytest.mark.parametrize("work", [task, gather, wait])
async def test_a_task_that_waits_for_tasks_of_somebody_else_is_at_work(work: Work) -> None:
    tasks = await tasks_of(work)
    waiting = {task for task in tasks if "queue_get" not in str(task.get_coro())}
    assert not any(at_rest(task, waiting) for task in waiting)


async def test_a_task_that_has_not_begun_is_at_work_and_one_that_has_ended_is_not() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    assert not at_rest(task, {task})
    await task
    assert at_rest(task, {task})
