"""One run of an ASGI app: from `websocket.connect` to the end of one event. `state` has its states, as tables."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context

from ..._app.asgi import call
from ..._invocation import deadline, logger
from ...errors import AppError, DeadlineError
from .._current import current
from .._errors import ConnectionGoneError, MessageTooLargeError, StaleWebSocketError
from . import progress
from .incoming import Incoming
from .outgoing import Outgoing, Posts
from .state import Phase, RunState, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import Callable
    from contextvars import Context
    from typing import Any

    from ..._http import ResponseNames
    from ...types import ASGIApp, Message, Scope, WebSocketBinary
    from .._connection import Connection

STALE = (
    "This WebSocket object belongs to an event that is over. On Lambda every message runs the app anew, maybe in "
    "another process, so an object that is kept for the next message reaches nobody. To reach other clients, keep "
    "their connection ids, or use groups: connections.send(connection_id, text), connections.broadcast(group, text)."
)

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.02
"""Seconds between two looks at an app that is at work; each pause is twice the one before."""

CALM_LOOKS = 3
"""Looks, one after the other, that have to find nothing at work where other threads may hide something."""

PATIENCE = 0.05
TURNS = 50
"""Seconds, and turns of the loop, after which a message is handed over though callbacks are still ready: an app may
always have some. Where the machine stands still for those seconds, the app has had few turns."""


class WebSocketRun:
    """One run of an app, for one event.

    A run whose app asks for a message that has not come ends by cancellation: of all ways to stop an app in the middle
    it is the one that runs `finally` and `async with`, but no `except` that means a client which has left.

    Args:
        connection: the connection that the event is of.
        message: what the app receives after `websocket.connect`; None: nothing, in $connect.
        post: begins to send a text to the client.
        names: what to make of the names of response headers.
        binary: whether bytes are refused, or sent as base64 text.
        linger: seconds for which the app's tasks are waited for when it asks for the next message.
        sleepers: names of tasks that sleep for longer than that, and of which the log has been told.

    Attributes:
        state: what has become of the connection, and of the run.
        outgoing: what the app has sent.
        greetings: the texts that the app has sent in $connect, where nothing can be posted yet.
    """

    def __init__(
        self,
        connection: Connection,
        message: Message | None,
        post: Callable[[str], Future[None]],
        names: ResponseNames,
        *,
        binary: WebSocketBinary,
        linger: float,
        sleepers: set[str],
    ) -> None:
        self._connection = connection
        self._is_connect = message is None
        self._posts = Posts(post)
        self.state = RunState()
        self._incoming = Incoming(message, self.state)
        self.outgoing = Outgoing(self.state, names, binary)
        self.greetings: list[str] = []
        self._linger = linger
        self._sleepers = sleepers
        self._looking: asyncio.Handle | None = None
        self._calm = 0  # looks in a row that have found nothing at work
        self._began = 0.0  # when the app had asked for a message that is to be handed over, or to end the run
        self._turns = 0  # of the loop since then
        self._until = float("inf")  # when lingering ends
        self._main: Task[Any]
        self._before: set[Task[Any]] = set()
        self._users: set[Task[Any] | None] = set()

    async def error(
        self, app: ASGIApp, scope: Scope, seconds: float | None, grace: float = deadline.GRACE
    ) -> BaseException | None:
        """Run the app, for so many seconds at most, and `grace` to end. Return what went wrong, or None."""
        loop = asyncio.get_running_loop()
        self._end = float("inf") if seconds is None else loop.time() + seconds
        self._before = asyncio.all_tasks()
        context, self._own_context = copy_context(), copy_context()
        context.run(current.set, self._connection)
        main = self._main = loop.create_task(call(app, scope, self._receive, self._send), context=context)
        try:
            await asyncio.wait({main}, timeout=seconds)
        finally:
            in_time = main.done()
            main.cancel()  # where it has ended, that is nothing
        if not in_time:
            await asyncio.wait({main}, timeout=grace)
        self.state.end("end")
        await self._end_tasks(grace)
        if not in_time:
            return DeadlineError("the invocation's time ran out before the app had ended")
        if main.cancelled():
            with suppress(asyncio.CancelledError):
                main.exception()  # forgets the traceback, by which all that the event had would hold itself
            if self.state.phase is not Phase.SUSPENDED:
                return AppError("the app ended with CancelledError: it has cancelled itself")
            return self._posts.error() or self._lost()
        error = main.exception()
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise asyncio.CancelledError  # asyncio has let it through already, out of the loop
        return self._meant(error)

    async def _end_tasks(self, grace: float) -> None:
        """End what belongs to the connection: tasks that have used it, and posts on their way.

        Other tasks that the app has left behind may be anybody's (a pool's), and go on with later events.
        """
        left = {task for task in self._users if task is not None and not task.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=grace)
        if not self._posts.under_way:
            return
        seconds = max(self._end - asyncio.get_running_loop().time(), 0.0) + grace  # a post ends by itself at the end
        with suppress(TimeoutError):
            await asyncio.wait_for(self._posts.done(), None if seconds == float("inf") else seconds)

    def _meant(self, error: BaseException | None) -> BaseException | None:
        """Return the error, unless it only says that the client has left: an app may end so."""
        if error is None:
            if self.state.answered:
                return self._lost()
            return AppError("the app returned, but it had neither accepted nor refused the connection")
        if not self.state.told:
            return error
        return (
            error.split(_is_goodbye)[1]
            if isinstance(error, BaseExceptionGroup)
            else (None if _is_goodbye(error) else error)
        )

    def _lost(self) -> AppError | None:
        if self._incoming.unread is None or self.state.told:
            return None
        return AppError("the app ended before the task that had asked for the message could take it: it is lost")

    async def _receive(self) -> Message:
        if self.state.over:
            raise StaleWebSocketError(STALE)
        self._users.add(asyncio.current_task())
        message = await self._incoming.receive(self._main, self._look_soon)
        if self.state.told:
            self._look_soon()  # what waits for a message now waits in vain
        else:
            self._until = float("inf")
        return message

    async def _send(self, message: Message) -> None:
        if self.state.over:
            raise StaleWebSocketError(STALE)
        self._users.add(asyncio.current_task())
        if self.state.phase is Phase.SUSPENDING:
            return
        told = self.state.told
        text = self.outgoing.take(message)
        if text is not None:
            await self._deliver(text)
        elif self.state.told and not told:
            self._incoming.end(*self.outgoing.end)
            self._look_soon()

    async def _deliver(self, text: str) -> None:
        """Send a text to where texts go now."""
        if self.state.connection is State.OPEN:
            await self._post(text)
        elif self.state.connection is not State.ACCEPTED:
            raise ConnectionGoneError("the client of this WebSocket connection has left: nothing can be sent to it")
        elif self._is_connect:
            from .._api import LIMIT

            if len(text.encode()) > LIMIT:
                raise MessageTooLargeError(f"A WebSocket message may have {LIMIT:,} bytes; this one has more.")
            self.greetings.append(text)
        # else: what comes before the message has reached the client when the connection was new

    async def _post(self, text: str) -> None:
        try:
            await self._posts.add(text)
        except ConnectionGoneError:
            if self.state.connection is not State.OPEN:
                raise
            self.state.lose()
            if await self._connection.remove():
                self._incoming.end(1006, "")
                self.state.receive("websocket.disconnect")  # told by the error, whoever asks
                self._look_soon()
                raise
            # Another event has told the app, or is about to.
            self._suspend()
            await asyncio.Event().wait()
        self._look_now()

    def _suspend(self) -> None:
        self.state.end("suspend")
        self._connection.suspending = not self.state.told
        self._main.cancel()

    def _look_soon(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._incoming.has_message:
            self._until = min(self._until, loop.time() + self._linger)
        if self._looking is None:
            self._began, self._turns = loop.time(), 0
            self._looking = loop.call_soon(self._look, FIRST_PAUSE, context=self._own_context)

    def _look_now(self) -> None:
        """Look without the rest of a pause: what the app was at work for is done."""
        if self._looking is not None and hasattr(self._looking, "when"):  # a timer: uvloop's are of another class
            self._looking.cancel()
            loop = asyncio.get_running_loop()
            self._looking = loop.call_soon(self._look, FIRST_PAUSE, context=self._own_context)

    def _look(self, pause: float) -> None:
        """Hand the message over, or end the run, if the app cannot go on otherwise. Else look again later."""
        self._looking = None
        asked = [future for future in self._incoming.asked if not future.done()]
        if self.state.phase is not Phase.RUNNING or not (asked or self.state.told):
            return
        loop = asyncio.get_running_loop()
        tasks = self._tasks()
        hands_over = asked and self.state.answered and self._incoming.has_message
        self._turns += 1
        patient = self._turns < TURNS or loop.time() < self._began + PATIENCE
        if patient and progress.is_ready(loop, tasks):
            self._looking = loop.call_soon(self._look, pause, context=self._own_context)
            return
        if hands_over:
            self._incoming.give()
            self._look_soon()  # others may wait too
            return
        until = min(self._until, self._end) if self.state.answered else self._end
        soon, late, is_sure, unknown = progress.at_work(loop, tasks, asked, until, self._is_own, settles=self._calm > 0)
        if progress.is_ready(loop, tasks):  # asked once more: a thread may have ended meanwhile
            soon |= {"a callback"}
        if self.state.told and progress.name_of(self._main) in late:
            soon |= late  # a heartbeat may be cut, but not the app's own task while it says goodbye
        self._calm = 0 if soon else self._calm + 1
        calm = is_sure or self._calm >= CALM_LOOKS
        if (soon or not calm) and (self.state.told or loop.time() < until):
            longer = min(pause * 2, LONGEST_PAUSE)
            self._looking = loop.call_later(pause, self._look, longer, context=self._own_context)
        elif not self.state.answered:
            self._incoming.fail(AppError("the app waits for a message, but it has not accepted the connection"))
        else:
            self._warn(soon, late - self._sleepers, unknown - soon)
            self._suspend()

    def _warn(self, soon: set[str], late: set[str], unknown: set[str]) -> None:
        if self.state.told:
            return
        if unknown:
            logger().info(
                "a WebSocket event has ended while it was not known whether these tasks of the app were still at work: "
                "%s. Nothing seems to wake them, but not all that threads and the event loop lead to was looked at.",
                ", ".join(sorted(unknown)),
            )
        if soon:
            logger().warning(
                "a WebSocket event has ended while the app was still at work %s s after it had asked for the next "
                "message: %s. Nothing goes on between events; for work that takes longer: websocket_linger.",
                self._linger,
                ", ".join(sorted(soon)),
            )
        if late:
            self._sleepers |= late
            logger().warning(
                "a WebSocket event has ended while tasks of the app sleep for longer than the %s s of "
                "websocket_linger: %s. Nothing goes on between events. This is said once for each.",
                self._linger,
                ", ".join(sorted(late)),
            )

    def _tasks(self) -> set[Task[Any]]:
        return {task for task in asyncio.all_tasks() - self._before if self._is_own_task(task)}

    def _is_own_task(self, task: Task[Any]) -> bool:
        # CPython 3.11 does not tell a task's context. There, all new tasks are taken for the app's.
        return not hasattr(task, "get_context") or self._is_own(task.get_context())

    def _is_own(self, context: Context) -> bool:
        return context.get(current) is self._connection


def _is_goodbye(error: BaseException) -> bool:
    # Starlette and Litestar have one of this name each, which they raise for `websocket.disconnect`.
    return isinstance(error, ConnectionGoneError) or any(
        kind.__name__ == "WebSocketDisconnect" for kind in type(error).__mro__
    )
