"""What an app receives in one run, and when.

https://asgi.readthedocs.io/en/stable/specs/www.html#websocket
"""

from __future__ import annotations

import asyncio

from ..._invocation import logger
from ...errors import AppError
from .._errors import StaleWebSocketError
from .idle import at_rest
from .outgoing import STALE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import Callable
    from typing import Any

    from ...types import Message

    Tasks = set[Task[Any]]

FIRST_PAUSE = 0.001
LONGEST_PAUSE = 0.02
"""Seconds between two looks at tasks that are not at rest; each pause is twice the one before."""


class Incoming:
    """The receiving channel of one run: `websocket.connect`, the event's message if it has one, and then the end.

    The message comes, and then the end, when the app has come to rest: it asks for a message, and no task of its own is
    at work any more. Where the app's own task is the one that asks, the message comes at once.

    Args:
        message: the event's message; None: $connect has none.
        linger: seconds for which tasks at work are waited for.
        tasks: what is left of the app's tasks.
        answered: whether the app has accepted the connection, or refused it.
        on_message: is called when the app gets the event's message.
        on_end: is called when the app asks for a message that will not come.

    Attributes:
        told: whether the app has received `websocket.disconnect`.
    """

    def __init__(
        self,
        message: Message | None,
        linger: float,
        tasks: Callable[[], Tasks],
        answered: Callable[[], bool],
        on_message: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._message = message
        self._linger = linger
        self._tasks = tasks
        self._answered = answered
        self._on_message = on_message
        self._on_end = on_end
        self._connected = False
        self._closing = False
        self._ended = False
        self._waiting: dict[Task[Any] | None, Future[Message]] = {}
        self._until = 0.0
        self._looking = False
        self.main: Task[Any] | None = None
        self.over = False
        self.told = False

    async def receive(self) -> Message:
        """The next message.

        Raises:
            AppError: the app has not accepted the connection, and waits for nothing else.
            CancelledError: there is none in this event.
            StaleWebSocketError: the run is over.
        """
        if self.over:
            raise StaleWebSocketError(STALE)
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        task = asyncio.current_task()
        if self._message is not None and (self._closing or (task is self.main and self._answered())):
            return self._next(self._message)
        if self._ended and task is not None:
            task.cancel()  # once more: it has not listened
        future: Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[task] = future
        self._look_soon()
        try:
            return await future
        finally:
            del self._waiting[task]

    def close(self, code: int, reason: str) -> None:
        """The connection has ended: let the app know, instead of all else."""
        self._message = {"type": "websocket.disconnect", "code": code, "reason": reason}
        self._closing = True
        self._give(self._message)
        self._look_soon()

    def lose(self) -> None:
        """The client has left, which the app learns from the message that it sends."""
        self.told = True
        self.close(1006, "")

    def _next(self, message: Message) -> Message:
        self._message = None
        self.told = self.told or message["type"] == "websocket.disconnect"
        self._on_message()
        return message

    def _give(self, message: Message) -> None:
        """Give a message to the first that waits for one, if anybody does."""
        waiting = [future for future in self._waiting.values() if not future.done()]
        if waiting:
            waiting[0].set_result(self._next(message))

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            loop = asyncio.get_running_loop()
            self._until = loop.time() + self._linger
            loop.call_soon(self._look, FIRST_PAUSE)

    def _look(self, pause: float) -> None:
        """Give the message, or end the run, if the app has come to rest. Else look again later."""
        self._looking = False
        waiting = [task for task, future in self._waiting.items() if not future.done()]
        if self.over or self._ended or not waiting:
            return
        loop = asyncio.get_running_loop()
        tasks = self._tasks()
        working = [task for task in tasks if task not in waiting and not at_rest(task, tasks)]
        if working and not (self._answered() and loop.time() > self._until):
            self._looking = True
            loop.call_later(pause, self._look, min(pause * 2, LONGEST_PAUSE))
        elif not self._answered():
            for task in waiting:
                error = AppError("the app waits for a message, but it has not accepted the connection")
                self._waiting[task].set_exception(error)
        elif self._message is not None:
            self._give(self._message)
            self._look_soon()  # others may be waiting too
        else:
            self._ended = True
            if working:
                logger().warning(
                    "a WebSocket event has ended while the app was still at work %s s after it had asked for the next "
                    "message: %s. Nothing goes on between events; for work that takes longer: websocket_linger.",
                    self._linger,
                    ", ".join(sorted(_name(task) for task in working)),
                )
            self._on_end()


def _name(task: Task[Any]) -> str:
    coroutine = task.get_coro()
    return getattr(coroutine, "__qualname__", None) or str(coroutine)
