"""One request through an ASGI app whose response goes out as the app makes it.

https://asgi.readthedocs.io/en/stable/specs/www.html
"""

from __future__ import annotations

import asyncio
from math import inf

from ..._http import BODY, IS_BASE64, METHOD, RESPONSE_BODY
from ..._http.body import decoded
from ..._invocation import deadline
from ...errors import DeadlineError, ResultTooLargeError
from ..streaming import client_has_gone
from .cycle import Cycle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import Awaitable, Callable
    from typing import Any

    from ..._http import ResponseNames
    from ...types import Message, Responder
    from ..streaming import Step, StreamedAnswer
    from . import ASGI


async def respond(asgi: ASGI, answer: StreamedAnswer, context: Any, responder: Responder) -> None:
    """Run a request on the caller's loop, and have its answer go to a responder."""
    __tracebackhide__ = True
    request = answer.request
    body = b"" if request[BODY] is None else decoded(request[BODY], request[IS_BASE64])
    names = asgi.names if answer.request[METHOD] != "HEAD" else asgi.names.bodiless
    cycle = StreamCycle(body, names, answer, responder)
    try:
        error = await asgi.host(cycle, request, body, answer.event, context)
        await cycle.settle(error, context)
    finally:
        cycle.abandon()


class StreamCycle(Cycle):
    """The two channels of a request, of which what is sent goes on to a responder.

    A step towards the responder is a task of its own. Where the app's wait for it is cancelled, be it at the deadline
    or by a timeout of the app's, the step goes on: half a message would spoil the whole answer. So the app waits for a
    future that the step sees to: what `asyncio.shield` does too, but a turn of the loop later.

    Args:
        body: the request's body.
        names: what to make of the names of response headers.
        answer: the answer.
        responder: where it goes.
    """

    def __init__(self, body: bytes, names: ResponseNames, answer: StreamedAnswer, responder: Responder) -> None:
        super().__init__(body, names)
        self._answer = answer
        self._responder = answer.responder = responder
        self._over: asyncio.Event | None = None
        self._is_over = False
        self._closed = False
        self._last: Task[None] | None = None
        self._said: Future[None] | None = None
        if answer.streams:
            self.limit = inf

    async def receive(self) -> Message:
        """Return the request's body, once; then, when the response is out or its client has gone, `http.disconnect`."""
        if self._body is not None:
            return await super().receive()
        if not self._is_over:
            if self._over is None:
                self._over = asyncio.Event()
            await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take `http.response.start`, then `http.response.body`, and wait until it has gone to the responder.

        Raises:
            AppError: another message, another order, or a field of the wrong type.
            ResultTooLargeError: status and headers do not fit into a stream's prelude.
            OSError: the client has gone (ASGI 2.4), or the invocation is over.
        """
        if self._closed:
            raise client_has_gone(DeadlineError("the invocation is over"))
        if self._headers is None:
            await super().send(message)
            self._open()
            return
        await super().send(message)
        response = self.response
        if self._answer.streams:
            body = response[RESPONSE_BODY] if response is not None else self._taken()
            await self._take(self._answer.part(body, response is not None))
        elif response is not None:
            await self._take(self._answer.whole(response))

    async def settle(self, error: BaseException | None, context: Any) -> None:
        """Say what is left to be said when the app has ended, and return when all of it is out.

        Args:
            error: what the app raised, if it raised.
            context: has the deadline.

        Raises:
            BaseException: what `Answer.rest` and `Answer.check` raise.
        """
        self.close()
        if self._last is not None and not self._last.done():
            if self._answer.streams and not self._answer.complete:
                # Of a client that reads too slowly, the next thing is to hear that its stream has failed.
                await asyncio.wait({self._last}, timeout=deadline.seconds(context, deadline.BACKGROUND_MARGIN))
                self._last.cancel()
            await asyncio.wait({self._last})
        steps = self._answer.rest(error, self.complaint)
        if steps:
            self._begin(steps)
            if self._last is not None:
                await self._last
        self._answer.check()

    def close(self) -> None:
        """Take no more: the app has ended."""
        self._closed = True
        self._end()

    def abandon(self) -> None:
        """Stop the step that is being taken, if one is. There is one only where `respond` has been cancelled."""
        if self._last is not None:
            self._last.cancel()
        if self._said is not None:
            self._said.cancel()  # a step that has not begun will not see to it

    def _open(self) -> None:
        try:
            self._answer.open(self.status, self._headers)  # type: ignore[arg-type]
        except ResultTooLargeError:
            self._headers = None  # nothing is sent, and the app may send another
            raise

    def _taken(self) -> bytes:
        """Take the part that has just been sent: it need not be kept."""
        return self._chunks.pop()  # type: ignore[union-attr]

    async def _take(self, steps: list[Step]) -> None:
        if steps or (self._answer.complete and not self.answered):
            self._begin(steps)
            if self._said is not None:
                await self._said
        if self._answer.failure is not None:
            raise client_has_gone(self._answer.failure)

    def _begin(self, steps: list[Step]) -> None:
        """Begin to take steps. `_last` is the task that does so, and `_said` the future that is done when it has."""
        self.answered = self._answer.complete
        loop = asyncio.get_running_loop()
        self._said = loop.create_future()
        self._last = loop.create_task(told(self._last, self._steps, steps, self._said))

    async def _steps(self, steps: list[Step]) -> None:
        try:
            for name, *arguments in steps if self._answer.failure is None else ():
                await getattr(self._responder, name)(*arguments)
        except Exception as error:
            self._answer.failure = error
        if self._answer.complete or self._answer.failure is not None:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        if self._over is not None:
            self._over.set()


async def told(
    previous: Task[None] | None,
    take: Callable[[list[Step]], Awaitable[None]],
    steps: list[Step],
    said: Future[None],
) -> None:
    """Take steps after those that are being taken, and tell when they are, a turn before the task says so."""
    try:
        if previous is not None and not previous.done():
            await asyncio.wait({previous})
        await take(steps)
    except BaseException:
        said.cancel()
        raise
    if not said.done():
        said.set_result(None)
