"""The first step of an app's lifespan, alone: for `bridge serve --concurrency`, whose loop does not run at import."""

from __future__ import annotations

from contextlib import suppress
from types import coroutine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from ...types import ASGIApp, Message


def begin(app: ASGIApp) -> None:
    """Call an app with the lifespan scope, up to where it waits for a message, and take the call back.

    Nothing starts up: that waits for the message. But frameworks close their lists of middleware with the first call
    (Starlette, FastAPI), so what a module adds after `Bridge(app)` fails here as it does on Lambda's own runtime, where
    startup is in `Bridge(app)`. What an app raises here it will raise at its startup again.
    """
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}

    async def run() -> None:
        await app(scope, _never, _nowhere)

    call = run()
    with suppress(Exception):  # StopIteration is one: the app has returned
        call.send(None)
        call.close()


@coroutine
def _never() -> Generator[None, None, None]:
    """Wait."""
    yield


async def _nowhere(message: Message) -> None:
    """Take no message: there is nobody to hear it."""
