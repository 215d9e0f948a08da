import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import pytest
import wrapt

from bridge import Bridge, ConfigurationError, _app as interface

from ..asgi_apps import respond
from ..invocation.test_log import alone, in_plain_code, items, on_a_loop, responding

P = ParamSpec("P")
R = TypeVar("R")


async def asgi_function(scope: object, receive: object, send: object) -> None: ...


async def asgi_function_of_anything(*args: object) -> None: ...


def asgi_plain_function(scope: object, receive: object, send: object) -> Awaitable[None]:
    return asgi_function(scope, receive, send)


def asgi_function_with_defaults(scope: object = 0, receive: object = 0, send: object = 0) -> None: ...


class AsgiObject:
    async def __call__(self, scope: object, receive: object, send: object) -> None: ...

    async def method(self, scope: object, receive: object, send: object) -> None: ...

    @classmethod
    async def class_method(cls, scope: object, receive: object, send: object) -> None: ...

    @staticmethod
    async def static_method(scope: object, receive: object, send: object) -> None: ...


class AsgiPlainObject:
    def __call__(self, scope: object, receive: object, send: object) -> Awaitable[None]:
        return asgi_function(scope, receive, send)


def wsgi_function(environ: object, start_response: object) -> Iterable[bytes]:
    return []


def wsgi_function_with_a_default(environ: object, start_response: object, debug: bool = False) -> Iterable[bytes]:
    return []


def wsgi_function_with_defaults(environ: object = 0, start_response: object = 0) -> Iterable[bytes]:
    return []


class WsgiObject:
    def __call__(self, environ: object, start_response: object) -> Iterable[bytes]:
        return []

    def method(self, environ: object, start_response: object, *, debug: bool = False) -> Iterable[bytes]:
        return []


def with_settings(settings: object, environ: object, start_response: object) -> Iterable[bytes]:
    return []


async def asgi_with_settings(settings: object, scope: object, receive: object, send: object) -> None: ...


def decorated(function: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    return wrapper


class Decorated:
    @decorated
    def __call__(self, environ: object, start_response: object) -> Iterable[bytes]:
        return []


@pytest.mark.parametrize(
    "app",
    [
        asgi_function,
        asgi_function_of_anything,
        asgi_plain_function,
        asgi_function_with_defaults,
        AsgiObject(),
        AsgiObject().method,
        AsgiObject.class_method,
        AsgiObject.static_method,
        AsgiPlainObject(),
        functools.partial(asgi_with_settings, object()),
        functools.partial(functools.partial(asgi_with_settings), object()),
        functools.partial(AsgiObject()),
        decorated(asgi_function),
        decorated(asgi_plain_function),
        decorated(decorated(asgi_plain_function)),
    ],
)
def test_an_app_that_takes_scope_receive_and_send_is_asgi(app: Callable[..., Any]) -> None:
    assert interface.detect(app) == "asgi"


@pytest.mark.parametrize(
    "app",
    [
        wsgi_function,
        wsgi_function_with_a_default,
        wsgi_function_with_defaults,
        WsgiObject(),
        WsgiObject().method,
        functools.partial(with_settings, object()),
        functools.partial(wsgi_function),
        decorated(wsgi_function),
        Decorated(),
    ],
)
def test_an_app_that_takes_environ_and_start_response_is_wsgi(app: Callable[..., Any]) -> None:
    assert interface.detect(app) == "wsgi"


def one_argument(scope: object) -> None: ...


def four_arguments(a: object, b: object, c: object, d: object) -> None: ...


def any_arguments(*args: object) -> None: ...


class Wraps:
    def __init__(self, wrapped: object) -> None:
        self.__wrapped__ = wrapped

    def __call__(self, *args: object) -> None: ...


def wraps_an_object(*args: object) -> None: ...


wraps_an_object.__wrapped__ = WsgiObject()  # type: ignore[attr-defined]


class SlotCall:
    """As sentry_sdk.integrations.asgi.SentryAsgiMiddleware has it."""

    __slots__ = ("__call__",)

    def __init__(self, app: object) -> None:
        self.__call__ = app


class Dash:
    """As dash.Dash has it: it calls what its server is, a Flask or FastAPI app."""

    def __init__(self, server: object) -> None:
        self.server = server

    def __call__(self, *args: object, **kwargs: object) -> None: ...


def anything(*_: Any) -> Any: ...


@wrapt.decorator
def traced(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    return wrapped(*args, **kwargs)


class WraptDecorated:
    @traced
    def __call__(self, environ: object, start_response: object) -> Iterable[bytes]:
        return []


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (wraps_an_object, "wsgi"),
        (Wraps(WsgiObject()), "wsgi"),
        (Wraps(AsgiObject()), "asgi"),
        (Wraps(decorated(asgi_function)), "asgi"),
        (Wraps(WsgiObject().method), "wsgi"),
        (SlotCall(AsgiObject().method), "asgi"),
        (SlotCall(wsgi_function), "wsgi"),
        (Dash(WsgiObject()), "wsgi"),
        (Dash(AsgiObject()), "asgi"),
        (wrapt.FunctionWrapper(AsgiObject(), anything), "asgi"),
        (wrapt.FunctionWrapper(WsgiObject(), anything), "wsgi"),
        (wrapt.CallableObjectProxy(WsgiObject()), "wsgi"),
        (traced(wsgi_function), "wsgi"),
        (traced(traced(asgi_function)), "asgi"),
        (WraptDecorated(), "wsgi"),
    ],
)
def test_a_wrapper_is_what_it_wraps(app: Callable[..., Any], expected: str) -> None:
    assert interface.detect(app) == expected


