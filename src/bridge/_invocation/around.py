"""What surrounds an invocation: hooks, and decorators that are made for Lambda handlers."""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack
from contextvars import ContextVar

from ..errors import ConfigurationError
from . import logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any, TypeAlias

    from ..types import Decorator, Event, Hook

    Call: TypeAlias = Callable[[Any, Any], Any]

KEEPS_RESULTS = "aws_lambda_powertools.utilities.idempotency."
"""How the names begin of decorators that answer with a result that was kept."""

STREAMED = "bridge.streamed"
"""The key by which a stream's head is known where somebody has kept it and answers with it: its body is not there."""

_COROUTINE = 0x80  # inspect.CO_COROUTINE


class Around:
    """Hooks and decorators, ready to surround calls.

    Args:
        hooks: what `Bridge(around=...)` was given.
        decorators: what `Bridge(decorators=...)` was given. Each is called once, here.

    Attributes:
        names: of the decorators, outermost first.

    Raises:
        ConfigurationError: one of them cannot work.
    """

    def __init__(self, hooks: Iterable[Hook], decorators: Iterable[Decorator]) -> None:
        self._hooks = tuple(hooks)
        for hook in self._hooks:
            if not callable(hook):
                raise ConfigurationError(
                    "Bridge(around=...) takes functions of event and context that return context managers, "
                    f"not {hook!r}."
                )
        self.names: list[str] = []
        self._decorated: Call = lambda_handler
        for decorator in reversed(tuple(decorators)):
            self.add(decorator)

    def add(self, decorator: Decorator) -> None:
        """Put one more decorator around what is there.

        Raises:
            ConfigurationError: it makes no handler.
        """
        name = name_of(decorator)
        self._decorated = _applied(decorator, name, self._decorated)
        self.names.insert(0, name)

    def check_streaming(self) -> None:
        """Check that no decorator needs results, which streams have not.

        Raises:
            ConfigurationError: one does.
        """
        for name in self.names:
            if name.startswith(KEEPS_RESULTS):
                raise ConfigurationError(
                    f"{name}, of Bridge(decorators=...), keeps results, and a stream leaves none that could be kept. "
                    "Use idempotent_function inside of the app, or Bridge(streaming='off')."
                )

    @property
    def decorates(self) -> bool:
        """Return whether there are decorators."""
        return bool(self.names)

    def managers(self, event: Event, context: Any) -> list[Any]:
        """Return the hooks' context managers for an invocation, none of them entered.

        Raises:
            ConfigurationError: a hook has returned something else.
        """
        managers = []
        for hook in self._hooks:
            manager = hook(event, context)
            if not (hasattr(manager, "__enter__") or hasattr(manager, "__aenter__")):
                raise ConfigurationError(
                    f"{name_of(hook)}, of Bridge(around=...), returned no context manager but {manager!r}. "
                    "A generator function becomes one by @contextlib.contextmanager."
                )
            managers.append(manager)
        return managers

    def decorated(self, call: Call, event: Event, context: Any) -> Any:
        """Call a handler through the decorators, in this thread.

        Args:
            call: the handler.
            event: as Lambda gave it.
            context: as Lambda gave it.
        """
        token = _inner.set((call, event))
        try:
            return self._decorated(event, context)
        finally:
            _inner.reset(token)

    async def decorated_async(
        self, call: Callable[[Any, Any], Coroutine[Any, Any, Any]], event: Event, context: Any
    ) -> Any:
        """Await a handler through the decorators.

        Decorators are plain functions, and would block the loop that the handler needs. So they run in a thread, which
        waits for the loop. Both see the same context variables.
        """
        if not self.names:
            return await call(event, context)
        import asyncio

        loop = asyncio.get_running_loop()
        tasks: list[Any] = []
        is_over = False

        async def begun(event: Event, context: Any) -> Any:
            if is_over:
                raise asyncio.CancelledError
            tasks.append(asyncio.current_task())
            return await call(event, context)

        def inner(event: Event, context: Any) -> Any:
            # A callback runs in a copy of the context of the thread that has asked for it.
            return asyncio.run_coroutine_threadsafe(begun(event, context), loop).result()

        try:
            return await asyncio.to_thread(self.decorated, inner, event, context)
        finally:
            is_over = True
            for task in tasks:
                task.cancel()  # the thread would wait for it, whoever has given up here


