"""ASGI or WSGI: which of the two an app speaks."""

from __future__ import annotations

import sys
from types import FunctionType, MethodType

from ..errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

# inspect.CO_COROUTINE and inspect.CO_VARARGS: to import inspect costs more than to import Bridge.
_COROUTINE = 0x80
_VARARGS = 0x04


def detect(app: Callable[..., Any]) -> Literal["asgi", "wsgi"]:
    """The interface of an app.

    An app that is a coroutine function, or whose `__call__` is one, is ASGI. Of the rest, one that requires three
    positional arguments is ASGI and one that requires two is WSGI.

    Raises:
        ConfigurationError: the app cannot be called, is a class, or does not tell.
    """
    if not callable(app):
        raise ConfigurationError(f"Bridge wraps an ASGI or WSGI application; {app!r} cannot be called.")
    if isinstance(app, type):
        raise ConfigurationError(f"Bridge wraps an application; {app!r} is a class. Wrap an instance of it.")
    function, bound = function_of(app)
    if function is not None:
        code = function.__code__
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
    """The Python function that a call of the app ends up in, and how many of its positional arguments are given."""
    functools = sys.modules.get("functools")  # not imported: then the app is no partial
    bound = 0
    while not isinstance(app, FunctionType):
        if isinstance(app, MethodType):
            app = app.__func__
            bound += 1
        elif functools is not None and isinstance(app, functools.partial):
            bound += len(app.args)
            app = app.func
        else:
            app = type(app).__call__
            bound += 1
            if not isinstance(app, FunctionType):
                return None, bound
    while hasattr(app, "__wrapped__") and app.__code__.co_flags & (_VARARGS | _COROUTINE) == _VARARGS:
        app = app.__wrapped__
    return (app if isinstance(app, FunctionType) else None), bound


def is_coroutine_function(app: Callable[..., Any]) -> bool:
    """Whether a call makes a coroutine, and runs nothing yet."""
    function: Any = app if hasattr(app, "__code__") else type(app).__call__
    return hasattr(function, "__code__") and bool(function.__code__.co_flags & _COROUTINE)
