"""One request through a WSGI app, in the calling thread.

https://peps.python.org/pep-3333/
"""

from __future__ import annotations

import sys
from io import BytesIO

from ... import current
from ..._http import METHOD, TABLE_SIZE, ResponseNames, from_wsgi, to_environ, url
from ..._http.body import BODY_LIMIT, decoded, streamed_too_much
from ..._http.url import PORTS
from ..._invocation import keep_context
from ...current import LambdaEvent, UnvouchedEvent
from ...errors import AppError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Any, TypeAlias

    from ...types import Event, Outcome, Request, ResponseHeaders, WSGIApp

    ExcInfo: TypeAlias = (
        tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None
    )

# By this, and not by a call of the class, an event enters no Python code.
_new = object.__new__


def environ_of(request: Request, event: Event, context: Any, traced: bool = False) -> dict[str, Any]:
    """Return the environ of a request, with the event and context in `aws.event` and `aws.context`.

    Text in it stands for bytes, one character a byte (PEP 3333, "Unicode Issues").

    Args:
        request: the request.
        event: as Lambda gave it.
        context: as Lambda gave it.
        traced: whether the invocation's own segment of the trace takes the place of the sender's, if there is one.
    """
    method, scheme, host, path, raw_path, root_path, query, protocol, headers, cookie, client, text, is_base64 = request
    body = b"" if text is None else decoded(text, is_base64)
    if host and ":" not in host:
        server, port = host, _PORTS[scheme]
    else:
        server, number = url.server_of(host, scheme)
        port = str(number)
    address = client[0] if client else ""
    if root_path:
        path = path[len(root_path) :]
    shown = _new(LambdaEvent if type(request) is tuple else UnvouchedEvent)
    shown.raw_event = event
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": root_path,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": address,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,  # handle_async runs requests side by side
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "aws.event": shown,
        "aws.context": context,
    }
    if not f"{method}{root_path}{path}{query}{server}{protocol}{address}".isascii():
        environ.update((key, _latin1(environ[key])) for key in _FROM_REQUEST)
    if _PERCENT in raw_path:
        # PATH_INFO is decoded. Werkzeug and uWSGI have the path as it was sent in the one, gunicorn in the other.
        sent = raw_path.decode("latin-1")
        environ["REQUEST_URI"] = environ["RAW_URI"] = f"{sent}?{environ['QUERY_STRING']}" if query else sent
    to_environ(headers, environ)
    if cookie is not None:
        environ["HTTP_COOKIE"] = cookie if cookie.isascii() else _latin1(cookie)
    segment = current.trace_id() if traced else ""
    if segment:
        environ["HTTP_X_AMZN_TRACE_ID"] = segment if segment.isascii() else _latin1(segment)
    if body:
        # REST APIs leave Content-Length out, and frameworks read no body without it.
        environ["CONTENT_LENGTH"] = str(len(body))
    elif "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = "0"
    return environ


def _latin1(text: str) -> str:
    return url.utf8(text).decode("latin-1")


_PERCENT = ord("%")
"""Not as bytes: to look for those, `in` first takes them for a number, fails, and is 20 times as slow."""

_PORTS = {scheme: str(port) for scheme, port in PORTS.items()}
_FROM_REQUEST = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "SERVER_NAME",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
)
"""Keys whose values come out of the request as they are."""


