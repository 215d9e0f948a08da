"""A Bridge with hooks and decorators around each invocation, however it is called."""

from __future__ import annotations

from functools import partial

from .._http import from_wsgi
from .._invocation.around import STREAMED, Around, NotedAnswer, are_plain, entered, entered_async
from ..errors import AppError
from .policy import exception_of
from .streaming import StreamedAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ..handler import Bridge as Surrounded
    from ..types import Decorator, Event, Responder, Result, SyncResponder
    from .asgi.loop import Runner
    from .streaming import Step
else:
    Surrounded = object


class Surroundings(Surrounded):
    """What stands before `Bridge` in the class of one that has hooks or decorators: see `surround`."""

    _around: Around

    def __call__(self, event: Event, context: Any = None) -> Result:
        self._set_current(context)
        managers = self._around.managers(event, context)
        if not are_plain(managers):
            on_loop: Result = on_process_loop(self, lambda: self._handled(managers, event, context), context)
            return on_loop
        with entered(managers):
            result: Result = self._around.decorated(super().__call__, event, context)
        return result

    async def handle_async(self, event: Event, context: Any = None) -> Result:
        self._set_current(context)
        return await self._handled(self._around.managers(event, context), event, context)

    async def _handled(self, managers: list[Any], event: Event, context: Any) -> Result:
        async with await entered_async(managers):
            result: Result = await self._around.decorated_async(super().handle_async, event, context)
        return result

    async def respond(self, event: Event, context: Any, responder: Responder) -> None:
        self._set_current(context)
        async with await entered_async(self._around.managers(event, context)):
            if not self._around.decorates:
                await super().respond(event, context, responder)
                return
            noted = NotedAnswer(responder)

            async def call(event: Event, context: Any) -> Any:
                await super(Surroundings, self).respond(event, context, noted)
                return noted.value

            value = await self._around.decorated_async(call, event, context)
            for name, *arguments in self._steps(noted, event, value):
                await getattr(responder, name)(*arguments)

    def respond_alone(self, runner: Runner, event: Event, context: Any, responder: Responder) -> None:
        runner.do(self.respond(event, context, responder))

    def respond_sync(self, event: Event, context: Any, responder: SyncResponder) -> None:
        self._set_current(context)
        managers = self._around.managers(event, context)
        if not are_plain(managers):
            on_process_loop(self, lambda: self._in_thread(managers, event, context, responder), context)
            return
        with entered(managers):
            self._respond_sync(event, context, responder)

    async def _in_thread(self, managers: list[Any], event: Event, context: Any, responder: SyncResponder) -> None:
        import asyncio

        async with await entered_async(managers):
            await asyncio.to_thread(self._respond_sync, event, context, responder)

    def _respond_sync(self, event: Event, context: Any, responder: SyncResponder) -> None:
        if not self._around.decorates:
            super().respond_sync(event, context, responder)
            return
        noted = NotedAnswer(responder)

        def call(event: Event, context: Any) -> Any:
            super(Surroundings, self).respond_sync(event, context, noted)
            return noted.value

        value = self._around.decorated(call, event, context)
        for name, *arguments in self._steps(noted, event, value):
            getattr(responder, name)(*arguments)

    def respond_in_plain_code(self, event: Event, context: Any, responder: Responder) -> None:
        """Answer an event for an ASGI app as `respond` does, with the hooks and decorators in the calling thread.

        The app, and what it sends, run on the process's loop, which stands still in between.
        """
        self._set_current(context)
        managers = self._around.managers(event, context)
        if not are_plain(managers):
            on_process_loop(self, lambda: self.respond(event, context, responder), context)
            return
        with entered(managers):
            noted = NotedAnswer(responder)

            def call(event: Event, context: Any) -> Any:
                on_process_loop(self, lambda: super(Surroundings, self).respond(event, context, noted), context)
                return noted.value

            value = self._around.decorated(call, event, context)
            for name, *arguments in self._steps(noted, event, value):
                on_process_loop(self, partial(getattr(responder, name), *arguments), context)

    def _steps(self, noted: NotedAnswer, event: Event, value: Any) -> list[Step]:
        if noted.said:
            noted.check(value, " and ".join(self._around.names))
            return []
        return steps_of(self, event, value)


def surround(bridge: Surrounded, around: Around) -> None:
    """Surround every invocation of a Bridge with hooks and decorators.

    They come by a class of the Bridge's own: without them there is nothing that an event would have to ask.
    """
    bridge._around = around  # type: ignore[attr-defined]
    kind = type(bridge)
    bridge.__class__ = type(kind.__name__, (Surroundings, kind), {"__module__": kind.__module__})


def decorate(bridge: Surrounded, decorator: Decorator) -> None:
    """Put one more decorator around a Bridge, outside of those that it has."""
    if bridge._options.around is None:
        bridge._options.around = Around((), ())
        surround(bridge, bridge._options.around)
    bridge._options.around.add(decorator)


def steps_of(bridge: Surrounded, event: Event, value: Any) -> list[Step]:
    """Return the steps that say a result which the app has not made: a stream, where the event's sender takes one.

    Raises:
        AppError: it is what has been kept of a stream, whose body nobody has kept.
    """
    if isinstance(value, dict) and STREAMED in value:
        raise AppError(
            "a decorator has answered with the result that it had kept of an earlier invocation. That was a stream, so "
            "there is no body in it. Use Bridge(streaming='off') with a decorator that keeps results."
        )
    source = bridge._detect(event)
    answer = None if source is None else bridge._answer(source, event)
    if not isinstance(answer, StreamedAnswer) or not answer.streams:
        return [("result", value)]
    status, lines, body = source.response(value)  # type: ignore[union-attr]
    return answer.whole((status, from_wsgi(lines, bridge._options.names), body))


def on_process_loop(bridge: Surrounded, call: Callable[[], Coroutine[Any, Any, Any]], context: Any) -> Any:
    """Run what sees to its own deadline on the process's loop, after startup, and return its result.

    Raises:
        LifespanError: the app's startup failed.
        RunningLoopError: an event loop runs in this thread.
        Exception: what the coroutine raised.
    """
    import asyncio

    from .asgi.loop import process_runner

    if bridge._asgi is not None:
        bridge._asgi.ensure_started(context)
    return run_on(process_runner(bridge.loop_factory or asyncio.new_event_loop), call)


def run_on(runner: Runner, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Return what a coroutine function returns, run on a loop that stands still."""
    values: list[Any] = []

    async def keep() -> None:
        values.append(await call())

    error = runner.run(keep(), None)
    if error is not None:
        raise exception_of(error)
    return values[0]
