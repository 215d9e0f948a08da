"""One run of an ASGI app: from `websocket.connect` to the end of one event."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context

from ..._app.asgi import call
from ..._invocation import deadline
from ...errors import AppError, DeadlineError
from .._current import current
from .._errors import ConnectionGoneError, MessageTooLargeError
from .incoming import Incoming
from .outgoing import Outgoing, Posts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable
    from typing import Any

    from ..._http import ResponseNames
    from ...types import ASGIApp, Message, Scope, WebSocketBinary
    from .._connection import Connection
    from .outgoing import Take


class WebSocketRun:
    """One run of an app, for one event.

    A run whose app asks for a message that has not come ends by cancellation: of all ways to stop an app in the middle
    it is the one that runs `finally` and `async with`, but no `except` that means a client which has left.

    Args:
        connection: the connection that the event is of.
        message: what the app receives after `websocket.connect`; None: nothing, in $connect.
        post: sends a text to the client; blocks.
        names: what to make of the names of response headers.
        binary: whether bytes are refused, or sent as base64 text.
        linger: seconds for which the app's tasks are waited for when it asks for the next message.

    Attributes:
        outgoing: the sending channel: what has become of the connection.
        greetings: what the app has sent in $connect, where nothing can be posted yet.
        suspended: whether the app has come to ask for a message that has not come.
        gone: whether the client turned out to have left.
    """

    def __init__(
        self,
        connection: Connection,
        message: Message | None,
        post: Callable[[str], None],
        names: ResponseNames,
        *,
        binary: WebSocketBinary,
        linger: float,
    ) -> None:
        self._connection = connection
        self._posts = Posts(post)
        first, then = self._takes(message)
        self._incoming = Incoming(message, linger, self._tasks, self._answered, self._proceed, self._suspend)
        self.outgoing = Outgoing(first, names, binary, self._incoming.close)
        self._then = then
        self.greetings: list[str] = []
        self.suspended = False
        self.gone = False
        self._main: Task[Any]
        self._before: set[Task[Any]] = set()
        self._users: set[Task[Any] | None] = set()

    async def error(self, app: ASGIApp, scope: Scope, seconds: float | None) -> BaseException | None:
        """Run the app, for so many seconds at most; what went wrong, if anything did."""
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        self._before = asyncio.all_tasks()
        context = copy_context()
        context.run(current.set, self._connection)
        main = loop.create_task(call(app, scope, self._receive, self._send), context=context)
        self._main = self._incoming.main = main
        try:
            await asyncio.wait({main}, timeout=seconds)
        finally:
            in_time = main.done()
            main.cancel()  # where it has ended, that is nothing
        if not in_time:
            await asyncio.wait({main}, timeout=deadline.GRACE)
        self._incoming.over = self.outgoing.over = True
        await self._end_tasks(None if end is None else max(end - loop.time(), deadline.GRACE))
        if not in_time:
            return DeadlineError("the invocation's time ran out before the app had ended")
        if main.cancelled():
            return None if self.suspended else AppError("the app ended with CancelledError: it has cancelled itself")
        error = main.exception()
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise asyncio.CancelledError  # asyncio has let it through already, out of the loop
        return self._meant(error)

    async def _end_tasks(self, seconds: float | None) -> None:
        """End what belongs to the connection: tasks that have used it, and posts on their way.

        Other tasks that the app has left behind may be anybody's (a pool's), and go on with later events.
        """
        left = {task for task in self._users if task is not None and not task.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=deadline.GRACE)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._posts.done(), seconds)

    def _meant(self, error: BaseException | None) -> BaseException | None:
        """The error that is one: that an app is ended by the client's leaving, and says so, is none."""
        if error is None:
            if self._answered():
                return None
            return AppError("the app returned, but it had neither accepted nor refused the connection")
        if not self._incoming.told:
            return error
        return (
            error.split(_is_goodbye)[1]
            if isinstance(error, BaseExceptionGroup)
            else (None if _is_goodbye(error) else error)
        )

    def _takes(self, message: Message | None) -> tuple[Take, Take]:
        """Where texts go: before the app has received the event's message, and after."""
        if message is None:
            return self._hold, self._hold
        # What comes before the message has reached the client when the connection was new.
        return _drop, self._post if message["type"] == "websocket.receive" else _refuse

    async def _hold(self, text: str) -> None:
        from .._api import LIMIT

        if len(text.encode()) > LIMIT:
            raise MessageTooLargeError(f"A WebSocket message may have {LIMIT:,} bytes; this one has more.")
        self.greetings.append(text)

    async def _post(self, text: str) -> None:
        try:
            await self._posts.add(text)
        except ConnectionGoneError:
            if self.gone:
                raise
            self.gone = True
            self.outgoing.take = _refuse
            if await self._connection.remove():
                self._incoming.lose()
                raise
            # Another event has told the app, or is about to.
            self._suspend()
            await asyncio.Event().wait()

    async def _receive(self) -> Message:
        self._users.add(asyncio.current_task())
        return await self._incoming.receive()

    async def _send(self, message: Message) -> None:
        self._users.add(asyncio.current_task())
        await self.outgoing.send(message)

    def _answered(self) -> bool:
        return self.outgoing.accepted or self.outgoing.refusal is not None

    def _proceed(self) -> None:
        if not self.gone:
            self.outgoing.take = self._then

    def _suspend(self) -> None:
        self.suspended = True
        self.outgoing.silent = True
        self._connection.suspending = not self._incoming.told
        self._main.cancel()

    def _tasks(self) -> set[Task[Any]]:
        return {task for task in asyncio.all_tasks() - self._before if self._is_own(task)}

    def _is_own(self, task: Task[Any]) -> bool:
        # CPython 3.11 does not tell a task's context. There, all new tasks are taken for the app's.
        context = getattr(task, "get_context", copy_context)()
        return context.get(current) is self._connection or not hasattr(task, "get_context")


def _is_goodbye(error: BaseException) -> bool:
    # Starlette and Litestar have one of this name each, which they raise for `websocket.disconnect`.
    return isinstance(error, ConnectionGoneError) or any(
        kind.__name__ == "WebSocketDisconnect" for kind in type(error).__mro__
    )


async def _drop(text: str) -> None:
    """Take a text that the client has had already."""


async def _refuse(text: str) -> None:
    """Take a text after the client has left."""
    raise ConnectionGoneError("the client of this WebSocket connection has left: nothing can be sent to it")
