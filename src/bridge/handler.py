"""`Bridge`: what Lambda calls.

event -> detect -> source.request -> run(app) -> (status, headers, body) -> source.result -> result
"""

from __future__ import annotations

import os

from . import body as bodies, interface as interfaces
from .errors import ConfigurationError, DeadlineError, EventError, LifespanError, ResultTooLargeError
from .headers import ResponseNames
from .log import logger
from .sources import detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .loop import LoopFactory
    from .types import (
        App,
        ErrorMode,
        Event,
        Interface,
        LifespanMode,
        Request,
        Response,
        Result,
        Run,
        Source,
    )

HEADERS_ROOM = 65_536
"""Bytes of JSON that all but the body may have before a result is measured: twice what a load balancer lets through."""


class Bridge:
    """An ASGI or WSGI app as a Lambda handler: `handler = Bridge(app)`.

    Args:
        app: the application.
        interface: "asgi" or "wsgi", where Bridge cannot tell.
        lifespan: "auto" runs the app's lifespan if it has one, "on" requires one, "off" runs none. ASGI only.
        base_path: the base path, or paths, under which a custom domain maps the API: "/v1". A path that starts with one
            has it moved into `root_path` (WSGI: `SCRIPT_NAME`).
        exclude_headers: names of response headers that are not to be sent.
        is_text: whether a body of a media type ("image/svg+xml") is to travel as text. Bytes that are not UTF-8, or
            that a Content-Encoding has packed, travel as base64 all the same.
        errors: what becomes of an exception in the app. "respond" answers with the response that the app completed
            nevertheless, or else with a plain 500, and logs the traceback. "raise" lets it through to Lambda, whose
            Errors metric counts it.
        loop_factory: makes the event loop: `uvloop.new_event_loop`, for instance. ASGI only.

    Raises:
        ConfigurationError: an argument cannot work.
        LifespanError: in Lambda, where startup runs in the init phase: the app's startup failed.
    """

    def __init__(
        self,
        app: App,
        *,
        interface: Interface = "auto",
        lifespan: LifespanMode = "auto",
        base_path: str | Iterable[str] = (),
        exclude_headers: Iterable[str] = (),
        is_text: Callable[[str], bool] = bodies.is_text,
        errors: ErrorMode = "respond",
        loop_factory: LoopFactory | None = None,
    ) -> None:
        _require("interface", interface, ("auto", "asgi", "wsgi"))
        _require("lifespan", lifespan, ("auto", "on", "off"))
        _require("errors", errors, ("respond", "raise"))
        names = ResponseNames([exclude_headers] if isinstance(exclude_headers, str) else exclude_headers)
        self._kinds = bodies.Kinds(is_text)
        self._base_paths = _base_paths(base_path)
        self._raises = errors == "raise"
        self._run: Run
        if (interfaces.detect(app) if interface == "auto" else interface) == "asgi":
            from .asgi import ASGI

            self._asgi: ASGI | None = ASGI(app, names, lifespan, loop_factory)  # type: ignore[arg-type]
            self._run = self._asgi.run
            if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
                self._asgi.start_in_init()
        else:
            from .wsgi import WSGI

            self._asgi = None
            self._run = WSGI(app, names).run  # type: ignore[arg-type]

    def __call__(self, event: Event, context: Any = None) -> Result:
        """The result of an event.

        Args:
            event: as Lambda gives it: a dict.
            context: as Lambda gives it, or None. `get_remaining_time_in_millis` is the deadline, where it is there.

        Raises:
            EventError: the event is of no kind that Bridge knows, or breaks its own format.
            LifespanError: the app's startup failed.
            RunningLoopError: an event loop runs in this thread; use `handle_async` there.
        """
        source = detect(event)
        if source is None:
            return self._other(event, context)
        request = source.request(event)
        if self._base_paths:
            request = self._below_base_path(request)
        response, error = self._run(request, event, context)
        if error is not None or response is None:
            response = self._settled(request, response, error)
        return self._result(source, event, request, response)

    async def handle_async(self, event: Event, context: Any = None) -> Result:
        """The result of an event, from inside a running event loop. The app runs on that loop.

        The loop gets a lifespan of its own, which ends when the loop cancels what is left on it, as `asyncio.run` does.
        A WSGI app runs in a thread.

        Raises:
            EventError, LifespanError: as `handler(event, context)` does.
        """
        source = detect(event)
        if source is None:
            return self._other(event, context)
        request = source.request(event)
        if self._base_paths:
            request = self._below_base_path(request)
        if self._asgi is not None:
            response, error = await self._asgi.on_running_loop(request, event, context)
        else:
            import asyncio

            response, error = await asyncio.to_thread(self._run, request, event, context)
        if error is not None or response is None:
            response = self._settled(request, response, error)
        return self._result(source, event, request, response)

    # The following is a thin stand-in for the core that streams.

    @property
    def is_asgi(self) -> bool:
        """Whether the app is ASGI, so that `respond` is for it; for WSGI apps it is `respond_sync`."""
        return self._asgi is not None

    @property
    def loop_factory(self) -> LoopFactory | None:
        """Makes the event loop for the app; None: asyncio's own, or none for a WSGI app."""
        return None if self._asgi is None else self._asgi._loop_factory

    async def respond(self, event: Event, context: Any, responder: Any) -> None:
        """Answer an event from inside a running loop."""
        await responder.result(await self.handle_async(event, context))

    def respond_sync(self, event: Event, context: Any, responder: Any) -> None:
        """Answer an event from plain code."""
        responder.result(self(event, context))

    async def startup(self) -> None:
        """Run an ASGI app's lifespan startup on the running loop."""
        import asyncio

        if self._asgi is not None and self._asgi._mode != "off":
            lifespan = self._asgi._visit(asyncio.get_running_loop())
            await asyncio.wait({lifespan.started})
            await lifespan.started

    async def shutdown(self) -> None:
        """Run an ASGI app's lifespan shutdown on the running loop, if it has started up there."""
        import asyncio

        lifespan = None if self._asgi is None else self._asgi._visited.pop(asyncio.get_running_loop(), None)
        if lifespan is not None:
            await lifespan.shutdown()

    def close(self) -> None:
        """Run the app's lifespan shutdown now. It runs by itself when the process ends."""
        if self._asgi is not None:
            self._asgi.close()

    def _result(self, source: Source, event: Event, request: Request, response: Response) -> Result:
        status, headers, body = response
        if request[0] == "HEAD" or status == 204 or status == 304 or status < 200:
            body = b""
        text, is_base64 = bodies.encoded(body, headers[0], self._kinds)
        result = source.result(event, status, headers, text, is_base64)
        if len(text) * bodies.MOST_JSON > source.LIMIT - HEADERS_ROOM:
            size = bodies.json_size(result)
            if size > source.LIMIT:
                error = ResultTooLargeError(
                    f"the result has {size:,} bytes of JSON, and its receiver takes {source.LIMIT:,} at most"
                )
                return self._result(source, event, request, self._settled(request, None, error))
        return result

    def _other(self, event: Event, context: Any) -> Result:
        """What becomes of an event that is no HTTP request."""
        from . import kinds

        raise EventError(kinds.complaint(event))

    def _settled(self, request: Request, response: Response | None, error: BaseException | None) -> Response:
        """The response to a request whose app has failed: the one policy for errors."""
        if error is not None and (self._raises or isinstance(error, LifespanError)):
            raise error
        after = "" if response is None else " after its response was complete"
        if isinstance(error, (DeadlineError, ResultTooLargeError)):
            logger().error("%s %r failed%s: %s", request[0], request[3], after, error)
        else:
            logger().error("%s %r failed%s", request[0], request[3], after, exc_info=error)
        if response is not None:
            return response
        timeout = isinstance(error, DeadlineError)
        text = b"Gateway Timeout" if timeout else b"Internal Server Error"
        return 504 if timeout else 500, ({"content-type": "text/plain; charset=utf-8"}, [], {}), text

    def _below_base_path(self, request: Request) -> Request:
        path, root_path = request[3], request[5]
        rest = path[len(root_path) :]
        for base_path in self._base_paths:
            if rest.startswith(base_path) and rest[len(base_path) : len(base_path) + 1] in ("", "/"):
                return (*request[:5], root_path + base_path, *request[6:])
        return request


def _base_paths(given: str | Iterable[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    paths = {"/" + text.strip("/") for text in texts if text.strip("/")}
    return sorted(paths, key=len, reverse=True)


def _require(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"Bridge({option}=...) takes {' or '.join(map(repr, allowed))}, not {value!r}.")
