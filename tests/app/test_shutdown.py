"""The end of the process: what the app's shutdown prints, and the exit code, of scripts in processes of their own."""

import signal
import subprocess
import sys

import pytest

from ..asgi_apps import process

APP = """
import atexit, os, signal, sys, threading, time

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        print("up")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(0.001)
        print("down")
        await send({"type": "lifespan.shutdown.complete"})
    else:
        if scope["aws.event"].get("wait"):
            await asyncio.sleep(0.001)
            print("waiting")
            await asyncio.sleep(30)
        await respond(send)

handler = Bridge(app)
"""

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")


def terminate(running: "subprocess.Popen[str]") -> None:
    """Send SIGTERM when the script has printed the line "ready" or "waiting"."""
    assert running.stdout is not None
    for line in running.stdout:
        if line in ("ready\n", "waiting\n"):
            break
    running.send_signal(signal.SIGTERM)


def test_shutdown_runs_when_the_process_ends() -> None:
    assert process(APP + 'handler(EVENT); handler(EVENT); print("end")') == (0, "up\nend\ndown\n", "")


@pytest.mark.parametrize(("end", "code"), [("sys.exit(3)", 3), ("raise SystemExit", 0)])
def test_shutdown_runs_when_the_process_exits(end: str, code: int) -> None:
    assert process(APP + f"handler(EVENT); {end}") == (code, "up\ndown\n", "")


def test_shutdown_runs_when_the_process_ends_with_an_error() -> None:
    code, output, errors = process(APP + "handler(EVENT); 1 / 0")
    assert (code, output) == (1, "up\ndown\n")
    assert errors.endswith("ZeroDivisionError: division by zero\n")


def test_shutdown_runs_once_after_close() -> None:
    assert process(APP + "handler(EVENT); handler.close(); print('end')") == (0, "up\ndown\nend\n", "")


def test_shutdown_of_a_second_start_runs_before_its_loop_is_closed() -> None:
    code = APP + "handler(EVENT); handler.close(); other = Bridge(app); other(EVENT); handler(EVENT); print('end')"
    assert process(code) == (0, "up\ndown\nup\nup\nend\ndown\ndown\n", "")


def test_without_a_startup_nothing_runs() -> None:
    assert process(APP + "print('end')") == (0, "end\n", "")


@pytest.mark.parametrize("thread", ["asyncio.to_thread(int)", "anyio.to_thread.run_sync(int)"])
@pytest.mark.parametrize("late", ["", "signal.raise_signal(signal.SIGTERM)"])
def test_a_lifespan_that_uses_threads_ends(thread: str, late: str) -> None:
    code, output, errors = process(f"""
        import anyio.to_thread, signal

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                await receive()
                await {thread}
                await send({{"type": "lifespan.startup.complete"}})
                await receive()
                await {thread}
                print("down")
                await send({{"type": "lifespan.shutdown.complete"}})
            else:
                await {thread}
                await respond(send)

        print(Bridge(app)(EVENT)["body"])
        {late}
    """)
    assert (code, output, errors) == (128 + signal.SIGTERM if late else 0, "ok\ndown\n", "")


def test_where_threading_has_no_hook_shutdown_runs_all_the_same() -> None:
    without = "import concurrent.futures.thread, threading; del threading._register_atexit\n"
    assert process(without + APP + "handler(EVENT); print('end')") == (0, "up\nend\ndown\n", "")


@needs_signals
def test_sigterm_ends_an_idle_process_with_a_shutdown() -> None:
    code, output, errors = process(APP + "handler(EVENT); print('ready'); time.sleep(30)", before_end=terminate)
    assert (code, output, errors) == (128 + signal.SIGTERM, "down\n", "")


@needs_signals
def test_an_app_without_a_lifespan_leaves_sigterm_as_it_is() -> None:
    code, output, errors = process(
        """
        import time

        async def app(scope, receive, send):
            await respond(send)

        Bridge(app, lifespan="off")(EVENT)
        print("ready")
        time.sleep(30)
        """,
        before_end=terminate,
    )
    assert (code, output, errors) == (-signal.SIGTERM, "", "")


@needs_signals
def test_sigterm_ends_a_request_and_then_runs_the_shutdown() -> None:
    code, output, errors = process(APP + "handler({**EVENT, 'wait': True})", before_end=terminate)
    assert (code, output) == (128 + signal.SIGTERM, "down\n")
    assert "Traceback" not in errors


@needs_signals
def test_sigterm_does_not_wait_for_threads() -> None:
    # awslambdaric asks for the next event in a thread, which returns when there is one.
    def release(running: "subprocess.Popen[str]") -> None:
        terminate(running)
        assert running.stdout is not None
        assert running.stdout.readline() == "down\n"
        assert running.poll() is None

    code, output, errors = process(
        APP
        + """
from concurrent.futures import ThreadPoolExecutor
handler(EVENT)
with ThreadPoolExecutor(1) as threads:
    threads.submit(sys.stdin.read)
    print("ready")
""",
        before_end=release,
    )
    assert (code, output, errors) == (128 + signal.SIGTERM, "", "")


@needs_signals
def test_a_sigterm_that_somebody_handles_stays_theirs() -> None:
    code, output, errors = process(
        APP
        + """
def theirs(*_):
    print("theirs")
    sys.exit(5)
signal.signal(signal.SIGTERM, theirs)
handler(EVENT)
print("ready")
time.sleep(30)
""",
        before_end=terminate,
    )
    assert (code, output, errors) == (5, "theirs\ndown\n", "")


@needs_signals
def test_from_a_thread_sigterm_is_left_alone_and_shutdown_runs_all_the_same() -> None:
    code, output, errors = process(
        APP
        + """
thread = threading.Thread(target=handler, args=(EVENT,))
thread.start()
thread.join()
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
    )
    assert (code, output, errors) == (0, "up\nTrue\ndown\n", "")


def test_a_shutdown_that_hangs_does_not_hold_up_the_end() -> None:
    code, output, errors = process("""
        from bridge._app import asgi
        from bridge._app.asgi import loop
        asgi.SHUTDOWN_SECONDS = loop.CLOSE_SECONDS = 0.02

        async def app(scope, receive, send):
            if scope["type"] == "http":
                return await respond(send)
            await receive()
            await send({"type": "lifespan.startup.complete"})
            while True:
                try:
                    await asyncio.sleep(30)
                except asyncio.CancelledError:
                    print("ignored")

        print(Bridge(app)(EVENT)["body"])
    """)
    assert (code, output) == (0, "ok\nignored\n")
    assert errors.startswith("the app's lifespan shutdown took longer than 0.02 s and was left\n")
