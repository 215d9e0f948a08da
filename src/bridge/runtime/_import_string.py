"""What the command line is to run: a handler, or an app, at `MODULE:NAME`."""

from __future__ import annotations

import importlib
import os

from .. import current
from .._app import function_of
from ..handler import Bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..types import StreamingMode

    Handler: TypeAlias = Callable[[dict[str, Any], Any], object]


class UsageError(Exception):
    """A command line that cannot work; its text is for the user."""


def load(target: str, *, streaming: StreamingMode = "off", as_lambda: bool = False) -> Handler:
    """The handler at `MODULE:NAME`; an app there is wrapped in a Bridge.

    Args:
        target: where it is.
        streaming: what a Bridge that wraps an app is told. A handler is taken as it is.
        as_lambda: whether an app starts up when it is wrapped, as on Lambda's own runtime.

    Raises:
        UsageError: the target is not of this form, or is not there, or is no handler and no app.
        LifespanError: the startup failed.
    """
    current.imports_as_lambda = as_lambda
    try:
        return _loaded(target, streaming)
    finally:
        current.imports_as_lambda = False


def _loaded(target: str, streaming: StreamingMode) -> Handler:
    module_name, name = parts(target)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # Only the module asked for: one that it imports and misses is the module's own failure, with a traceback.
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise UsageError(f"there is no module {error.name!r} (from {os.getcwd()})") from None
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"module {module_name!r} has no {name!r}")
        found = getattr(found, part)
    return handler_of(found, streaming)


def handler_of(found: Any, streaming: StreamingMode) -> Handler:
    """What has been found at a target, as a handler: an app is wrapped in a Bridge, which is told of `streaming`."""
    if isinstance(found, Bridge) or (callable(found) and _takes_event(found)):
        handler: Handler = found
    else:
        handler = Bridge(found, streaming=streaming)
    return handler


def parts(target: str) -> tuple[str, str]:
    """Module and name of a target.

    Raises:
        UsageError: the target is not of this form.
    """
    module_name, _, name = target.partition(":")
    if not module_name or module_name[0] == "." or not name:
        raise UsageError(f"{target!r} is not MODULE:HANDLER, for example app:handler")
    return module_name, name


def _takes_event(found: Any) -> bool:
    """Whether a callable is a Lambda handler by its parameters' names: a WSGI app takes two as well.

    PEP 3333's names are positional, but every server, framework and example calls them `environ` and `start_response`.
    """
    function, bound = function_of(found)
    if function is None:
        return False
    code = function.__code__
    names = [name.lstrip("_") for name in code.co_varnames[bound : code.co_argcount]]
    if names[:1] == ["event"]:
        return len(names) > 1
    return len(names) == 2 and names[0] not in ("environ", "env") and names[1] != "start_response"
