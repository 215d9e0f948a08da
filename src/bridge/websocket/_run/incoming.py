"""What an app receives in one run.

https://asgi.readthedocs.io/en/stable/specs/www.html#websocket
"""

from __future__ import annotations

import asyncio
from collections import deque

from .state import Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import Callable
    from typing import Any

    from ...types import Message
    from .state import RunState


class Incoming:
    """The messages of one run, and the tasks that wait for one.

    Args:
        message: the event's, after `websocket.connect`; None: $connect has none.
        state: of the run.

    Attributes:
        asked: the futures by which tasks wait for a message.
        unread: a message that was handed over, to a task that has not run since.
    """

    def __init__(self, message: Message | None, state: RunState) -> None:
        self._messages = deque([{"type": "websocket.connect"}] + ([] if message is None else [message]))
        self._connect = self._messages[0]
        self._state = state
        self.asked: dict[Future[Message], Task[Any] | None] = {}
        self.unread: Message | None = None

    async def receive(self, main: Task[Any], on_ask: Callable[[], None]) -> Message:
        """Return the next message.

        Args:
            main: the app's own task, which gets the event's message without further ado.
            on_ask: is called when the task cannot have a message at once.

        Raises:
            AppError: the app has not accepted the connection, and waits for nothing else.
            CancelledError: there is none in this event.
        """
        task = asyncio.current_task()
        if self._messages and (
            self._messages[0] is self._connect or self._state.told or (task is main and self._state.answered)
        ):
            return self._read(self._next())
        if self._state.phase is Phase.SUSPENDING and task is not None:
            task.cancel()  # once more: it has not listened
        future: Future[Message] = asyncio.get_running_loop().create_future()
        self.asked[future] = task
        on_ask()
        try:
            return self._read(await future)
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and not self._messages:
                self._messages.append(future.result())  # a limit of time came in between: it is for who asks next
                on_ask()
            raise
        finally:
            del self.asked[future]

    @property
    def has_message(self) -> bool:
        """Return whether there is a message that nobody has had."""
        return bool(self._messages)

    def end(self, code: int, reason: str) -> None:
        """Tell the app that the connection has ended. It gets no other message."""
        self._messages.clear()
        self._messages.append({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.give()

    def give(self) -> None:
        """Hand the next message to who has waited longest, if anybody waits."""
        future = next((future for future in self.asked if not future.done()), None)
        if future is not None:
            message = self._next()
            self.unread = message if message["type"] == "websocket.receive" else None
            future.set_result(message)

    def fail(self, error: Exception) -> None:
        """Raise an error in everybody who waits for a message."""
        for future in [future for future in self.asked if not future.done()]:
            future.set_exception(error)

    def _read(self, message: Message) -> Message:
        if message is self.unread:
            self.unread = None
        return message

    def _next(self) -> Message:
        message = self._messages.popleft()
        self._state.receive(message["type"])
        return message
