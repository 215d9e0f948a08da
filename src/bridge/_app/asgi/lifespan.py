"""The lifespan of an ASGI app: startup once, state for every request, shutdown once.

https://asgi.readthedocs.io/en/stable/specs/lifespan.html
"""

from __future__ import annotations

import asyncio

from ..._invocation import logger
from ...errors import DeadlineError, LifespanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

    from ...types import ASGIApp, LifespanMode, Message


class Lifespan:
    """One lifespan of an app, as a task on a loop. It begins when the loop next runs.

    Args:
        app: the ASGI app.
        mode: "auto": an app that raises or returns before it has answered the startup message is served without a
            lifespan; if it had received the message, with an error in the log. "on": it is a LifespanError.
        loop: the loop that will run the requests too.

    Attributes:
        started: done when startup is; with a LifespanError if it failed. An app that answers
            `lifespan.startup.failed` has a lifespan, so that is a failure in both modes.
        state: what the app has put into `scope["state"]`. A request gets a copy (ASGI, "Lifespan State").
    """

    def __init__(self, app: ASGIApp, mode: LifespanMode, loop: AbstractEventLoop) -> None:
        self.state: dict[str, Any] = {}
        self.started = loop.create_future()
        self._mode = mode
        self._received = False
        self._ended = False
        self._stopping = asyncio.Event()
        self._task = loop.create_task(self._run(app))

    def failure(self) -> BaseException | None:
        """Return what keeps requests from the app, when its startup has been waited for."""
        if not self.started.done():
            return DeadlineError("the invocation's time ran out before the app's lifespan startup was complete")
        return self.started.exception()

    async def shutdown(self) -> None:
        """Send the shutdown message, and return when the app has ended."""
        self._stopping.set()
        if not self._task.done():  # a startup that has ended the process would end it once more
            await self._task

    async def _run(self, app: ASGIApp) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        error: Exception | None = None
        try:
            await app(scope, self._receive, self._send)
        except Exception as raised:
            error = raised
        except BaseException as raised:
            # Cancelled, or the process is to end: nobody may wait for a startup that does not come.
            if not self.started.done():
                failure = LifespanError(f"the app's lifespan startup ended with {raised!r}")
                failure.__cause__ = raised
                self.started.set_exception(failure)
                self.started.exception()  # or asyncio would complain, where nobody waits any more, that nobody did
            raise
        if not self.started.done():
            if self._mode == "on":
                reason = f"raised {error!r}" if error else "returned"
                failure = LifespanError(
                    f'lifespan="on", but the app {reason} before lifespan.startup.complete. With lifespan="auto" it is '
                    "served without a lifespan"
                )
                failure.__cause__ = error
                self.started.set_exception(failure)
            else:
                self._note_absence(error)
                self.started.set_result(None)
        elif error is not None and self.started.exception() is None:
            logger().error("the app's lifespan ended with an error", exc_info=error)

    def _note_absence(self, error: Exception | None) -> None:
        """Log that requests will be served without a lifespan: loudly, if the app has had one, and it has failed."""
        if self._received:
            how = "failed" if error is not None else "returned"
            logger().error(
                "the app's lifespan %s after it had received lifespan.startup, and before it sent "
                'lifespan.startup.complete; requests are served without it. Bridge(app, lifespan="on") makes this fail',
                how,
                exc_info=error,
            )
        elif error is not None:
            # Django refuses every scope that is no request. A middleware that reads `scope["headers"]` fails likewise,
            # and the startup of the app below it never runs.
            logger().info("the app has no lifespan: it raised %r at the scope", error)

    async def _receive(self) -> Message:
        if not self._received:
            self._received = True
            return {"type": "lifespan.startup"}
        if self._ended:
            await asyncio.Event().wait()  # no message comes after the shutdown message
        # A loop that ends cancels what is left on it (`asyncio.run`): that is the end of the lifespan, and no error.
        # A task that the app has made is the app's to cancel.
        try:
            await self._stopping.wait()
        except asyncio.CancelledError:
            if asyncio.current_task() is not self._task:
                raise
        self._ended = True
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete" and not self.started.done():
            self.started.set_result(None)
        elif kind == "lifespan.startup.failed" and not self.started.done():
            self.started.set_exception(LifespanError(_failed(message.get("message") or "no message")))
        elif kind == "lifespan.shutdown.failed":
            logger().error("the app's lifespan shutdown failed: %s", message.get("message") or "no message")
        elif kind != "lifespan.shutdown.complete":
            raise LifespanError(f"the app sent {kind!r}, which is not expected here (ASGI, lifespan)")


def _failed(text: str) -> str:
    """Return what is said of a startup that failed: cause and cure first. Starlette's text is a whole traceback."""
    lines = text.strip().splitlines() or [""]
    told = (
        f"the app's lifespan startup failed: {lines[-1].strip()}. The next event tries again; "
        "Bridge(app, lifespan='off') serves the app without its startup"
    )
    return "\n".join([told, *lines]) if len(lines) > 1 else told


class Lifespans:
    """The lifespans of an app, by the loop that they run on. A loop that has been closed is forgotten.

    Args:
        app: the app.
        mode: "auto", "on" or "off".
    """

    def __init__(self, app: ASGIApp, mode: LifespanMode) -> None:
        self._app = app
        self._mode = mode
        self._lifespans: dict[AbstractEventLoop, Lifespan] = {}

    async def state(self, seconds: float | None) -> tuple[dict[str, Any], BaseException | None]:
        """Return the app's state on the running loop, once its startup is complete; and what keeps requests from it.

        Args:
            seconds: how long to wait. A startup that takes longer goes on, and the next call waits for it again.
        """
        if self._mode == "off":
            return {}, None
        loop = asyncio.get_running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            lifespan = self._begun(loop)
        if not lifespan.started.done():
            await asyncio.wait({lifespan.started}, timeout=seconds)
        failure = lifespan.failure()
        if failure is not None and lifespan.started.done() and self._lifespans.get(loop) is lifespan:
            del self._lifespans[loop]
        return lifespan.state, failure

    def adopt(self, lifespan: Lifespan, loop: AbstractEventLoop) -> None:
        """Use a lifespan that somebody else begins and ends for its loop: coroutines that run there find it."""
        self._lifespans[loop] = lifespan

    def drop(self, lifespan: Lifespan | None) -> None:
        """Forget a lifespan that was adopted."""
        for loop, known in [*self._lifespans.items()]:
            if known is lifespan:
                del self._lifespans[loop]

    def known(self, loop: AbstractEventLoop) -> dict[str, Any] | None:
        """Return the app's state, if startup on that loop is complete and has not failed; None: wait for it."""
        if self._mode == "off":
            return {}
        lifespan = self._lifespans.get(loop)
        if lifespan is None or not lifespan.started.done() or lifespan.started.exception() is not None:
            return None
        return lifespan.state

    async def end(self) -> None:
        """Run the app's shutdown on the running loop, if it has started up there."""
        lifespan = self._lifespans.pop(asyncio.get_running_loop(), None)
        if lifespan is not None:
            await lifespan.shutdown()

    def _begun(self, loop: AbstractEventLoop) -> Lifespan:
        for visited in [*self._lifespans]:
            if visited.is_closed():
                del self._lifespans[visited]
        lifespan = self._lifespans[loop] = Lifespan(self._app, self._mode, loop)
        return lifespan
