"""One request through an ASGI app.

https://asgi.readthedocs.io/en/stable/specs/www.html
"""

from __future__ import annotations

import asyncio
import os
import time
from types import CoroutineType
from weakref import WeakKeyDictionary, WeakSet

from . import address, deadline
from .address import PORTS
from .body import decoded
from .errors import AppError, DeadlineError, LifespanError, ResultTooLargeError
from .headers import ASGI_NAMES, ResponseNames, from_asgi, to_asgi
from .lifespan import Lifespan
from .log import logger
from .loop import process_runner
from .shutdown import at_exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

    from .loop import LoopFactory, Runner
    from .types import (
        ASGIApp,
        Event,
        LifespanMode,
        Message,
        Outcome,
        Request,
        Response,
        ResponseHeaders,
        Scope,
    )

INIT_SECONDS = 9.0
"""Of the 10 seconds that Lambda's init phase has, those that startup may use; what is left goes on at the first event.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

SHUTDOWN_SECONDS = 5.0
"""Seconds that the app's shutdown may take when the process ends."""

BODY_LIMIT = 6_291_556
"""Bytes of a streamed body after which it cannot fit any result. A stream without end is stopped here."""

_HTTP_VERSIONS = {"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/2": "2", "HTTP/3.0": "3", "HTTP/3": "3"}


def scope_of(request: Request, event: Event, context: Any, state: dict[str, Any]) -> Scope:
    """The HTTP connection scope of a request, with the raw event and context in `aws.event` and `aws.context`."""
    method, scheme, host, path, raw_path, root_path, query, protocol, headers, cookie, client, _, _ = request
    if not path.isascii():
        # Surrogate escapes stand for bytes that are not UTF-8; ASGI's path is UTF-8.
        path = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        lines = [(ASGI_NAMES[name], value.encode()) for name, value in headers]
    except (AttributeError, KeyError, UnicodeEncodeError):
        lines = to_asgi(headers)
    if cookie is not None:
        lines.append((b"cookie", cookie.encode("utf-8", "replace")))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": _HTTP_VERSIONS.get(protocol, "1.1"),
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": raw_path,
        "query_string": query.encode(),
        "root_path": root_path,
        "headers": lines,
        "client": client,
        "server": (host, PORTS[scheme]) if host and ":" not in host else address.server(host, scheme),
        "state": state.copy(),
        "aws.event": event,
        "aws.context": context,
    }


