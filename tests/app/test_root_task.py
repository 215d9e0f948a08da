"""The root task: worker threads live on from request to request, and end with the process."""

import asyncio
import importlib
import threading
from collections.abc import Iterator

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from bridge._app.asgi import root_task as root
from bridge._app.asgi.loop import Runner
from bridge._app.asgi.root_task import RootTask

from ..asgi_apps import UVLOOP, process, run

APP = """
import anyio.to_thread, threading

async def app(scope, receive, send):
    await respond(send, await anyio.to_thread.run_sync(lambda: str(threading.get_ident()).encode()))

handler = Bridge(app, lifespan="off")
"""


@pytest.fixture(params=[asyncio.new_event_loop, UVLOOP], ids=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    if request.param is None:
        pytest.skip("uvloop is not available here")
    runner = Runner(request.param)
    yield runner
    runner.close()


async def thread() -> int:
    return await anyio.to_thread.run_sync(threading.get_ident)


def threads(runner: Runner, requests: int) -> list[int]:
    """The worker thread of each of so many requests, one after the other."""
    seen: list[int] = []

    async def main() -> None:
        seen.append(await thread())

    for _ in range(requests):
        run(runner, main())
    return seen


def workers(runner: Runner) -> set[threading.Thread]:
    """The worker threads that live, of this loop alone."""
    return {each for each in threading.enumerate() if getattr(each, "loop", None) is runner.loop}


def test_it_says_what_it_is_to_who_lists_the_tasks(runner: Runner) -> None:
    assert [task.get_name() for task in asyncio.all_tasks(runner.loop)] == ["bridge-root"]


def test_requests_share_their_worker_threads(runner: Runner) -> None:
    assert len(set(threads(runner, 5))) == 1
    assert len(workers(runner)) == 1


def test_what_a_request_runs_in_threads_may_overlap(runner: Runner) -> None:
    barrier = threading.Barrier(3)

    async def wait() -> None:
        await anyio.to_thread.run_sync(barrier.wait)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(wait)

    run(runner, main())
    run(runner, main())
    assert len(workers(runner)) == 3


def test_a_thread_may_call_back_into_the_loop(runner: Runner) -> None:
    async def main() -> int:
        return await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(thread))

    assert run(runner, main()) in {each.ident for each in workers(runner)}


def test_a_loop_that_is_closed_ends_its_threads(runner: Runner) -> None:
    threads(runner, 1)
    (worker,) = workers(runner)
    runner.close()
    worker.join(10)
    assert not worker.is_alive()


def test_the_threads_may_be_ended_before_and_requests_go_on(runner: Runner) -> None:
    threads(runner, 1)
    (worker,) = workers(runner)
    runner.end_threads()
    runner.end_threads()
    worker.join(10)
    assert not worker.is_alive()
    assert len(threads(runner, 2)) == 2


def test_an_app_that_cancels_every_other_task_does_itself_no_harm(runner: Runner) -> None:
    async def main() -> str:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others)
        return "still here"

    assert run(runner, main()) == "still here"
    assert len(threads(runner, 2)) == 2


def test_where_asyncio_has_no_mark_each_request_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "_mark", None)
    runner = Runner(asyncio.new_event_loop)
    assert not asyncio.all_tasks(runner.loop)
    assert RootTask(runner.loop).end() is None
    threads(runner, 2)
    for worker in workers(runner):
        worker.join(10)
    assert not workers(runner)
    runner.close()


def test_without_the_hook_that_ends_it_in_time_there_is_no_root_task(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.delattr(threading, "_register_atexit")
        assert importlib.reload(root)._mark is None
    assert importlib.reload(root)._mark is not None


@pytest.mark.parametrize("end", ["", "raise SystemExit", "handler(EVENT); import gc; gc.collect()"])
def test_a_process_that_has_worker_threads_ends(end: str) -> None:
    code, output, errors = process(APP + f"print(len({{handler(EVENT)['body'] for _ in range(5)}}))\n{end}")
    assert (code, output, errors) == (0, "1\n", "")


def test_a_child_has_worker_threads_of_its_own() -> None:
    code, output, errors = process(
        APP
        + """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # to fork with threads
handler(EVENT)
child = os.fork()
if child:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), handler(EVENT)["statusCode"])
else:
    handler(EVENT)
    handler(EVENT)
"""
    )
    assert (code, output, errors) == (0, "0 200\n", "")
