"""What the command line is to run: a handler, or an app, at `MODULE:NAME`."""

from __future__ import annotations

import importlib
import inspect
import os
from typing import TYPE_CHECKING

from .handler import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from .types import StreamingMode

    Handler: TypeAlias = Callable[[dict[str, Any], Any], object]


class UsageError(Exception):
    """A command line that cannot work; its text is for the user."""


def load(target: str, *, streaming: StreamingMode = "off") -> Handler:
    """The handler at `MODULE:NAME`; an app there is wrapped in a Bridge.

    Args:
        target: where it is.
        streaming: what a Bridge that wraps an app is told. A handler is taken as it is.

    Raises:
        UsageError: the target is not of this form, or is not there, or is no handler and no app.
    """
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
    handler: Handler = found if callable(found) and _takes_event(found) else Bridge(found, streaming=streaming)
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
    """Whether a callable is a Lambda handler by its parameters' names: a WSGI app takes two as well."""
    try:
        names = [name.lstrip("_") for name in inspect.signature(found).parameters]
    except ValueError:  # builtins do not tell
        return False
    return names[:1] == ["event"] and len(names) > 1