class Cycle:
    """The two channels of one request: what the app receives, and what it has sent so far."""

    response: Response | None = None
    """The response, when it is complete."""
    _headers: ResponseHeaders | None = None
    _chunks: list[bytes] | None = None
    _done: asyncio.Event | None = None

    def __init__(self, body: bytes, names: ResponseNames) -> None:
        self._body: bytes | None = body
        self._names = names

    async def receive(self) -> Message:
        """The request's body, once; then, when the response is complete, `http.disconnect`."""
        body = self._body
        if body is not None:
            self._body = None
            return {"type": "http.request", "body": body, "more_body": False}
        if self.response is None:
            if self._done is None:
                self._done = asyncio.Event()
            await self._done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take `http.response.start`, then `http.response.body` until one has no more body.

        Raises:
            AppError: another message, another order, or a field of the wrong type.
        """
        kind = message["type"]
        if self._headers is None:
            if kind != "http.response.start":
                raise AppError(f"the app sent {kind!r}; expected 'http.response.start'")
            status = message["status"]
            if type(status) is not int or not 100 <= status <= 999:
                status = _status(status)
            self._headers = from_asgi(message.get("headers", ()), self._names)
            self._status = status
            return
        if kind != "http.response.body":
            raise AppError(f"the app sent {kind!r}; expected 'http.response.body'")
        if self.response is not None:
            raise AppError("the app sent 'http.response.body' after the response was complete")
        body = message.get("body", b"")
        if type(body) is not bytes:
            body = _bytes(body)
        if self._chunks is None:
            if message.get("more_body", False):
                self._chunks = [body]
                self._size = len(body)
                return
        else:
            self._chunks.append(body)
            self._size += len(body)
            if self._size > BODY_LIMIT:
                raise ResultTooLargeError(f"the app streamed more than {BODY_LIMIT:,} bytes, which no result can carry")
            if message.get("more_body", False):
                return
            body = b"".join(self._chunks)
        self.response = (self._status, self._headers, body)
        if self._done is not None:
            self._done.set()

    def complaint(self) -> AppError:
        """What to say of an app that has ended without an error and without a complete response."""
        sent = "nothing" if self._headers is None else "a response without an end (more_body was true to the last)"
        return AppError(f"the app returned, but it had sent {sent}")


class ASGI:
    """An ASGI app, ready to run requests.

    Args:
        app: the app.
        names: what to make of the names of response headers.
        lifespan: "auto", "on" or "off".
        loop_factory: makes the event loop; None for asyncio's own.
    """

    def __init__(
        self, app: ASGIApp, names: ResponseNames, lifespan: LifespanMode, loop_factory: LoopFactory | None
    ) -> None:
        self._app = app
        self._names = names
        self._mode = lifespan
        self._loop_factory = loop_factory or asyncio.new_event_loop
        self._runner: Runner
        self._lifespan: Lifespan | None
        self._state: dict[str, Any]
        self._visited: WeakKeyDictionary[AbstractEventLoop, Lifespan] = WeakKeyDictionary()
        self._forget()
        _instances.add(self)

    def run(self, request: Request, event: Event, context: Any) -> Outcome:
        """Run a request on the process's loop."""
        if not self._started:
            failure = self.start(deadline.seconds(context))
            if failure is not None:
                return None, failure
        cycle = Cycle(decoded(request[11], request[12]) if request[11] else b"", self._names)
        scope = scope_of(request, event, context, self._state)
        try:
            awaitable = self._app(scope, cycle.receive, cycle.send)
        except Exception as raised:
            return cycle.response, raised
        if type(awaitable) is not CoroutineType:
            awaitable = _coroutine(awaitable)
        error = self._runner.run(awaitable, context)
        if error is None and cycle.response is None:
            error = cycle.complaint()
        return cycle.response, error

    async def on_running_loop(self, request: Request, event: Event, context: Any) -> Outcome:
        """Run a request on the caller's loop, which has a lifespan of its own."""
        loop = asyncio.get_running_loop()
        state: dict[str, Any] = {}
        if self._mode != "off":
            lifespan = self._visited.get(loop)
            if lifespan is None:
                lifespan = self._visited[loop] = Lifespan(self._app, self._mode, loop)
            try:
                await asyncio.shield(lifespan.started)
            except LifespanError as failure:
                self._visited.pop(loop, None)
                return None, failure
            state = lifespan.state
        cycle = Cycle(decoded(request[11], request[12]) if request[11] else b"", self._names)
        scope = scope_of(request, event, context, state)
        task = loop.create_task(_call(self._app, scope, cycle))
        done, _ = await asyncio.wait({task}, timeout=deadline.seconds(context))
        error: BaseException | None
        if not done:
            task.cancel()
            await asyncio.wait({task}, timeout=deadline.GRACE)
            error = DeadlineError("the invocation's time ran out before the app had ended")
        elif task.cancelled():
            error = asyncio.CancelledError()
        else:
            error = task.exception()
        if error is None and cycle.response is None:
            error = cycle.complaint()
        return cycle.response, error

    def start(self, seconds: float | None) -> BaseException | None:
        """Bring the app to the end of its startup, or to `seconds` from now; what went wrong, if anything did."""
        runner = self._runner = process_runner(self._loop_factory)
        runner.check_idle()
        if self._mode != "off":
            if self._lifespan is None:
                self._lifespan = Lifespan(self._app, self._mode, runner.loop)
                self._state = self._lifespan.state
                at_exit(self.close)
            if not runner.wait(self._lifespan.started, seconds):
                return DeadlineError("the invocation's time ran out before the app's lifespan startup was complete")
            failure = self._lifespan.started.exception()
            if failure is not None:
                self._lifespan = None
                return failure
        self._started = True
        return None

    def start_in_init(self) -> None:
        """Start up in Lambda's init phase, as far as its time allows. The next event does what is left.

        Raises:
            LifespanError: startup failed. Lambda reports it as an init error.
        """
        failure = self.start(max(INIT_SECONDS - time.process_time(), 0))
        if isinstance(failure, LifespanError):
            raise failure

    def close(self) -> None:
        """Run the app's shutdown, if it has started up here. An event that comes later starts it up again."""
        lifespan = self._lifespan
        self._forget()
        if lifespan is not None:
            task = self._runner.loop.create_task(lifespan.shutdown())
            if not self._runner.wait(task, SHUTDOWN_SECONDS):
                logger().error("the app's lifespan shutdown took longer than %s s and was left", SHUTDOWN_SECONDS)

    def _forget(self) -> None:
        self._started = False
        self._lifespan = None
        self._state = {}


async def _call(app: ASGIApp, scope: Scope, cycle: Cycle) -> None:
    await app(scope, cycle.receive, cycle.send)


async def _coroutine(awaitable: Any) -> None:
    await awaitable


def _status(status: object) -> int:
    if isinstance(status, int) and 100 <= status <= 999:
        return int(status)
    raise AppError(f"the app sent a status that is no int from 100 to 999: {status!r}")


def _bytes(body: object) -> bytes:
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise AppError(f"the app sent a body that is no bytes: a {type(body).__name__}")


def _after_fork() -> None:
    # The parent's loop and lifespan stay the parent's.
    for instance in _instances:
        instance._forget()


_instances: WeakSet[ASGI] = WeakSet()
os.register_at_fork(after_in_child=_after_fork)
