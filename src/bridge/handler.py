"""`Bridge`: what Lambda calls.

event -> detect -> source.request -> run(app) -> (status, headers, body) -> source.result -> result

Events that are no HTTP requests go another way, which others.py has.
"""

from __future__ import annotations

import os

from . import body as bodies, interface as interfaces
from .errors import ConfigurationError, DeadlineError, LifespanError, ResultTooLargeError
from .headers import ResponseNames
from .log import logger
from .sources import detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .front import Adjustment
    from .loop import LoopFactory
    from .others import Others
    from .types import (
        App,
        AsyncRun,
        ErrorMode,
        Event,
        Interface,
        LifespanMode,
        OnEvent,
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
        on_event: `on_event(event, context)` gets every event that is no HTTP request. What it returns is the result,
            what it raises is Lambda's to see. It may be a coroutine function.
        events_path: a path of the app, "/events", where such events are POSTed as JSON instead. HTTP requests to it,
            and below it, are answered 404.
        warm_up: whether pings that only keep the function warm are answered at once, before `on_event` and the app:
            `{"warmer": true}` and `{"source": "serverless-plugin-warmup"}`.
        forwarded_hosts: the hosts that may stand in front of the API: "www.example.com", "*.example.com",
            "www.example.com/shop" (the app is at /shop there). If `forwarded_host_header` names one of them, the app
            sees it as the request's host, and its path, without the stage.
        forwarded_host_header: the header in which CloudFront, or another proxy, says the client's host.

    Raises:
        ConfigurationError: an argument cannot work, or two of them together.
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
        on_event: OnEvent | None = None,
        events_path: str | None = None,
        warm_up: bool = False,
        forwarded_hosts: str | Iterable[str] = (),
        forwarded_host_header: str = "x-forwarded-host",
    ) -> None:
        _require("interface", interface, ("auto", "asgi", "wsgi"))
        _require("lifespan", lifespan, ("auto", "on", "off"))
        _require("errors", errors, ("respond", "raise"))
        names = ResponseNames([exclude_headers] if isinstance(exclude_headers, str) else exclude_headers)
        self._kinds = bodies.Kinds(is_text)
        self._adjust: Adjustment | None = None
        if base_path or forwarded_hosts:
            from .front import adjustment

            self._adjust = adjustment(base_path, forwarded_hosts, forwarded_host_header)
        self._raises = errors == "raise"
        self._run: Run
        self._run_async: AsyncRun
        if (interfaces.detect(app) if interface == "auto" else interface) == "asgi":
            from .asgi import ASGI

            self._asgi: ASGI | None = ASGI(app, names, lifespan, loop_factory)  # type: ignore[arg-type]
            self._run, self._run_async = self._asgi.run, self._asgi.on_running_loop
        else:
            from .wsgi import WSGI

            self._asgi = None
            wsgi = WSGI(app, names)  # type: ignore[arg-type]
            self._run, self._run_async = wsgi.run, wsgi.on_running_loop
        self._others: Others | None = None
        if on_event is not None or events_path is not None or warm_up:
            from .others import others

            self._others, self._run, self._run_async = others(
                on_event, events_path, warm_up, self._asgi, loop_factory, self._run, self._run_async, self._finished
            )
        if self._asgi is not None and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            self._asgi.start_in_init()

    def __call__(self, event: Event, context: Any = None) -> Result:
        """The result of an event.

        Args:
            event: as Lambda gives it: a dict.
            context: as Lambda gives it, or None. `get_remaining_time_in_millis` is the deadline, where it is there.

        Returns:
            What the sender of an HTTP request wants. For other events, what `on_event` or the app has returned: any
            JSON value, whatever the annotation says.

        Raises:
            EventError: the event is no HTTP request, and nothing has been said of others; or it breaks its own format.
            EventFailedError: the app's answer to an event that was posted to it is no success.
            LifespanError: the app's startup failed.
            RunningLoopError: an event loop runs in this thread; use `handle_async` there.
        """
        source = detect(event)
        if source is None:
            other: Result = self._other().result(event, context)
            return other
        request = source.request(event)
        if self._adjust is not None:
            request = self._adjust(request)
        response, error = self._run(request, event, context)
        if error is not None or response is None:
            response = self._settled(request, response, error)
        return self._result(source, event, request, response)

    async def handle_async(self, event: Event, context: Any = None) -> Result:
        """The result of an event, from inside a running event loop. The app runs on that loop.

        The loop gets a lifespan of its own, which ends when the loop cancels what is left on it, as `asyncio.run` does.
        A WSGI app runs in a thread.

        Raises:
            EventError, EventFailedError, LifespanError: as `handler(event, context)` does.
        """
        source = detect(event)
        if source is None:
            other: Result = await self._other().result_async(event, context)
            return other
        request = source.request(event)
        if self._adjust is not None:
            request = self._adjust(request)
        return self._finished(source, event, request, *await self._run_async(request, event, context))

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

    def _finished(
        self, source: Source, event: Event, request: Request, response: Response | None, error: BaseException | None
    ) -> Result:
        if error is not None or response is None:
            response = self._settled(request, response, error)
        return self._result(source, event, request, response)

    def _other(self) -> Others:
        """What answers the events that are no HTTP requests."""
        if self._others is None:
            from .others import Refused

            return Refused()
        return self._others

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


def _require(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"Bridge({option}=...) takes {' or '.join(map(repr, allowed))}, not {value!r}.")
