"""The adapters, each called in the same way."""

import asyncio
import os
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unittest import mock

import pytest

from bridge import Bridge

from ..apps import Interface, Receive, Reply, Send, StartResponse

Event: TypeAlias = dict[str, Any]
Raw: TypeAlias = MutableMapping[str, Any]
Handler: TypeAlias = Callable[..., Any]

PEERS = "the other adapters are in the dependency group `bench`, which .ci/test-all does not install"
apig_wsgi = pytest.importorskip("apig_wsgi", reason=PEERS)
mangum = pytest.importorskip("mangum", reason=PEERS)
serverless_wsgi = pytest.importorskip("serverless_wsgi", reason=PEERS)


@dataclass(frozen=True)
class Seen:
    """A request as it reached an app."""

    interface: Interface
    raw: Raw
    body: bytes

    @property
    def path(self) -> str:
        """The whole path, as text."""
        if self.interface == "asgi":
            return str(self.raw["path"])
        return self.root_path + _utf8(self.raw["PATH_INFO"])

    @property
    def root_path(self) -> str:
        if self.interface == "asgi":
            return str(self.raw["root_path"])
        return _utf8(self.raw["SCRIPT_NAME"])

    @property
    def route(self) -> str:
        """What the app routes by: the path below the root path."""
        return self.path.removeprefix(self.root_path)

    def lines(self, name: str) -> list[str]:
        """The values of a header: one for each line in ASGI, one at most in WSGI."""
        if self.interface == "asgi":
            return [value.decode() for key, value in self.raw["headers"] if key.decode() == name]
        key = "HTTP_" + name.upper().replace("-", "_")
        return [_utf8(self.raw[key])] if key in self.raw else []


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")


@dataclass
class App:
    """An app that notes what reaches it, and answers as it is told. `asgi` and `wsgi` are its two forms."""

    reply: Reply = field(default_factory=Reply)
    seen: list[Seen] = field(default_factory=list)

    async def asgi(self, scope: Raw, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("HTTP only")
        self.seen.append(Seen("asgi", scope, (await receive())["body"]))
        lines = [(name.encode("latin-1"), value) for name, value in self.reply.headers]
        await send({"type": "http.response.start", "status": self.reply.status, "headers": lines})
        await send({"type": "http.response.body", "body": self.reply.body})

    def wsgi(self, environ: Raw, start_response: StartResponse) -> Iterable[bytes]:
        self.seen.append(Seen("wsgi", environ, environ["wsgi.input"].read()))
        lines = [(name, value.decode("latin-1")) for name, value in self.reply.headers]
        start_response(f"{self.reply.status} Said", lines)
        return [self.reply.body]


@dataclass(frozen=True)
class Adapter:
    """An adapter, and the interface of the app that it is given."""

    name: str
    interface: Interface
    handler: Callable[..., Handler]
    """`handler(app, **options)`: what Lambda calls. TypeError, if the adapter lacks an option."""

    def form(self, app: App) -> Any:
        return app.asgi if self.interface == "asgi" else app.wsgi

    def result(self, event: Event, reply: Reply | None = None, **options: Any) -> dict[str, Any]:
        """What goes back to Lambda."""
        found: dict[str, Any] = self.handler(self.form(App(reply or Reply())), **options)(event, None)
        return found

    def seen(self, event: Event, **options: Any) -> Seen:
        """What reaches the app."""
        app = App()
        self.handler(self.form(app), **options)(event, None)
        return app.seen[0]

    def serves(self, event: Event, path: str, **options: Any) -> bool:
        """Whether the app gets an event as a request to a path, and what it answers goes back."""
        app = App()
        try:
            result = self.handler(self.form(app), **options)(event, None)
        except Exception:
            return False
        status = str(result.get("statusCode", result.get("status")))
        return status == "200" and [seen.route for seen in app.seen] == [path]

    def has(self, **options: Any) -> bool:
        """Whether the adapter has options."""
        try:
            self.handler(self.form(App()), **options)
        except TypeError:
            return False
        return True


def _bridge(app: Any, *, text_types: list[str] | None = None, **options: Any) -> Handler:
    if text_types is not None:
        options["is_text"] = text_types.__contains__
    return Bridge(app, **options)


def _mangum(
    app: Any,
    *,
    lifespan: str = "off",
    base_path: str = "/",
    custom_handlers: list[Any] | None = None,
    text_types: list[str] | None = None,
    exclude_headers: list[str] | None = None,
) -> Handler:
    handler: Handler = mangum.Mangum(app, lifespan, base_path, custom_handlers, text_types, exclude_headers)
    return handler


def _apig_wsgi(app: Any, *, text_types: list[str] | None = None, binary_support: bool | None = None) -> Handler:
    handler: Handler = apig_wsgi.make_lambda_handler(app, binary_support, text_types)
    return handler


def _serverless_wsgi(app: Any, *, base_path: str = "", text_types: Iterable[str] = ()) -> Handler:
    environ = {"API_GATEWAY_BASE_PATH": base_path.strip("/")} if base_path else {}
    types = [*serverless_wsgi.TEXT_MIME_TYPES, *text_types]

    def handler(event: Event, context: Any) -> Any:
        with mock.patch.dict(os.environ, environ), mock.patch.object(serverless_wsgi, "TEXT_MIME_TYPES", types):
            return serverless_wsgi.handle_request(app, event, context)

    return handler


ADAPTERS = [
    Adapter("Bridge", "asgi", _bridge),
    Adapter("Bridge", "wsgi", _bridge),
    Adapter("Mangum", "asgi", _mangum),
    Adapter("apig-wsgi", "wsgi", _apig_wsgi),
    Adapter("serverless-wsgi", "wsgi", _serverless_wsgi),
]


def lines(result: dict[str, Any]) -> list[tuple[str, str]]:
    """The header lines of a result, wherever it has them. Names that differ in case are several lines, as in HTTP."""
    found = [(name, value) for name, values in result.get("multiValueHeaders", {}).items() for value in values]
    found += result.get("headers", {}).items()
    found += [("set-cookie", cookie) for cookie in result.get("cookies", [])]
    return [(name.lower(), value) for name, value in found]


def fresh_loop() -> asyncio.AbstractEventLoop:
    """An event loop in its place, which Mangum looks for."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop
