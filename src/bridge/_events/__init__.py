"""What becomes of events that are no HTTP requests, where the deployer has said it."""

from __future__ import annotations

from .. import kinds
from .._app.policy import exception_of
from .._invocation import deadline, logger
from ..errors import ConfigurationError, DeadlineError, EventError, RunningLoopError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .._app.asgi import ASGI
    from .._app.asgi.loop import LoopFactory
    from .._app.policy import Policy
    from .._options import BridgeOptions
    from ..types import AsyncRun, Event, OnEvent, Run
    from ..websocket._events import WebSockets
    from .posted import Posted

    class EventAnswer(Protocol):
        """One answer to such events, in plain code and inside a running loop."""

        def result(self, event: Event, context: Any) -> Any:
            """Return the result of an event."""

        async def result_async(self, event: Event, context: Any) -> Any:
            """Return the result of an event, on the running loop."""


WARM = "warm"
"""The result of a warm-up ping."""


class Refused:
    """The answer where nothing has been said of such events: an error.

    Args:
        accepts: the senders of HTTP requests, where the deployer has named them.
    """

    def __init__(self, accepts: frozenset[str] | None = None) -> None:
        self._accepts = accepts

    def result(self, event: Event, context: Any) -> Any:
        """Refuse the event.

        Raises:
            EventError: always. It names the event.
        """
        complaint = kinds.complaint(event)
        if self._accepts is not None:
            complaint += (
                f" HTTP requests are taken from {', '.join(sorted(self._accepts)) or 'nobody'}: Bridge(accepts=...)."
            )
        raise EventError(complaint)

    async def result_async(self, event: Event, context: Any) -> Any:
        """Refuse the event, on the running loop."""
        self.result(event, context)


class UnnamedSenders:
    """The answer of another, and a warning, once, that the sender of such events could write an HTTP request as well.

    Args:
        otherwise: that other.
    """

    def __init__(self, otherwise: EventAnswer) -> None:
        self._otherwise = otherwise
        self._told = False

    def result(self, event: Event, context: Any) -> Any:
        """Return the result of an event."""
        __tracebackhide__ = True
        self._tell(event)
        return self._otherwise.result(event, context)

    async def result_async(self, event: Event, context: Any) -> Any:
        """Return the result of an event, on the running loop."""
        __tracebackhide__ = True
        self._tell(event)
        return await self._otherwise.result_async(event, context)

    def _tell(self, event: Event) -> None:
        if not self._told:
            self._told = True
            logger().warning(
                "the function gets events of kind %r too: one that is shaped like an HTTP request would reach the app, "
                "with any claims that its sender has put in. Name the senders of requests: Bridge(accepts={...})",
                kinds.kind(event),
            )


class WebSocketEvents:
    """The ASGI app's answer to events of WebSocket APIs; everything else goes on.

    Args:
        otherwise: where it goes on.
        asgi: the app.
        options: the deployer's.
    """

    def __init__(self, otherwise: EventAnswer, asgi: ASGI, options: BridgeOptions) -> None:
        self._otherwise = otherwise
        self._asgi = asgi
        self._options = options
        self._websockets: WebSockets | None = None

    def result(self, event: Event, context: Any) -> Any:
        """Return the result of an event."""
        __tracebackhide__ = True
        return self._chosen(event).result(event, context)

    async def result_async(self, event: Event, context: Any) -> Any:
        """Return the result of an event, on the running loop."""
        __tracebackhide__ = True
        return await self._chosen(event).result_async(event, context)

    def _chosen(self, event: Event) -> EventAnswer:
        if not kinds.is_websocket(event):
            return self._otherwise
        if self._websockets is None:
            # Without such an event it is not imported.
            from ..websocket._events import WebSockets

            self._websockets = WebSockets(self._asgi, self._options)
        return self._websockets


class WarmUps:
    """The immediate answer to warm-up pings; everything else goes on.

    Args:
        otherwise: where it goes on.
    """

    def __init__(self, otherwise: EventAnswer) -> None:
        self._otherwise = otherwise

    def result(self, event: Event, context: Any) -> Any:
        """Return the word "warm" for a ping, or what `otherwise` returns."""
        __tracebackhide__ = True
        return WARM if kinds.is_warm_up(event) else self._otherwise.result(event, context)

    async def result_async(self, event: Event, context: Any) -> Any:
        """Return the word "warm" for a ping, or what `otherwise` returns, on the running loop."""
        __tracebackhide__ = True
        return WARM if kinds.is_warm_up(event) else await self._otherwise.result_async(event, context)


