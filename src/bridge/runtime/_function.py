"""The function that a runtime runs: what is at MODULE.HANDLER."""

from __future__ import annotations

import importlib
import sys

from .._app import is_coroutine_function
from ..handler import Bridge
from ._fault import FaultError
from ._import_string import UsageError, attribute_of, handler_of, parts
from ._responder import SyncInvocationResponder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeAlias

    from ..types import StreamingMode
    from ._responder import InvocationResponder

    Respond: TypeAlias = Callable[[Any, Any, InvocationResponder], Coroutine[Any, Any, None]]


class Function:
    """A Lambda handler, or an app.

    Args:
        found: a Bridge; an ASGI or WSGI app, which is wrapped in one; or any handler, `async def` or not.
        streaming: what a Bridge that wraps an app is told.

    Attributes:
        bridge: None where the function is a handler of its own.
        is_async: whether it needs an event loop that is running.
        respond: answers an event.
    """

    def __init__(self, found: Any, streaming: StreamingMode) -> None:
        handler: Any = handler_of(found, streaming)
        self._handler = handler
        self.bridge = handler if isinstance(handler, Bridge) else None
        self.is_async = self.bridge.is_asgi if self.bridge is not None else is_coroutine_function(handler)
        self.respond: Respond
        if not self.is_async:
            self.respond = self._blocking
        elif self.bridge is not None:
            self.respond = self.bridge.respond
        else:
            self.respond = self._awaited

    async def _blocking(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        if self.bridge is not None:
            self.bridge.respond_sync(event, context, SyncInvocationResponder(responder))
        else:
            await responder.result(self._handler(event, context))

    async def _awaited(self, event: Any, context: Any, responder: InvocationResponder) -> None:
        await responder.result(await self._handler(event, context))


def load(name: str, streaming: StreamingMode) -> Function:
    """The function at "package.module.handler", "package/module.handler" or "package.module:handler".

    Raises:
        FaultError: there is none, in Lambda's own terms.
    """
    try:
        module_name, attribute = parts(name)
    except UsageError:
        message = f"Bad handler '{name}': expected MODULE.HANDLER or MODULE:HANDLER, app.handler for instance"
        raise FaultError("Runtime.MalformedHandlerName", message) from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise FaultError(
            "Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module"
        )
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise FaultError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise FaultError("Runtime.UserCodeSyntaxError", message) from error
    try:
        found = attribute_of(found, attribute)
    except AttributeError:
        message = f"Handler '{attribute}' missing on module '{module_name}'"
        raise FaultError("Runtime.HandlerNotFound", message) from None
    return Function(found, streaming)
