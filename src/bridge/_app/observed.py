"""An app whose requests are observed: for metrics, and for access lines."""

from __future__ import annotations

import time

from .._http import CLIENT, METHOD, PATH
from .._invocation.metrics import Observation, access, current
from ..errors import ConfigurationError, RequestIncompleteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .._http.forwarding import Adjustment
    from ..types import ASGIApp, Event, Message, Receive, Request, Scope, Send, WSGIApp


class Observer:
    """Observes requests.

    Args:
        namespace: of the metrics in CloudWatch; None: no metrics are written.
        logs: whether there is an access line for each request.

    Raises:
        ConfigurationError: CloudWatch would refuse the namespace.
    """

    def __init__(self, namespace: str | None, logs: bool) -> None:
        if namespace is not None and (not namespace or len(namespace) > 255 or namespace.startswith("AWS/")):
            raise ConfigurationError(
                "Bridge(metrics=...) takes a CloudWatch namespace of 1 to 255 characters that does not begin with "
                f"'AWS/', not {namespace!r}."
            )
        self._namespace = namespace
        self._logs = logs
        if logs:
            access()

    def hook(self, event: Event, context: Any) -> Observation:
        """Return what surrounds an invocation."""
        return Observation(context, self._namespace, self._logs)

    @staticmethod
    def adjustment(adjust: Adjustment | None) -> Adjustment:
        """Return what adjusts requests as `adjust` does, and notes them: some are answered before the app is asked."""

        def observed(request: Request) -> Request:
            if adjust is not None:
                request = adjust(request)
            seen = current()
            if seen is not None:
                seen.ask(request[METHOD], request[PATH], (request[CLIENT] or ("",))[0])
            return request

        return observed

    @staticmethod
    def note(error: BaseException | None, status: int) -> None:
        """Take note of a failure, and of the status that the client gets."""
        seen = current()
        if seen is None:
            return
        seen.error, seen.status = error, status
        if isinstance(error, RequestIncompleteError):
            seen.ask(error.method, error.path, error.client)  # nobody else will know

    @staticmethod
    def asgi(app: ASGIApp) -> ASGIApp:
        """Return an ASGI app that notes what passes through its channels."""

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            seen = current() if scope["type"] == "http" else None
            if seen is None:
                await app(scope, receive, send)
                return
            if seen.method is None:  # an event that is POSTed to the app
                seen.ask(scope["method"], scope["path"], "")

            async def noting(message: Message) -> None:
                await send(message)
                if message["type"] == "http.response.start":
                    seen.status = message["status"]
                else:
                    seen.size += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        seen.answered = time.perf_counter()

            try:
                await app(scope, receive, noting)
            finally:
                # Starlette and FastAPI say the route, Litestar its template.
                seen.route = getattr(scope.get("route"), "path", None) or scope.get("path_template")

        return observed

    @staticmethod
    def wsgi(app: WSGIApp) -> WSGIApp:
        """Return a WSGI app that notes what it is asked and answers."""

        def observed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            seen = current()
            if seen is None:
                return app(environ, start_response)
            if seen.method is None:  # an event that is POSTed to the app
                seen.ask(environ["REQUEST_METHOD"], environ["PATH_INFO"], "")

            def starting(status: str, *arguments: Any) -> Any:
                write = start_response(status, *arguments)
                seen.status = int(status[:3])
                # Flask's request, which Werkzeug leaves here until the app returns, has the rule.
                seen.route = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)

                def noting(data: bytes) -> None:
                    write(data)
                    seen.size += len(data)

                return noting

            return _Counted(app(environ, starting), seen)

        return observed


class _Counted:
    """A WSGI app's iterable, whose bytes are counted."""

    def __init__(self, chunks: Iterable[bytes], seen: Observation) -> None:
        self._chunks = chunks
        self._seen = seen

    def __iter__(self) -> Any:
        for chunk in self._chunks:
            self._seen.size += len(chunk)
            yield chunk
        self._seen.answered = time.perf_counter()

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