class Called:
    """The answer of a function of the deployer's, `on_event`, to such events.

    Args:
        function: `function(event, context)`, plain or asynchronous. What it raises is Lambda's to see.
        asgi: the app, if it is an ASGI app: its lifespan has started before the function is called.
        loop_factory: makes the event loop, as for the app.

    Raises:
        ConfigurationError: the function cannot be called.
    """

    def __init__(self, function: OnEvent, asgi: ASGI | None, loop_factory: LoopFactory | None) -> None:
        if not callable(function):
            raise ConfigurationError(f"Bridge(on_event=...) takes a function of event and context, not {function!r}.")
        self._function = function
        self._asgi = asgi
        self._loop_factory = loop_factory

    def result(self, event: Event, context: Any) -> Any:
        """Return what the function returns. If that has to be awaited, it is, on the process's loop.

        Raises:
            DeadlineError: the invocation's time was about to run out.
        """
        if self._asgi is not None:
            self._asgi.ensure_started(context)
        try:
            value = self._function(event, context)
        except SystemExit as end:
            from .._invocation.exits import log_exit

            log_exit(end)
            raise
        return self._awaited(value, context) if hasattr(value, "__await__") else value

    async def result_async(self, event: Event, context: Any) -> Any:
        """Return what the function returns, on the running loop. A plain one runs in a thread and has no deadline."""
        import asyncio
        import inspect

        if self._asgi is not None:
            await self._asgi.ensure_started_here(context)
        if inspect.iscoroutinefunction(self._function):
            value = self._function(event, context)
        else:
            value = await asyncio.to_thread(self._function, event, context)
        if not hasattr(value, "__await__"):
            return value
        try:
            async with asyncio.timeout(deadline.seconds(context)) as clock:
                return await value
        except TimeoutError:
            if not clock.expired():
                raise
            raise DeadlineError("the invocation's time ran out before on_event had ended") from None

    def _awaited(self, value: Any, context: Any) -> Any:
        import asyncio

        from .._app.asgi.loop import check_idle, process_runner

        try:
            check_idle()
        except RunningLoopError:
            getattr(value, "close", bool)()  # a coroutine that nobody will await
            raise
        values: list[Any] = []

        async def keep() -> None:
            values.append(await value)

        error = process_runner(self._loop_factory or asyncio.new_event_loop).run(keep(), context)
        if error is not None:
            raise exception_of(error)
        return values[0]


class Posting:
    """The answer of the app, to which such events are POSTed, at `events_path`.

    Args:
        source: makes the request of an event, and the result of a response.
        run: runs a request through the app.
        run_async: runs a request through the app, on the running loop.
        policy: makes the result of a response, and of the error that has come after it, if one has.
    """

    def __init__(self, source: Posted, run: Run, run_async: AsyncRun, policy: Policy) -> None:
        self._source = source
        self._run = run
        self._run_async = run_async
        self._policy = policy

    def result(self, event: Event, context: Any) -> Any:
        """Return what the app has answered.

        Raises:
            EventFailedError: the app's answer is no success.
            Exception: what the app has raised instead of an answer, or beside one that is no success.
        """
        __tracebackhide__ = True
        request = self._source.request(event)
        return self._policy.event_result(self._source, event, request, *self._run(request, event, context))

    async def result_async(self, event: Event, context: Any) -> Any:
        """Return what the app has answered, on the running loop. Raises as `result` does."""
        __tracebackhide__ = True
        request = self._source.request(event)
        outcome = await self._run_async(request, event, context)
        return self._policy.event_result(self._source, event, request, *outcome)


def dispatch(options: BridgeOptions, asgi: ASGI | None, run: Run, run_async: AsyncRun) -> EventAnswer:
    """Return what answers events that are no HTTP requests.

    Args:
        options: the deployer's.
        asgi: the app, where it is an ASGI app.
        run: runs a request through the app.
        run_async: runs a request through the app, on the running loop.

    Raises:
        ConfigurationError: `on_event` cannot be called.
    """
    answer: EventAnswer = Refused(options.accepts)
    if options.on_event is not None:
        answer = Called(options.on_event, asgi, options.loop_factory)
    elif options.posted is not None:
        answer = Posting(options.posted, run, run_async, options.policy)
    if options.accepts is None and (options.on_event is not None or options.posted is not None):
        answer = UnnamedSenders(answer)
    if asgi is not None and (options.accepts is None or "websocket" in options.accepts):
        answer = WebSocketEvents(answer, asgi, options)
    return WarmUps(answer) if options.warm_up else answer
