"""The two channels of one ASGI request.

https://asgi.readthedocs.io/en/stable/specs/www.html
"""

from __future__ import annotations

import asyncio

from ..._http import ResponseNames, from_asgi
from ..._http.body import BODY_LIMIT, streamed_too_much
from ...errors import AppError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...types import Message, Response, ResponseHeaders


class Cycle:
    """The two channels of one request: what the app receives, and what it has sent so far.

    Attributes:
        response: the response, when it is complete.
        status: its status, once the app has sent it.
    """

    __slots__ = ("__weakref__", "_body", "_chunks", "_done", "_headers", "_names", "_size", "response", "status")

    answered = False
    """Whether the response is on its way out, though the app goes on."""
    limit: float = BODY_LIMIT
    """Bytes of body after which a response is too large to be sent."""

    def __init__(self, body: bytes, names: ResponseNames) -> None:
        self._body: bytes | None = body
        self._names = names
        self._headers: ResponseHeaders | None = None
        self._chunks: list[bytes] | None = None
        self._done: asyncio.Event | None = None
        self.response: Response | None = None
        self.status = 0

    async def receive(self) -> Message:
        """Return the request's body, once; then, when the response is complete, `http.disconnect`."""
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
            given, names = message["status"], self._names
            try:
                status = _STATUSES[given | 0]
            except (KeyError, TypeError):
                status = _not_modified(given)
                names = names.bodiless
            self._headers = from_asgi(message.get("headers", ()), names)
            self.status = status
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
            if self._size > self.limit:
                raise streamed_too_much()
            if message.get("more_body", False):
                return
            body = b"".join(self._chunks)
        self.response = (self.status, self._headers, body)
        if self._done is not None:
            self._done.set()

    def complaint(self) -> AppError:
        """Return what to say of an app that has ended without an error and without a complete response."""
        sent = "nothing" if self._headers is None else "a response without an end (more_body was true to the last)"
        return AppError(f"the app returned, but it had sent {sent}")


_STATUSES = {status: status for status in range(200, 600) if status != 304}
"""The statuses that need no thought. To add no bit to one makes an int of an `HTTPStatus`, and an error of a float."""


def _not_modified(status: object) -> int:
    if status == 304 and isinstance(status, int):
        return 304
    # API Gateway answers 502 to any other. 1xx is no status of a response that ends there (RFC 9110 section 15.2).
    raise AppError(f"the app sent a status that is no int from 200 to 599: {status!r}") from None


def _bytes(body: object) -> bytes:
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise AppError(f"the app sent a body that is no bytes: a {type(body).__name__}")