def lambda_handler(event: object, context: object) -> None: ...


def lambda_handler_of_sqs(event: object, _context: object, logger: object = None) -> None: ...


async def asynchronous_lambda_handler(event: object, context: object) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        lambda_handler,
        lambda_handler_of_sqs,
        asynchronous_lambda_handler,
        decorated(lambda_handler),
        lambda event, context: None,
        Bridge(wsgi_function),
    ],
)
def test_a_lambda_handler_is_no_app(handler: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"takes \(event, context\), so it is a Lambda handler already"):
        Bridge(handler)


def wraps_itself(*args: object) -> None: ...


wraps_itself.__wrapped__ = wraps_itself  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "app", [one_argument, four_arguments, any_arguments, Wraps("no function"), Wraps(None), wraps_itself, print, {}.get]
)
def test_an_app_that_does_not_tell_has_to_be_told(app: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"Say it: Bridge\(app, interface='asgi'\) or .*interface='wsgi'"):
        interface.detect(app)


@pytest.mark.parametrize("app", [None, "module:app", 7])
def test_what_cannot_be_called_is_no_app(app: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be called"):
        interface.detect(app)


@pytest.mark.parametrize("app", [AsgiObject, WsgiObject])
def test_a_class_is_no_app(app: type) -> None:
    with pytest.raises(ConfigurationError, match=r"is a class\. Wrap an instance of it"):
        interface.detect(app)


def test_a_partial_is_seen_through_only_where_functools_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(interface.sys.modules, "functools")  # type: ignore[attr-defined]
    assert interface.detect(wsgi_function) == "wsgi"


class Middleware:
    """An ASGI middleware, around whatever it is given."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def wsgi_app(environ: object, start_response: object) -> list[bytes]:
    return []


class WsgiApp:
    def __call__(self, environ: object, start_response: object) -> list[bytes]:
        return []


@pytest.mark.parametrize("app", [wsgi_app, WsgiApp()])
@pytest.mark.parametrize("way", [in_plain_code, on_a_loop, responding, alone])
def test_a_wsgi_app_in_an_asgi_middleware_is_told_of(app: Any, way: Any, caplog: pytest.LogCaptureFixture) -> None:
    way(Bridge(Middleware(app), lifespan="off"), items(), None)
    assert "it is a WSGI app, perhaps. A WSGI app needs WSGI middlewares" in caplog.text


class Later:
    """What has to be awaited, and is no coroutine."""

    def __init__(self, seen: list[bytes], receive: Any, send: Any) -> None:
        self._seen, self._receive, self._send = seen, receive, send

    def __await__(self) -> Any:
        return self._run().__await__()

    async def _run(self) -> None:
        self._seen.append((await self._receive())["body"])
        await respond(self._send)


@pytest.mark.parametrize("way", [in_plain_code, on_a_loop, responding, alone])
def test_an_app_that_is_no_coroutine_function_has_both_channels(way: Any) -> None:
    seen: list[bytes] = []

    def app(scope: Any, receive: Any, send: Any) -> Any:
        return Later(seen, receive, send)

    way(Bridge(app, lifespan="off"), {**items(), "body": "hello"}, None)
    assert seen == [b"hello"]


async def calls_wrongly() -> None:
    wsgi_app(1, 2, 3)  # type: ignore[call-arg]


async def wrong_elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await calls_wrongly()


async def wrong_in_itself(scope: Any, receive: Any, send: Any) -> None:
    len(scope, receive, send)  # type: ignore[call-arg]


async def wrong_below_a_scope(scope: Any, receive: Any, send: Any) -> None:
    def within(scope: Any) -> None:
        wsgi_app(scope, 2, 3)  # type: ignore[call-arg]

    within(scope)


@pytest.mark.parametrize("app", [wrong_elsewhere, wrong_in_itself, wrong_below_a_scope])
def test_another_wrong_call_is_another_matter(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    Bridge(app, lifespan="off")(items())
    assert "TypeError" in caplog.text
    assert "WSGI" not in caplog.text
