"""ASGI or WSGI: which of the two an app speaks."""

from __future__ import annotations

import sys
from types import FunctionType, MemberDescriptorType, MethodType

from ..errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

# inspect.CO_COROUTINE and inspect.CO_VARARGS: to import inspect costs more than to import Bridge.
_COROUTINE = 0x80
_VARARGS = 0x04


def detect(app: Callable[..., Any]) -> Literal["asgi", "wsgi"]:
    """Return the interface of an app.

    An app that is a coroutine function, or whose `__call__` is one, is ASGI. Of the rest, one that requires three
    positional arguments is ASGI and one that requires two is WSGI. A wrapper that takes anything is what it wraps.

    Raises:
        ConfigurationError: the app cannot be called, is a class, is a Lambda handler, or does not tell.
    """
    if not callable(app):
        raise ConfigurationError(f"Bridge wraps an ASGI or WSGI application; {app!r} cannot be called.")
    if isinstance(app, type):
        raise ConfigurationError(f"Bridge wraps an application; {app!r} is a class. Wrap an instance of it.")
    function, bound = function_of(app)
    if function is not None:
        code = function.__code__
        if [name.lstrip("_") for name in code.co_varnames[bound : code.co_argcount]][:2] == ["event", "context"]:
            raise ConfigurationError(
                f"Bridge wraps an ASGI or WSGI application; {app!r} takes (event, context), so it is a Lambda handler "
                "already. Give Lambda the handler itself, or have it take the events that are no HTTP requests: "
                "Bridge(app, on_event=...)."
            )
        if code.co_flags & _COROUTINE:
            return "asgi"
        if not code.co_flags & _VARARGS:
            most = code.co_argcount - bound
            least = most - len(function.__defaults__ or ())
            if least == 3 or (least < 2 and most == 3):
                return "asgi"
            if least == 2 or (least < 2 and most == 2):
                return "wsgi"
    raise ConfigurationError(
        f"Bridge cannot tell whether {app!r} is an ASGI application (scope, receive, send) or a WSGI application "
        "(environ, start_response). Say it: Bridge(app, interface='asgi') or Bridge(app, interface='wsgi')."
    )


def function_of(app: Any) -> tuple[FunctionType | None, int]:
    """Return the Python function that a call of the app ends up in, and how many of its arguments are given already."""
    functools = sys.modules.get("functools")  # not imported: then the app is no partial
    bound = 0
    wrapper = app
    for _ in range(_DEPTH):
        if isinstance(app, FunctionType):
            if not _takes_anything(app):
                return app, bound
            inner = _wrapped(app)
            if inner is None:
                inner, wrapper = _wrapped(wrapper), None
            if inner is None:
                return app, bound
            app, bound = inner, bound if isinstance(inner, FunctionType) and wrapper is not None else 0
        elif isinstance(app, MethodType):
            app = app.__func__
            bound += 1
        elif functools is not None and isinstance(app, functools.partial):
            bound += len(app.args)
            app = app.func
        else:
            wrapper = app
            call = type(app).__call__
            if isinstance(call, FunctionType):
                app = call
                bound += 1
            else:
                # Sentry's ASGI middleware has its `__call__` in a slot; wrapt's proxies are not written in Python.
                app = app.__call__ if isinstance(call, MemberDescriptorType) else _wrapped(app)
                if app is None:
                    return None, bound
    return None, bound


_DEPTH = 50
"""Layers of wrappers that are looked through: some name themselves as what they wrap."""


def _takes_anything(function: FunctionType) -> bool:
    return function.__code__.co_flags & (_VARARGS | _COROUTINE) == _VARARGS


def _wrapped(app: Any) -> Any:
    """Return what an app wraps: `__wrapped__`, as functools and wrapt have it, or `server`, as Dash has it."""
    inner = getattr(app, "__wrapped__", None) or getattr(app, "server", None)
    return inner if callable(inner) else None


def is_coroutine_function(app: Callable[..., Any]) -> bool:
    """Return whether a call makes a coroutine, and runs nothing yet."""
    function: Any = app if hasattr(app, "__code__") else type(app).__call__
    return hasattr(function, "__code__") and bool(function.__code__.co_flags & _COROUTINE)