class WSGIResponse:
    """What one request's app has said by `start_response` and `write`.

    Attributes:
        status: the status, once there are headers.
        headers: the headers, once the app has called `start_response`.
        parts: body bytes that came by `write`, or out of an iterator.
    """

    __slots__ = ("__weakref__", "_names", "headers", "parts", "status")

    def __init__(self, names: ResponseNames) -> None:
        self._names = names
        self.status: int
        self.headers: ResponseHeaders | None = None
        self.parts: list[bytes] | None = None

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None, /
    ) -> Callable[[bytes], object]:
        """Take the status line and the headers, and return a callable that takes body bytes.

        Raises:
            AppError: a second call without `exc_info`, a status that is no number, or headers that are no pairs of str.
        """
        if self.headers is not None:
            if exc_info is None:
                raise AppError("the app called start_response twice, the second time without exc_info (PEP 3333)")
            # Nothing has gone out yet, so an error page takes the place of the half page before it.
            self.parts = None
        names = self._names
        try:
            self.status = _codes[status]
        except (KeyError, TypeError):
            self.status = _code(status)
            if self.status == 304:
                names = names.bodiless
        self.headers = from_wsgi(headers, names)
        return self.write

    def write(self, data: bytes) -> None:
        """Take body bytes: PEP 3333's imperative way to send them."""
        if self.parts is None:
            self.parts = []
        self.parts.append(data)


_codes = {"200 OK": 200}
"""Status lines that apps have sent. 304 is not kept: its headers want other names."""


def _code(status: str) -> int:
    digits = status[:3] if isinstance(status, str) else ""
    if not (len(digits) == 3 and digits.isascii() and digits.isdigit() and "200" <= digits <= "599"):
        raise AppError(f"the app gave start_response a status that is no status line of 200 to 599: {status!r}")
    code = int(digits)
    if code != 304 and len(_codes) < TABLE_SIZE:
        _codes[status] = code
    return code


def log_exit(end: BaseException) -> None:
    """Say in the log that the app ends the process."""
    from ..._invocation import exits

    exits.log_exit(end)


def _close_failed(error: BaseException) -> BaseException:
    from ..late import close_failed

    return close_failed(error, "goes out all the same")


class WSGI:
    """A WSGI app, ready to run requests.

    Args:
        app: the app.
        names: what to make of the names of response headers.
        traced: whether the app is to see the invocation's own segment of the trace.
    """

    def __init__(self, app: WSGIApp, names: ResponseNames, traced: bool) -> None:
        self.app = app
        self.names = names
        self.traced = traced

    def run(self, request: Request, event: Event, context: Any) -> Outcome:
        """Run a request. The app's iterable is closed, whatever happens."""
        exchange = WSGIResponse(self.names if request[METHOD] != "HEAD" else self.names.bodiless)
        environ = environ_of(request, event, context, self.traced)
        error: BaseException | None = None
        body: bytes | None = None
        try:
            chunks = self.app(environ, exchange.start_response)
            if type(chunks) in FINITE and exchange.parts is None:
                body = b"".join(chunks)
            else:
                try:
                    body = joined(chunks, exchange)
                finally:
                    close = getattr(chunks, "close", None)
                    if close is not None:
                        close()
        except (SystemExit, KeyboardInterrupt) as end:
            log_exit(end)
            raise
        except BaseException as raised:  # CancelledError of a loop of the app's own, for instance
            __tracebackhide__ = True
            # When there is a body, `close` is all that is left to fail.
            error = raised if body is None else _close_failed(raised)
        headers = exchange.headers
        if body is None or headers is None:
            return None, error or AppError("the app returned, but it had not called start_response (PEP 3333)")
        return (exchange.status, headers, body), error

    async def on_running_loop(self, request: Request, event: Event, context: Any) -> Outcome:
        """Run a request in a thread, so that the caller's loop goes on."""
        import asyncio
        from contextvars import copy_context
        from functools import partial

        variables = copy_context()
        work = partial(variables.run, self.run, request, event, context)
        response, error = await asyncio.get_running_loop().run_in_executor(None, work)
        return response, error if error is None else keep_context(error, variables)


FINITE = frozenset((list, tuple))
"""Iterables whose parts are all there, and which have no `close`."""


def joined(chunks: Iterable[bytes], exchange: WSGIResponse) -> bytes:
    """Return the bytes of an iterable, in one order with those that the app writes beside it."""
    size = 0
    for chunk in chunks:
        exchange.write(chunk)
        size += len(chunk)
        if size > BODY_LIMIT:
            raise streamed_too_much()
    return b"".join(exchange.parts or ())
