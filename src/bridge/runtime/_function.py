"""The function that a runtime runs: what is at MODULE.HANDLER."""

from __future__ import annotations

import importlib
import sys

from .. import current
from .._app import is_coroutine_function
from ..handler import Bridge
from ._fault import FaultError
from ._import_string import UsageError, attribute_of, handler_of, parts
from ._responder import SyncInvocationResponder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any, TypeAlias

    from ..types import StreamingMode
    from ._responder import InvocationResponder

    Respond: TypeAlias = Callable[[Any, Any, InvocationResponder], Coroutine[Any, Any, None]]


THIS_PYTHON = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
NOT_PACKAGED = (
    "What the function imports has to be in its package or in a layer, and made for this processor and "
    f"{THIS_PYTHON}: `python -m bridge package` makes it so."
)
OTHER_PYTHON = f"This is {THIS_PYTHON}. The function's runtime has to be one for which its code is written."


class Function:
    """A Lambda handler, or an app.

    Args:
        found: a Bridge; an ASGI or WSGI app, which is wrapped in one; or any handler, `async def` or not.
        streaming: what a Bridge that wraps an app is told.
        made: every Bridge that was made when the function was imported: a handler may be a wrapper around one.

    Attributes:
        bridge: None where the function is a handler of its own.
        is_async: whether it needs an event loop that is running.
        needs_loop: whether it is plain code with an ASGI app inside, which needs a loop that runs now and then.
        loop_factory: makes the loop; None: there is none, or asyncio's own will do.
        respond: answers an event.
    """

    def __init__(self, found: Any, streaming: StreamingMode, made: Sequence[Bridge] = ()) -> None:
        handler: Any = handler_of(found, streaming, is_in_lambda=True)
        # Not by isinstance: the proxies of wrapt, of which many tools make wrappers, claim to be what they wrap.
        self.bridge: Bridge | None = handler if issubclass(type(handler), Bridge) else None
        self.is_async = is_coroutine_function(handler) if self.bridge is None else self.bridge.is_asgi
        self.needs_loop = False
        self.loop_factory = None if self.bridge is None else self.bridge.loop_factory
        self.respond: Respond
        decorator = _decorator_of_tools()
        if self.bridge is None:
            self._take_handler(handler, made, decorator)
        else:
            self._take_bridge(self.bridge, decorator)

    def share_loop(self) -> None:
        """Run decorators in threads, so that invocations can go on side by side on one loop."""
        if self.bridge is not None and self.needs_loop:
            self.is_async, self.needs_loop, self.respond = True, False, self.bridge.respond

    def _take_bridge(self, bridge: Bridge, decorator: Any) -> None:
        if decorator is not None:
            from .._app.around import decorate

            decorate(bridge, decorator)
        if not bridge.is_asgi:
            self.respond = self._blocking
        elif bridge.is_decorated:
            # Plain functions around the app: they run where they always do, and the loop only inside of them.
            self.is_async, self.needs_loop, self.respond = False, True, self._between
        else:
            self.respond = bridge.respond

    def _take_handler(self, handler: Any, made: Sequence[Bridge], decorator: Any) -> None:
        self._handler = handler
        if decorator is not None and not self.is_async:
            self._handler = decorator(handler)
        self.respond = self._awaited if self.is_async else self._called
        if made:
            from ._wrapper import Wrapper

            asgi = [bridge for bridge in made if bridge.is_asgi]
            self.needs_loop = bool(asgi) and not self.is_async
            # One loop is enough for almost all: that of the last, which is the likeliest to be the one inside.
            self.loop_factory = asgi[-1].loop_factory if asgi else None
            self.respond = Wrapper(self._handler, self.is_async, made, self.loop_factory).respond

    async def _blocking(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        self.bridge.respond_sync(event, context, SyncInvocationResponder(responder))  # type: ignore[union-attr]

    async def _between(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        self.bridge.respond_in_plain_code(event, context, responder)  # type: ignore[union-attr]

    async def _called(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        await responder.result(self._handler(event, context))

    async def _awaited(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        await responder.result(await self._handler(event, context))


def load(name: str, streaming: StreamingMode) -> Function:
    """Load the function at "package.module.handler", "package/module.handler" or "package.module:handler".

    Raises:
        FaultError: there is none, in Lambda's own terms.
    """
    made: list[Bridge] = []
    current.made = made
    try:
        found = _found(name)
    finally:
        current.made = None
    return Function(found, streaming, made)


def _found(name: str) -> Any:
    try:
        module_name, attribute = parts(name)
    except UsageError:
        message = f"Bad handler '{name}': expected MODULE.HANDLER or MODULE:HANDLER, app.handler for instance"
        raise FaultError("Runtime.MalformedHandlerName", message) from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise FaultError("Runtime.BuiltInModuleConflict", message, "Give the module another name.")
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise FaultError("Runtime.ImportModuleError", message, NOT_PACKAGED) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise FaultError("Runtime.UserCodeSyntaxError", message, OTHER_PYTHON) from error
    try:
        return attribute_of(found, attribute)
    except AttributeError:
        message = f"Handler '{attribute}' missing on module '{module_name}'"
        names = [name for name, value in vars(found).items() if issubclass(type(value), Bridge)]
        cure = f"The module has: {', '.join(names)}." if names else "The module needs: handler = Bridge(app)."
        cure = f"The function's handler setting names it. {cure}"
        raise FaultError("Runtime.HandlerNotFound", message, cure) from None


def _decorator_of_tools() -> Any:
    """Return what a tool has put around all handlers, if one has looked for the runtime."""
    bootstrap: Any = sys.modules.get("bridge.runtime._bootstrap")
    return None if bootstrap is None else bootstrap.decorator()
