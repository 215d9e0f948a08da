"""What a command is to run: a handler, or an app, at `MODULE:NAME`, or at `MODULE.NAME` as Lambda writes it."""

from __future__ import annotations

import importlib
import os

from .. import current
from .._app import detect, function_of
from .._invocation import logger
from ..errors import ConfigurationError
from ..handler import Bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..types import StreamingMode

    Handler: TypeAlias = Callable[[dict[str, Any], Any], object]

MOST_DECORATORS = 100
"""Around one function."""


class UsageError(Exception):
    """A command line that cannot work; its text is for the user."""


def load(
    target: str, *, streaming: StreamingMode = "off", as_lambda: bool = False, starts_later: bool = False
) -> Handler:
    """Return the handler at a target; an app there is wrapped in a Bridge.

    Args:
        target: where it is.
        streaming: what a Bridge that wraps an app is told. A handler is taken as it is.
        as_lambda: whether an app starts up when it is wrapped, as on Lambda's own runtime.
        starts_later: whether its startup waits for a loop that does not run yet, all the same.

    Raises:
        UsageError: the target is not of this form, or is not there, or is no handler and no app.
        LifespanError: the startup failed.
    """
    current.imports_as_lambda, current.starts_later = as_lambda, starts_later
    try:
        return handler_of(find(target), streaming)
    finally:
        current.imports_as_lambda = current.starts_later = False


def find(target: str) -> Any:
    """Return what is at `MODULE:NAME`.

    Raises:
        UsageError: the target is not of this form, or is not there.
    """
    module_name, name = parts(target)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # Only the module asked for: one that it imports and misses is the module's own failure, with a traceback.
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise UsageError(f"there is no module {error.name!r} (from {os.getcwd()})") from None
    try:
        return attribute_of(found, name)
    except AttributeError:
        raise UsageError(f"module {module_name!r} has no {name!r}") from None


def handler_of(found: Any, streaming: StreamingMode, *, is_in_lambda: bool = False) -> Handler:
    """Return what was found at a target as a handler: an app is wrapped in a Bridge, which is told of `streaming`.

    Args:
        found: what was found.
        streaming: what a Bridge that wraps an app is told.
        is_in_lambda: whether Lambda's setting has named it. That names handlers, so that what cannot be told apart is
            taken for one; a line in the log says so.

    Raises:
        ConfigurationError: it is no handler and no app, or cannot be told apart.
    """
    if callable(found) and not isinstance(found, type):
        if has_bridge_inside(found) or _takes_event(found):
            handler: Handler = found
            return handler
        try:
            detect(found)
        except ConfigurationError:
            if not is_in_lambda:
                raise
            logger().warning(
                "%r may be a handler or an app; it is called as a handler, with event and context. If it is an app, "
                "say of which interface: handler = Bridge(app, interface='asgi'), or 'wsgi'.",
                found,
            )
            return found  # type: ignore[no-any-return]
    return Bridge(found, streaming=streaming)


def has_bridge_inside(found: Any) -> bool:
    """Return whether something is a Bridge, or what a decorator has made of one (`functools.wraps` and wrapt tell)."""
    for _ in range(MOST_DECORATORS):
        if issubclass(type(found), Bridge):
            return True
        found = getattr(found, "__wrapped__", None)
    return False


def parts(target: str) -> tuple[str, str]:
    """Return module and name of a target: "package.module:name", "package.module.name", "package/module.py:name".

    Raises:
        UsageError: the target is not of this form.
    """
    module_name, _, name = target.partition(":") if ":" in target else target.rpartition(".")
    module_name = module_name.removesuffix(".py").removeprefix("./").replace("/", ".")
    if not module_name or module_name[0] == "." or not name or name == "py":
        stem = target.removesuffix(".py").removeprefix("./").replace("/", ".")
        example = stem if stem.replace(".", "").isidentifier() and stem[0] != "." else "app"
        raise UsageError(f"{target!r} is not MODULE:HANDLER, for example {example}:handler or {example}:app")
    return module_name, name


def attribute_of(module: Any, name: str) -> Any:
    """Return what a module has under a name, which may have dots.

    Raises:
        AttributeError: there is nothing.
    """
    for part in name.split("."):
        module = getattr(module, part)
    return module


def _takes_event(found: Any) -> bool:
    """Return whether a callable is a Lambda handler, by its parameters' names: a WSGI app takes two as well.

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
