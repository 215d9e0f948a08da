"""A handler with a Bridge inside: what a decorator, or a tool's layer, has made of one; or a function that calls one.

The wrapper is called as a handler, and calls the Bridge, which knows whose turn it is: a stream goes out as the app
makes it. What is no stream goes back through the wrapper, which may change it.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from time import monotonic

from .._app.around import on_process_loop, steps_of
from .._invocation import logger
from .._invocation.around import NotedAnswer, name_of
from ._responder import SyncInvocationResponder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .._app.asgi.loop import LoopFactory
    from ..handler import Bridge
    from ..types import Event, Result
    from ._responder import InvocationResponder

    Inner = Bridge
else:
    Inner = object

HELD_SECONDS = 0.1
"""Seconds for which a client may wait for work after its response until it is worth a line in the log."""


class Wrapper:
    """A handler that calls Bridges.

    Args:
        handler: plain, or a coroutine function.
        is_async: which of the two.
        inner: the Bridges. What they do when they are called changes, where they run on the loop that there is.
        loop_factory: makes that loop.
    """

    def __init__(self, handler: Any, is_async: bool, inner: Sequence[Bridge], loop_factory: LoopFactory | None) -> None:
        self._handler = handler
        self._is_async = is_async
        self._inner = inner
        self._name = name_of(handler)
        for bridge in inner:
            if bridge.is_asgi and bridge.loop_factory is not loop_factory:
                continue
            kind = type(bridge)
            bridge.__class__ = type(kind.__name__, (Wrapped, kind), {"__module__": kind.__module__})

    async def respond(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        """Answer an event."""
        turn = Turn(responder, self._name)
        token = _turn.set(turn)
        try:
            value = self._handler(event, context)
            if self._is_async:
                value = await value
        finally:
            _turn.reset(token)
        if turn.noted is not None and turn.noted.streamed:
            turn.noted.check(value, self._name)
            return
        for name, *arguments in self._steps(event, value):
            await getattr(responder, name)(*arguments)

    def _steps(self, event: Any, value: Any) -> list[tuple[Any, ...]]:
        for bridge in self._inner:
            steps = steps_of(bridge, event, value)
            if steps[0][0] != "result":
                return [*steps]
        return [("result", value)]


class Turn:
    """One invocation of a wrapper: which of its Bridges answers it.

    Args:
        responder: where streams go.
        name: the wrapper's, for the log.

    Attributes:
        noted: the answer of the Bridge that has taken the turn; None: none has.
    """

    noted: NotedAnswer | None = None

    def __init__(self, responder: InvocationResponder, name: str) -> None:
        self._responder = responder
        self._name = name
        self._thread = threading.get_ident()
        self._answered: float | None = None

    @property
    def is_free(self) -> bool:
        """Return whether a Bridge may take it here: the first that is called in the runtime's own thread."""
        return self.noted is None and threading.get_ident() == self._thread

    def take(self) -> NotedAnswer:
        """Return the answer, for a Bridge that awaits."""
        self.noted = NotedAnswer(self._responder, self._keep_async)
        return self.noted

    def take_sync(self) -> NotedAnswer:
        """Return the answer, for a Bridge that does not."""
        self.noted = NotedAnswer(SyncInvocationResponder(self._responder), self._keep)
        return self.noted

    def settle(self) -> None:
        """Log, once for each wrapper, that the client has waited for what the app did after its response."""
        late = 0.0 if self._answered is None else monotonic() - self._answered
        if late > HELD_SECONDS and self._name not in _told:
            _told.add(self._name)
            logger().warning(
                "the client has waited %.2f s for what the app did after its response: %s may change the result, and "
                "so it goes out when the app has ended. To answer first, give decorators to the Bridge: "
                "Bridge(app, decorators=[...]).",
                late,
                self._name,
            )

    def _keep(self, _: Any) -> None:
        self._answered = monotonic()

    async def _keep_async(self, _: Any) -> None:
        self._answered = monotonic()


class Wrapped(Inner):
    """What stands before `Bridge` in the class of one that a wrapper calls."""

    def __call__(self, event: Event, context: Any = None) -> Result:
        turn = _turn.get()
        if turn is None or not turn.is_free or self._detect(event) is None:
            return super().__call__(event, context)
        if self.is_asgi:
            noted = turn.take()
            on_process_loop(self, lambda: super(Wrapped, self).respond(event, context, noted), context)
        else:
            noted = turn.take_sync()
            super().respond_sync(event, context, noted)
        turn.settle()
        result: Result = noted.value
        return result

    async def handle_async(self, event: Event, context: Any = None) -> Result:
        turn = _turn.get()
        if turn is None or not turn.is_free or not self.is_asgi or self._detect(event) is None:
            return await super().handle_async(event, context)
        noted = turn.take()
        await super().respond(event, context, noted)
        turn.settle()
        result: Result = noted.value
        return result


_turn: ContextVar[Turn | None] = ContextVar("bridge.turn", default=None)
_told: set[str] = set()