def lambda_handler(event: Any, context: Any, *_: Any, **__: Any) -> Any:
    """Call the handler whose turn it is: this is what decorators decorate.

    What a decorator has made of the event for a function (an event class of Powertools', a parsed model) is no dict,
    and nothing that an API's event could be recognised by: the handler gets the event as it came.
    """
    call, original = _inner.get()
    return call(event if isinstance(event, dict) else original, context)


_inner: ContextVar[tuple[Call, Any]] = ContextVar("bridge.decorated")


def are_plain(managers: list[Any]) -> bool:
    """Return whether context managers can all be entered in plain code."""
    return all(hasattr(manager, "__enter__") for manager in managers)


def entered(managers: list[Any]) -> ExitStack:
    """Enter context managers in plain code, the first one first. To be left by `with`."""
    with ExitStack() as stack:
        for manager in managers:
            stack.enter_context(manager)
        return stack.pop_all()


async def entered_async(managers: list[Any]) -> AsyncExitStack:
    """Enter context managers on the running loop; those that can be entered both ways, the asynchronous way."""
    async with AsyncExitStack() as stack:
        for manager in managers:
            if hasattr(manager, "__aenter__"):
                await stack.enter_async_context(manager)
            else:
                stack.enter_context(manager)
        return stack.pop_all()


def name_of(function: Any) -> str:
    """Return what a function is called where it was made, for messages."""
    function = getattr(function, "func", function)  # of a functools.partial
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    module = getattr(function, "__module__", None)
    return f"{module}.{name}" if isinstance(module, str) else str(name)


def _applied(decorator: Decorator, name: str, handler: Call) -> Call:
    if not callable(decorator):
        raise ConfigurationError(f"Bridge(decorators=...) takes decorators of Lambda handlers, not {decorator!r}.")
    decorated = decorator(handler)
    if not callable(decorated):
        raise ConfigurationError(
            f"{name}, of Bridge(decorators=...), made no handler of a handler but {decorated!r}. "
            "Give the decorator itself: functools.partial(decorator, option=...), if it has options."
        )
    code = getattr(decorated, "__code__", None)
    if code is not None and code.co_flags & _COROUTINE:
        raise ConfigurationError(
            f"{name}, of Bridge(decorators=...), makes an `async def`, which Lambda cannot call either. "
            "Give an asynchronous context manager to Bridge(around=...) instead."
        )
    return decorated


class NotedAnswer:
    """A responder that passes an answer on, and notes it, so that decorators have a result to see.

    Its methods return what those of the responder do: awaitables, if it is an asynchronous one.

    Args:
        responder: where the answer goes.
        keep: takes the place of the responder's `result`, where a result is not to go out yet.

    Attributes:
        said: whether an answer has begun.
        streamed: whether it is a stream.
        value: the result, as the decorators are to see it. Of a stream that is its head, without a body.
    """

    said = False
    streamed = False
    value: Any = None

    def __init__(self, responder: Any, keep: Callable[[Any], Any] | None = None) -> None:
        self._result = keep or responder.result
        self.write = responder.write
        self.end = responder.end
        self.fail = responder.fail
        self._start = responder.start

    def result(self, result: Any) -> Any:
        """Take the whole answer."""
        self._note(result)
        return self._result(result)

    def start(self, content_type: str, prelude: bytes) -> Any:
        """Take the beginning of a streamed answer."""
        import json

        self.streamed = True
        head = json.loads(prelude.partition(b"\0")[0])
        self._note({**head, "body": "", "isBase64Encoded": False, STREAMED: True})
        return self._start(content_type, prelude)

    def _note(self, value: Any) -> None:
        self.said = True
        self.value = value
        self._before = _copy(value)

    def check(self, value: Any, name: str) -> None:
        """Say in the log, once for each decorator, that it has changed what had gone out already.

        Args:
            value: what the decorators have returned.
            name: of the decorators.
        """
        if value != self._before and name not in _told:
            _told.add(name)
            logger().warning(
                "%s has changed the result of the handler, which had gone out already, so that the client has got it "
                "as the app made it. Change responses in a middleware of the app.",
                name,
            )


def _copy(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: dict(inner) if isinstance(inner, dict) else inner for key, inner in value.items()}


_told: set[str] = set()
