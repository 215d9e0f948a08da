"""What the tests of ASGI apps share: an event, a context, an answer, and a process of its own for a script."""

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Coroutine, Iterable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import bridge
from bridge._app.asgi.loop import Runner

from .samples import sample

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Coroutine[Any, Any, Message]]
Send: TypeAlias = Callable[[Message], Coroutine[Any, Any, None]]
Event: TypeAlias = dict[str, Any]

EVENT: Event = sample("http_api")

ASYNCIO: Callable[[], asyncio.AbstractEventLoop]
"""Makes asyncio's own loop, whatever policy there is."""
if sys.platform == "win32":
    ASYNCIO = asyncio.ProactorEventLoop
else:
    ASYNCIO = asyncio.SelectorEventLoop

UVLOOP: Callable[[], asyncio.AbstractEventLoop] | None = None
"""Makes uvloop's loop, which Windows has not."""
with suppress(ImportError):
    import uvloop

    UVLOOP = uvloop.new_event_loop


class Context:
    """A Lambda context with so many milliseconds left."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


async def respond(
    send: Send, body: Any = b"ok", status: Any = 200, headers: Iterable[Any] = (), more_body: bool = False
) -> None:
    """Send a response: complete, unless there is more body."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more_body})


def process(code: str, *, before_end: Callable[["subprocess.Popen[str]"], None] | None = None) -> tuple[int, str, str]:
    """Run a script in a process of its own, with all warnings as errors: exit code, standard output, standard error.

    The script finds the names of this module, `asyncio` and `Bridge`.
    """
    root = Path(__file__).parents[1]
    paths = [str(root), str(Path(bridge.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    # asyncio's debug mode complains of slow steps: what is slow depends on the machine.
    never = "property(lambda _: float('inf'), lambda *_: None)"
    prelude = f"import asyncio\nasyncio.BaseEventLoop.slow_callback_duration = {never}\n"
    prelude += "from bridge import Bridge\nfrom tests.asgi_apps import *\n"
    running = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", prelude + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        try:
            if before_end is not None:
                before_end(running)
            output, errors = running.communicate(timeout=30)
        finally:
            running.kill()
    return running.returncode, output, errors


def run(runner: Runner, coroutine: Coroutine[Any, Any, Any], context: Context | None = None) -> Any:
    """What a coroutine returns, by way of a runner that hands on only its errors."""
    results: list[Any] = []

    async def main() -> None:
        results.append(await coroutine)

    error = runner.run(main(), context)
    if error is not None:
        raise error
    return results[0]
