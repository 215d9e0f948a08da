"""Which apps the adapters run, and how."""

import asyncio
import gc
import importlib.util
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from a2wsgi import WSGIMiddleware
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse

from ..apps import Receive, Send, StartResponse
from .adapters import Adapter, App, Handler, Raw, fresh_loop
from .events import to
from .rows import NOT_APPLICABLE, row, yes


def _runs(adapter: Adapter, app: Any) -> bool:
    try:
        return bool(adapter.handler(app)(to("http_api"), None)["statusCode"] == 200)
    except Exception:
        return False


@row("ASGI apps")
def asgi(adapter: Adapter) -> str:
    return yes(_runs(adapter, App().asgi))


@row("WSGI apps")
def wsgi(adapter: Adapter) -> str:
    app: Any = App().wsgi
    if _runs(adapter, app):
        return "yes"
    return "with a2wsgi" if _runs(adapter, WSGIMiddleware(app)) else "no"


class Lifespan:
    """An app that counts its startups, and answers with what startup has put into the state."""

    def __init__(self) -> None:
        self.startups = 0

    async def __call__(self, scope: Raw, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await PlainTextResponse(scope.get("state", {}).get("pool", "none"))(scope, receive, send)
            return
        await receive()
        self.startups += 1
        scope["state"]["pool"] = "a pool"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


@row("lifespan startup")
def startup(adapter: Adapter) -> str:
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    app = Lifespan()
    handler = adapter.handler(app, lifespan="auto")
    for _ in range(3):
        handler(to("http_api"), None)
    return {1: "once per process", 3: "at every event"}[app.startups]


@row("lifespan state")
def state(adapter: Adapter) -> str:
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    return yes(adapter.handler(Lifespan(), lifespan="auto")(to("http_api"), None)["body"] == "a pool")


@row('`lifespan="on"` refuses an app without one')
def lifespan_on(adapter: Adapter) -> str:
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    try:
        return yes(adapter.handler(App().asgi, lifespan="on")(to("http_api"), None)["statusCode"] != 200)
    except Exception:
        return "yes"


def _answers(call: Callable[[], Any]) -> bool:
    """Whether a call has an answer. Coroutines that it leaves behind are no warnings here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(call()["statusCode"] == 200)
        except Exception:
            return False
        finally:
            gc.collect()


def _in_thread(call: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(_answers(call)))
    thread.start()
    thread.join()
    return {"statusCode": 200 if found[0] else 500}


def _inside_a_loop(handler: Handler) -> Any:
    async def main() -> Any:
        asynchronous: Callable[..., Awaitable[Any]] | None = getattr(handler, "handle_async", None)
        return handler(to("http_api"), None) if asynchronous is None else await asynchronous(to("http_api"), None)

    return asyncio.run(main())


@row("after an `asyncio.run`, in threads, inside a running loop")
def loops(adapter: Adapter) -> str:
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    handler = adapter.handler(App().asgi)
    in_thread = _answers(lambda: _in_thread(lambda: handler(to("http_api"), None)))
    inside = _answers(lambda: _inside_a_loop(handler))
    after = _answers(lambda: handler(to("http_api"), None))  # _inside_a_loop has been an asyncio.run
    fresh_loop().close()
    works = [in_thread, inside, after]
    return "yes" if all(works) else "no" if not any(works) else "in part"


@row("an event loop of your choice, such as uvloop's")
def loop_factory(adapter: Adapter) -> str:
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    return yes(adapter.has(loop_factory=asyncio.new_event_loop))


@row("background work after the response has gone out")
def background(adapter: Adapter) -> str:
    """Lambda's own runtime sends what the handler returns: what runs before that delays the response."""
    if adapter.name == "Bridge" and importlib.util.find_spec("bridge.runtime") is not None:
        return "yes"
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    done: list[bool] = []

    async def app(scope: Raw, receive: Receive, send: Send) -> None:
        await PlainTextResponse("ok", background=BackgroundTask(done.append, True))(scope, receive, send)

    adapter.handler(app, lifespan="off")(to("http_api"), None)
    return yes(not done)


class Closable:
    """A response of two chunks, as Django's: it wants to be told when it is over."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"a", b"b"])

    def close(self) -> None:
        self.closed = True


@row("`close()` of WSGI's iterables, so that Django frees its connections")
def close(adapter: Adapter) -> str:
    if adapter.interface == "asgi":
        return NOT_APPLICABLE
    iterable = Closable()

    def app(_: Raw, start_response: StartResponse) -> Closable:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iterable

    adapter.handler(app)(to("http_api"), None)
    return yes(iterable.closed)


@row("WSGI error pages (`exc_info`)")
def error_page(adapter: Adapter) -> str:
    if adapter.interface == "asgi":
        return NOT_APPLICABLE

    def app(_: Raw, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 No", [("Content-Type", "text/plain")], (ValueError, error, error.__traceback__))
        return [b"error page"]

    try:
        return yes(adapter.handler(app)(to("http_api"), None)["statusCode"] == 500)
    except ValueError:
        return "no"
