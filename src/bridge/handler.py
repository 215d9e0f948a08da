"""`Bridge`: what Lambda calls.

event -> detect -> source.request -> run(app) -> (status, headers, body) -> source.result -> result

Events that are no HTTP requests go another way, which `_events` has.
"""

from __future__ import annotations

import os

from ._http import body as bodies
from ._options import BridgeOptions
from .errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Never

    from ._app.asgi import ASGI
    from ._app.asgi.loop import LoopFactory, Runner
    from ._app.streaming import StreamedAnswer
    from ._app.wsgi import WSGI
    from ._events import EventAnswer
    from .types import (
        App,
        AsyncRun,
        CustomSource,
        Decorator,
        ErrorMode,
        Event,
        Hook,
        Interface,
        LifespanMode,
        OnEvent,
        Request,
        Responder,
        Result,
        Run,
        Sender,
        Source,
        StreamingMode,
        SyncResponder,
        WebSocketBinary,
        WebSocketPath,
    )
    from .websocket._connections import Connections


class Bridge:
    """An ASGI or WSGI app as a Lambda handler: `handler = Bridge(app)`.

    Args:
        app: the application.
        interface: "asgi" or "wsgi", where Bridge cannot tell.
        lifespan: "auto" runs the app's lifespan if it has one, "on" requires one, "off" runs none. ASGI only.
        base_path: the base path, or paths, under which a custom domain maps the API: "/v1". A path that starts with one
            has it moved into `root_path` (WSGI: `SCRIPT_NAME`).
        strip_root_path: whether the app's `path` comes without `root_path`, the stage or a base path. ASGI has it
            within; False is that. None: without it for Falcon, Sanic and python-socketio, which route by `path` as it
            is, and as ASGI has it for the others. ASGI only: in WSGI, `PATH_INFO` never has it.
        exclude_headers: names of response headers that are not to be sent.
        is_text: what bodies travel as text: media types, "image/svg+xml", with "*" for any characters, "text/*"; or a
            function that says it of a media type. Bytes that are not UTF-8, or that a Content-Encoding has packed,
            travel as base64 all the same.
        errors: what Lambda's Errors metric counts. "respond": nothing; an exception in the app is answered with the
            response that the app completed nevertheless, or else with a plain 500, and its traceback is logged.
            "raise": exceptions, which go through to Lambda. Statuses, {500, 503} or range(500, 600), or a function that
            says it of a status: exceptions and responses with such a status; the client gets the API's own error then.
        error_headers: what Bridge's own 413, 500 and 504 have beside Content-Type:
            {"access-control-allow-origin": "*"}, so that a browser shows scripts the status.
        streaming: whether `respond` and `respond_sync` stream: "off" never, "on" to every function URL and REST API,
            "auto" to function URLs. An event does not tell whether its sender expects a stream, and one that expects
            the other thing gives its client garbage: say what your API is set to.
        compress: whether text of 1,024 bytes or more, or of as many as are given, is packed where the client accepts
            it: by gzip, or by br or zstd if `brotli` or `zstandard` is installed. Streams are packed part by part.
        loop_factory: makes the event loop: `uvloop.new_event_loop`, for instance. ASGI only.
        sources: event formats of your own (`bridge.types.CustomSource`), or `bridge.sources.CustomIntegration`.
            They are asked for every event, in this order, before Bridge's own.
        accepts: the senders of HTTP requests that the function has, such as {"http", "url"}: "http" (HTTP APIs),
            "rest", "url" (function URLs), "alb", "lattice", "edge", "websocket". What looks like another's goes to
            `on_event` or `events_path`, or is an error. None: every format that Bridge knows is believed.
        on_event: `on_event(event, context)` gets every event that is no HTTP request, but for those of WebSocket APIs
            where the app is ASGI. What it returns is the result, what it raises is Lambda's to see. It may be a
            coroutine function.
        events_path: a path of the app, "/events", where such events are POSTed as JSON instead. HTTP requests to it,
            and below it, are answered 404.
        warm_up: whether pings that only keep the function warm are answered at once, before `on_event` and the app:
            `{"warmer": true}` and `{"source": "serverless-plugin-warmup"}`.
        forwarded_hosts: the hosts that may stand in front of the API: "www.example.com", "*.example.com",
            "www.example.com/shop" (the app is at /shop there). If `forwarded_host_header` names one of them, the app
            sees it as the request's host, and its path, without the stage.
        forwarded_host_header: the header in which CloudFront, or another proxy, says the client's host.
        websocket_path: the path that WebSocket connections have for the app: API Gateway has none. Or what returns it,
            from the $connect event. docs/websockets.md has more on this and on the three below.
        websocket_binary: what becomes of bytes that the app sends, which API Gateway cannot carry. "refuse" is an error
            in the app, "base64" sends base64 text.
        websocket_linger: seconds for which tasks of a WebSocket app that are still at work are waited for, when the app
            asks for the next message.
        connections: the `bridge.websocket.Connections` that keep what the app wants kept between events; None: nothing.
        around: hooks: functions of (event, context) that return a context manager, plain or asynchronous. It is entered
            before the app, the first one first, and left when everything is over, before the next event is asked for.
            docs/observability.md has more on this and on the one below.
        decorators: decorators that are made for Lambda handlers, outermost first, as they would stand above a `def`.
        metrics: a CloudWatch namespace, "Shop", in which each request is counted and timed; None: there are none.
        access_log: whether there is a line for each request in the logger `bridge.access`.
        fold_frames: whether the tracebacks that this process logs leave out the frames of frameworks and of Bridge, and
            say how many these were. Names of more modules, ["sqlalchemy"]: theirs too. The frame that raised stays.

    Raises:
        ConfigurationError: an argument cannot work, or two of them together.
        LifespanError: in Lambda, where startup runs in the init phase: the app's startup failed.
    """

    __name__ = "handler"  # decorators for functions ask for it: AWS Lambda Powertools' Tracer

    def __init__(
        self,
        app: App,
        *,
        interface: Interface = "auto",
        lifespan: LifespanMode = "auto",
        base_path: str | Iterable[str] = (),
        strip_root_path: bool | None = None,
        exclude_headers: Iterable[str] = (),
        is_text: Callable[[str], bool] | Iterable[str] = bodies.is_text,
        errors: ErrorMode = "respond",
        error_headers: Mapping[str, str] = {},
        streaming: StreamingMode = "off",
        compress: int = False,
        loop_factory: LoopFactory | None = None,
        sources: Iterable[CustomSource] = (),
        accepts: Sender | Iterable[Sender] | None = None,
        on_event: OnEvent | None = None,
        events_path: str | None = None,
        warm_up: bool = False,
        forwarded_hosts: str | Iterable[str] = (),
        forwarded_host_header: str = "x-forwarded-host",
        websocket_path: WebSocketPath = "/",
        websocket_binary: WebSocketBinary = "refuse",
        websocket_linger: float = 5.0,
        connections: Connections | None = None,
        around: Iterable[Hook] = (),
        decorators: Iterable[Decorator] = (),
        metrics: str | None = None,
        access_log: bool = False,
        fold_frames: bool | Iterable[str] = False,
        **unknown: Never,
    ) -> None:
        if unknown:
            from ._app.foreign_options import refusal

            raise refusal(next(iter(unknown)))
        options = self._options = BridgeOptions(
            app,
            interface=interface,
            lifespan=lifespan,
            base_path=base_path,
            strip_root_path=strip_root_path,
            exclude_headers=exclude_headers,
            is_text=is_text,
            errors=errors,
            error_headers=error_headers,
            streaming=streaming,
            compress=compress,
            loop_factory=loop_factory,
            sources=sources,
            accepts=accepts,
            on_event=on_event,
            events_path=events_path,
            warm_up=warm_up,
            forwarded_hosts=forwarded_hosts,
            forwarded_host_header=forwarded_host_header,
            websocket_path=websocket_path,
            websocket_binary=websocket_binary,
            websocket_linger=websocket_linger,
            connections=connections,
            around=around,
            decorators=decorators,
            metrics=metrics,
            access_log=access_log,
            fold_frames=fold_frames,
        )
        from . import current  # not above: it imports contextvars, which every framework has imported by now

        self._set_current = current.context.set
        self._policy = options.policy
        self._result = options.policy.result
        self._adjust = options.adjust
        self._detect = options.detect
        in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
        self._asgi: ASGI | None = None
        self._run: Run
        self._run_async: AsyncRun
        if options.is_asgi:
            from ._app.asgi import ASGI

            self._asgi = ASGI(options, traced=in_lambda)
            self._run, self._run_async = self._asgi.run, self._asgi.on_running_loop
        else:
            from ._app.wsgi import WSGI

            self._wsgi = WSGI(options.app, options.names, in_lambda)
            self._run, self._run_async = self._wsgi.run, self._wsgi.on_running_loop
        # Imported by the first event that needs them.
        self._loaded_answer: type[StreamedAnswer] | None = None
        self._loaded_alone: Callable[[ASGI, Runner, StreamedAnswer, Any, Responder], None] | None = None
        self._loaded_sync: Callable[[WSGI, StreamedAnswer, Any, SyncResponder], None] | None = None
        self._event_answer: EventAnswer | None = None
        if options.answers_events:
            self._events()
        if options.around is not None:
            from ._app.around import surround

            surround(self, options.around)
        if current.made is not None:
            current.made.append(self)
        if self._asgi is not None and (in_lambda or current.imports_as_lambda):
            self._asgi.start_in_init()

    def __call__(self, event: Event, context: Any = None) -> Result:
        """Return the result of an event.

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
        self._set_current(context)
        source = self._detect(event)
        if source is None:
            __tracebackhide__ = True
            other: Result = self._events().result(event, context)
            return other
        try:
            request = source.request(event)
        except Exception as failure:
            return self._policy.refused(source, event, failure)
        if self._adjust is not None:
            request = self._adjust(request)
        response, error = self._run(request, event, context)
        if error is not None or response is None:
            __tracebackhide__ = True  # from error reports that show locals: Sentry's leave such frames out
            response = self._policy.failure_response(request, response, error)
        return self._result(source, event, request, response)

    async def handle_async(self, event: Event, context: Any = None) -> Result:
        """Return the result of an event, from inside a running event loop. The app runs on that loop.

        The loop gets a lifespan of its own, which ends when the loop cancels what is left on it, as `asyncio.run` does.
        A WSGI app runs in a thread.

        Raises:
            EventError, EventFailedError, LifespanError: as `handler(event, context)` does.
        """
        self._set_current(context)
        source = self._detect(event)
        if source is None:
            __tracebackhide__ = True
            other: Result = await self._events().result_async(event, context)
            return other
        request, refusal = self._request(source, event)
        if request is None:
            return refusal
        __tracebackhide__ = True
        return self._policy.result_of(source, event, request, *await self._run_async(request, event, context))

    @property
    def is_asgi(self) -> bool:
        """Return whether the app is ASGI, so that `respond` is for it; for WSGI apps it is `respond_sync`."""
        return self._asgi is not None

    @property
    def is_decorated(self) -> bool:
        """Return whether decorators surround each invocation: plain functions, which no loop can run inside of."""
        return self._options.around is not None and self._options.around.decorates

    @property
    def loop_factory(self) -> LoopFactory | None:
        """Return what makes the event loop for an ASGI app; None for a WSGI app."""
        return None if self._asgi is None else self._asgi.loop_factory

    async def respond(self, event: Event, context: Any, responder: Responder) -> None:
        """Answer an event as soon as the app does, from inside a running event loop, and return when the app has ended.

        The app's response goes out when it is complete, or as it is made, where `streaming` says so. What the app does
        after it goes on until 0.2 seconds before the deadline. Each call is independent of others on the same loop.

        Raises:
            EventError, LifespanError, StatusError: as the plain call does; nothing has gone to the responder.
            Exception: what the responder raised; or, with `errors="raise"`, what the app raised before it responded.
        """
        if self._asgi is None:
            raise ConfigurationError("respond is for ASGI apps, and this is a WSGI app; use respond_sync.")
        __tracebackhide__ = True
        self._set_current(context)
        source = self._detect(event)
        if source is None:
            await responder.result(await self._events().result_async(event, context))
            return
        answer = self._answer(source, event)
        if isinstance(answer, dict):
            await responder.result(answer)
            return
        from ._app.asgi.stream import respond

        await respond(self._asgi, answer, context, responder)

    def respond_alone(self, runner: Runner, event: Event, context: Any, responder: Responder) -> None:
        """Answer an event as `respond` does, but from plain code, on a loop that runs nothing else meanwhile.

        For a runtime that handles one event at a time: most of what a turn of the loop costs is saved.

        Args:
            runner: has the loop.
            event: as of `respond`.
            context: as of `respond`.
            responder: as of `respond`. It does not wait for what belongs to one task.

        Raises:
            EventError, Exception: as `respond` does.
        """
        __tracebackhide__ = True
        asgi = self._asgi
        source = self._detect(event)
        answer = None if asgi is None or source is None else self._answer(source, event)
        if asgi is None or answer is None or isinstance(answer, dict):
            runner.do(self.respond(event, context, responder))
            return
        respond = self._loaded_alone
        if respond is None:
            from ._app.asgi import alone

            respond = self._loaded_alone = alone.respond
        self._set_current(context)
        respond(asgi, runner, answer, context, responder)

    def respond_sync(self, event: Event, context: Any, responder: SyncResponder) -> None:
        """Answer an event as soon as a WSGI app does, in the calling thread, and return when the app has ended.

        The answer is out before the app's iterable is closed: what is hooked to `close` does not keep the client.

        Raises:
            EventError, Exception: as `respond` does.
        """
        if self._asgi is not None:
            raise ConfigurationError("respond_sync is for WSGI apps, and this is an ASGI app; await respond.")
        __tracebackhide__ = True
        self._set_current(context)
        source = self._detect(event)
        if source is None:
            responder.result(self._events().result(event, context))
            return
        answer = self._answer(source, event)
        if isinstance(answer, dict):
            responder.result(answer)
            return
        respond = self._loaded_sync
        if respond is None:
            from ._app.wsgi import stream

            respond = self._loaded_sync = stream.respond
        respond(self._wsgi, answer, context, responder)

    async def startup(self) -> None:
        """Run an ASGI app's lifespan startup on the running loop. The first event does it too, if this has not.

        To be cancelled while it waits (`asyncio.timeout`) does not stop the startup: it goes on in the next event.

        Raises:
            LifespanError: the app's startup failed.
        """
        if self._asgi is not None:
            _, failure = await self._asgi.lifespans.state(None)
            if failure is not None:
                raise failure

    async def shutdown(self) -> None:
        """Run an ASGI app's lifespan shutdown on the running loop, if it has started up there."""
        if self._asgi is not None:
            await self._asgi.lifespans.end()

    def open(self) -> None:
        """Run the app's lifespan startup now, to its end, for the plain call. The first event does it, if this has not.

        After `close` it starts the app up again: the two are hooks for SnapStart, before the snapshot and after it.

        Raises:
            LifespanError: the app's startup failed.
            RunningLoopError: an event loop runs in this thread; await `startup` there.
        """
        if self._asgi is not None:
            self._asgi.ensure_started(None)

    def close(self) -> None:
        """Run the app's lifespan shutdown now. It runs by itself when the process ends."""
        if self._asgi is not None:
            self._asgi.close()

    def _request(self, source: Source, event: Event) -> tuple[Request | None, Result]:
        """Return the request that an HTTP event carries; or None, and the result that refuses it."""
        try:
            request = source.request(event)
        except Exception as failure:
            return None, self._policy.refused(source, event, failure)
        return request if self._adjust is None else self._adjust(request), {}

    def _answer(self, source: Source, event: Event) -> StreamedAnswer | Result:
        """Return the answer to an HTTP event, of which nothing has been said yet; or the result that refuses it."""
        request, refusal = self._request(source, event)
        if request is None:
            return refusal
        answer = self._loaded_answer or self._load_streamed_answer()
        streaming = self._options.streaming
        if not streaming:
            return answer(self._policy, source, event, request, None)
        streams = next((found for found in streaming if found is source and found.streams(event)), None)
        return answer(self._policy, source, event, request, streams)

    def _load_streamed_answer(self) -> type[StreamedAnswer]:
        from ._app.streaming import StreamedAnswer

        self._loaded_answer = StreamedAnswer
        return StreamedAnswer

    def _events(self) -> EventAnswer:
        """Return what answers the events that are no HTTP requests."""
        if self._event_answer is None:
            from ._events import dispatch

            self._event_answer = dispatch(self._options, self._asgi, self._run, self._run_async)
        return self._event_answer
