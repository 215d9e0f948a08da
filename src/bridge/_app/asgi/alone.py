"""One request that has a loop for itself, whose response goes out as the app makes it."""

from __future__ import annotations

import asyncio
import types
from functools import partial

from ..._http import BODY, IS_BASE64, METHOD
from ..._http.body import decoded
from .stream import StreamCycle, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from typing import Any

    from ...types import Responder
    from ..streaming import Step, StreamedAnswer
    from . import ASGI
    from .loop import Runner


def respond(asgi: ASGI, runner: Runner, answer: StreamedAnswer, context: Any, responder: Responder) -> None:
    """Run a request on a loop that runs nothing else meanwhile, and have its answer go to a responder.

    Raises:
        BaseException: as `stream.respond` does.
    """
    __tracebackhide__ = True
    request = answer.request
    body = b"" if request[BODY] is None else decoded(request[BODY], request[IS_BASE64])
    names = asgi.names if request[METHOD] != "HEAD" else asgi.names.bodiless
    cycle = LoneCycle(body, names, answer, responder)
    try:
        error = asgi.run_alone(runner, cycle, request, body, answer.event, context)
        if error is None and cycle.is_out():
            cycle.close()
            answer.check()
        else:
            runner.check()
            runner.do(cycle.settle(error, context))
    finally:
        cycle.abandon()


class LoneCycle(StreamCycle):
    """The two channels of a request that has a loop for itself.

    Its responder takes a result without a wait, as a rule. Then no task is needed, and the app goes on at once.
    """

    def is_out(self) -> bool:
        """Return whether the whole response has gone to the responder."""
        answer = self._answer
        return answer.complete and answer.held is None and (self._last is None or self._last.done())

    def _begin(self, steps: list[Step]) -> None:
        if self._answer.streams or self._last is not None:
            super()._begin(steps)
            return
        self.answered = True
        coroutine = self._steps(steps)
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        loop = asyncio.get_running_loop()
        self._said = loop.create_future()
        self._last = loop.create_task(told(None, lambda _: _resumed(coroutine, awaited), steps, self._said))


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that waits for something."""
    while True:
        try:
            value = yield awaited
        except BaseException as error:
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, value)
        try:
            awaited = step()
        except StopIteration:
            return
