"""An app that ends the process is named in the log, once, whichever way it is called."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge._invocation.exits import log_exit

ROOT = Path(__file__).parent.parent.parent

APP = """
import asyncio, logging, sys
from bridge import Bridge
from tests.responders import Responder, SyncResponder
from tests.samples import sample

logging.basicConfig(format="%(name)s: %(message)s")
event = sample("http_api")

async def at_once(scope, receive, send):
    sys.exit(3)

async def later(scope, receive, send):
    await asyncio.sleep(0.001)
    sys.exit(3)

async def starting(scope, receive, send):
    sys.exit(3)

class Closing:
    def __iter__(self):
        yield b"x"
    def close(self):
        sys.exit(3)

def plain(environ, start_response):
    start_response("200 OK", [])
    return Closing()


"""

LINE = (
    "bridge: the app has ended the process by SystemExit(3), at <string>:{line}, in {name}. The invocation has failed, "
    "and Lambda starts a new process. To fail one invocation only, raise an Exception.\n"
)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("Bridge(at_once, lifespan='off')(event)", "at_once"),
        ("Bridge(later, lifespan='off')(event)", "later"),
        ("Bridge(starting).open()", "starting"),
        ("asyncio.run(Bridge(at_once, lifespan='off').handle_async(event))", "at_once"),
        ("asyncio.run(Bridge(later, lifespan='off').respond(event, None, Responder()))", "later"),
        ("Bridge(plain)(event)", "close"),
        ("Bridge(plain).respond_sync(event, None, SyncResponder())", "close"),
        ("asyncio.run(Bridge(plain).handle_async(event))", "close"),
    ],
)
def test_there_is_one_line(call: str, name: str) -> None:
    run = subprocess.run([sys.executable, "-c", APP + call], cwd=ROOT, capture_output=True, text=True)
    line = APP[: APP.index("sys.exit", APP.index(f"def {name}("))].count("\n") + 1
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == LINE.format(line=line, name=name)


def test_what_else_asyncio_has_to_report_is_reported() -> None:
    code = """
async def forgetful(scope, receive, send):
    async def fail():
        raise ValueError("forgotten")
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    del task
    sys.exit(3)

Bridge(forgetful, lifespan="off")(event)
"""
    run = subprocess.run([sys.executable, "-c", APP + code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 3
    assert "SystemExit(3)" in run.stderr
    assert "asyncio: Task exception was never retrieved" in run.stderr
    assert "ValueError: forgotten" in run.stderr


def test_a_handler_of_the_apps_own_stays() -> None:
    code = """
async def app(scope, receive, send):
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: print(context["message"]))
    sys.exit(3)

Bridge(app, lifespan="off")(event)
"""
    run = subprocess.run([sys.executable, "-c", APP + code], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (3, "Task exception was never retrieved\n")
    assert run.stderr.count("\n") == 1


def test_asyncio_says_no_more_of_the_task_that_was_ended(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    end = SystemExit(3)
    log_exit(end, loop)
    loop.call_exception_handler({"message": "never retrieved", "exception": end})
    assert ["SystemExit(3)" in record.getMessage() for record in caplog.records] == [True]
    loop.call_exception_handler({"message": "never retrieved", "exception": ValueError("forgotten")})
    assert [record.name for record in caplog.records] == ["bridge", "asyncio"]
    loop.close()


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(128 + signal.SIGTERM)])
def test_an_end_from_outside_is_not_the_apps(end: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    log_exit(end)
    assert not caplog.records
