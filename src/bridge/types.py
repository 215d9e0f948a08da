"""The shapes that pass between Bridge's files, for type checkers only: nothing imports this at run time.

Lambda's side speaks of *event*, *context* and *result*; the app's side of *scope*, *body* and *response*.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias

Event: TypeAlias = dict[str, Any]
Result: TypeAlias = dict[str, Any]
"""What answers an HTTP request. Other events may have any JSON value for a result: few who call for one have types."""

Request: TypeAlias = tuple[
    str,  # method, as the client sent it
    str,  # scheme: "http" or "https"
    str | None,  # host: the Host header, or what the event has in its place
    str,  # path: decoded, starts with root_path; bytes that are not UTF-8 as surrogate escapes
    bytes,  # raw_path: the same, percent-encoded
    str,  # root_path: the part of path that is not the app's (the stage, a base path), decoded
    str,  # query_string: percent-encoded, without "?"
    str,  # protocol: "HTTP/1.1"
    "HeaderItems",  # headers: one pair per header line, text; names in any case
    str | None,  # the Cookie header, where the event has it apart from the headers
    tuple[str, int] | None,  # client: address and port (0: unknown)
    str | None,  # body, as in the event
    bool,  # whether that body is base64
]
"""A request in the form both ASGI and WSGI are made from. A plain tuple: an object would cost 15 % of an event."""

HeaderItems: TypeAlias = Collection[tuple[str, str]]
ResponseHeaders: TypeAlias = tuple[
    dict[str, str],  # headers: lower-case name to value; the values of several lines joined with ", "
    list[str],  # cookies: the values of the Set-Cookie lines, which must not be joined
    dict[str, list[str]],  # repeated: for names that had several lines, those lines
]
Response: TypeAlias = tuple[int, ResponseHeaders, bytes]
Outcome: TypeAlias = tuple[Response | None, BaseException | None]
"""The response, if the app completed one, and what it raised, if it raised: either, or both."""

Wire: TypeAlias = tuple[int, list[tuple[str, str]], bytes]
"""A response as it goes to a client: status, header lines, body."""

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

# Loose on purpose: frameworks type scope, receive and send each in their own way,
# and `Bridge(FastAPI())` has to type-check with all of them.
ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]
WSGIApp: TypeAlias = Callable[[Any, Any], Iterable[bytes]]
# Without django-stubs, Pyright takes Django's WSGI app for one that may return a coroutine.
App: TypeAlias = ASGIApp | Callable[[Any, Any], Iterable[bytes] | Awaitable[Any]]

Interface: TypeAlias = Literal["auto", "asgi", "wsgi"]
LifespanMode: TypeAlias = Literal["auto", "on", "off"]
ErrorMode: TypeAlias = Literal["respond", "raise"] | Collection[int] | Callable[[int], bool]
StreamingMode: TypeAlias = Literal["off", "on", "auto"]
Hook: TypeAlias = Callable[[Any, Any], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]]
"""`hook(event, context)`: the context manager that it returns surrounds the invocation."""
Decorator: TypeAlias = Callable[[Any], Callable[..., Any]]
"""What makes a Lambda handler of a Lambda handler."""
OnEvent: TypeAlias = Callable[[Any, Any], Any]
"""`on_event(event, context)`: its value is the result, awaited if it can be."""
Sender: TypeAlias = Literal["http", "rest", "url", "alb", "lattice", "edge", "websocket"]
"""Who sends HTTP requests: `Bridge(accepts={...})`, and `python -m bridge serve --api`."""
WebSocketBinary: TypeAlias = Literal["refuse", "base64"]
WebSocketPath: TypeAlias = str | Callable[[Event], str]


class Context(Protocol):
    """What Bridge reads of the Lambda context: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before Lambda ends the invocation."""


class Run(Protocol):
    """One request through an app: ASGI and WSGI have one each."""

    def __call__(self, request: Request, event: Event, context: Any) -> Outcome:
        """Return what came of the request. What stops the process (SystemExit, KeyboardInterrupt) passes through."""


class AsyncRun(Protocol):
    """One request through an app, on a running loop."""

    async def __call__(self, request: Request, event: Event, context: Any) -> Outcome:
        """Return what came of the request, on the running loop."""


class Source(Protocol):
    """One event format, both directions: a module of `bridge.sources`, or one of the triggers in `edge`."""

    @property
    def LIMIT(self) -> int:  # noqa: N802  (a property, so that a constant will do)
        """Return the bytes of JSON that a result may have."""

    def request(self, event: Event, /) -> Request:
        """Return the request that an event carries.

        Raises:
            RequestIncompleteError: it carries a part of one only.
        """

    def result(self, event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
        """Return the result that carries a response, in the form the sender of the event accepts."""


class CustomSource(Source, Protocol):
    """A source that a user gives: `Bridge(app, sources=[...])`. A module or an object."""

    def accepts(self, event: Any, /) -> bool:
        """Return whether an event is of this format. It is asked of every event, of any kind: any JSON value."""


class StreamingSource(Source, Protocol):
    """A source some of whose events can be answered with a stream."""

    def streams(self, event: Event) -> bool:
        """Return whether the sender of an event can take a stream, if it is set to."""

    def prelude(self, status: int, headers: ResponseHeaders, /) -> dict[str, Any]:
        """Return what a streamed response begins with, in the form the sender of the event accepts."""


class Responder(Protocol):
    """Where the answer to one invocation goes. `Bridge.respond` calls it, one call after the other.

    An answer is one `result`; or `start`, any number of `write`, and `end` or `fail`. After `start` one of the others
    comes at once, so that both can go out together. What the app is told of an exception is that the client has gone
    (`OSError`), and nothing more is called. From `start`, `write` and `end`, an OSError means just that, and is the end
    of it; other exceptions come out of `respond`.

    A call may wait as long as it likes: that is back pressure. It goes on when the app that waits for it is cancelled.
    Only a `write` (or a `start`) that still waits at the invocation's deadline is cancelled, and `fail` follows.

    A responder may have a plain method `measure` besides, which returns the bytes of JSON that a result takes. Then
    Bridge need not count them to know whether a large result fits. What was measured is what `result` gets, if it does.
    """

    async def result(self, result: Any, /) -> None:
        """Take the whole answer: a result, which becomes JSON."""

    async def start(self, content_type: str, prelude: bytes, /) -> None:
        """Begin a streamed answer.

        Args:
            content_type: of the stream as a whole.
            prelude: status and headers as JSON, with the eight zero bytes that end them.
        """

    async def write(self, data: bytes, /) -> None:
        """Take bytes of the response's body. No bytes, right after `start`: the head is to go out ahead of the body."""

    async def end(self, data: bytes, /) -> None:
        """Take the last bytes of the response's body, if there are more, and note that the stream is complete."""

    async def fail(self, error: BaseException, /) -> None:
        """Take note that the stream ends here, and is not complete."""


class SyncResponder(Protocol):
    """A `Responder` of plain functions, for `Bridge.respond_sync`."""

    def result(self, result: Any, /) -> None:
        """Take the whole answer: a result, which becomes JSON."""

    def start(self, content_type: str, prelude: bytes, /) -> None:
        """Begin a streamed answer."""

    def write(self, data: bytes, /) -> None:
        """Take bytes of the response's body."""

    def end(self, data: bytes, /) -> None:
        """Take the last bytes of the response's body, if there are more, and note that the stream is complete."""

    def fail(self, error: BaseException, /) -> None:
        """Take note that the stream ends here, and is not complete."""
