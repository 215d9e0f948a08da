"""What an app sends in one run, in the order of the ASGI specification; and the way of texts to the client.

https://asgi.readthedocs.io/en/stable/specs/www.html#websocket
"""

from __future__ import annotations

import asyncio

from ..._http import ResponseNames, from_asgi
from ..._http.body import BODY_LIMIT, streamed_too_much
from ...errors import AppError, DeadlineError
from .._errors import ConnectionGoneError
from .state import LAST_BODY, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...types import Message, Response, ResponseHeaders, WebSocketBinary
    from .state import RunState


class Outgoing:
    """What the app has sent, apart from texts.

    Args:
        state: of the run.
        names: what to make of the names of response headers.
        binary: whether bytes are refused, or sent as base64 text.

    Attributes:
        handshake: headers for the answer to the client, when the app has accepted.
        refusal: the response that refuses the connection, when the app has sent all of it.
        end: code and reason of the end, when the app has closed or refused the connection.
    """

    def __init__(self, state: RunState, names: ResponseNames, binary: WebSocketBinary) -> None:
        self._state = state
        self._names = names
        self._binary = binary
        self.handshake: ResponseHeaders = ({}, [], {})
        self.refusal: Response | None = None
        self.end: tuple[int, str] = (1006, "")
        self._start: tuple[int, ResponseHeaders] = (403, ({}, [], {}))
        self._body = b""

    def take(self, message: Message) -> str | None:
        """Take a message. Return the text in it, if it is one for the client.

        Raises:
            AppError: the app may not send this, or not now, or a field of it has the wrong type.
        """
        kind = message["type"]
        if kind == "websocket.http.response.body" and not message.get("more_body", False):
            kind = LAST_BODY
        before, after = self._state.connection, self._state.send(kind)
        if kind == "websocket.send":
            return self._text(message)
        if kind == "websocket.accept":
            self.handshake = from_asgi(message.get("headers", ()), self._names)
            if message.get("subprotocol"):
                self.handshake[0]["Sec-WebSocket-Protocol"] = message["subprotocol"]
        elif kind == "websocket.http.response.start":
            self._start = message["status"], from_asgi(message.get("headers", ()), self._names)
        elif before is State.REFUSING:
            self._body += message.get("body", b"")
            if len(self._body) > BODY_LIMIT:
                raise streamed_too_much()
        if after is State.REFUSED:
            self.refusal = *self._start, self._body
        elif after is State.CLOSED:
            self.end = message.get("code", 1000), message.get("reason") or ""
        return None

    def _text(self, message: Message) -> str:
        text, data = message.get("text"), message.get("bytes")
        if isinstance(text, str):
            return text
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise AppError("the app sent a 'websocket.send' with neither text nor bytes")
        if self._binary == "refuse":
            raise AppError(
                "the app sent bytes, but API Gateway sends text, in which bytes that are not UTF-8 would be lost. "
                "Send text, or have bytes sent as base64 text: Bridge(app, websocket_binary='base64')."
            )
        from pybase64 import b64encode_as_string

        return b64encode_as_string(bytes(data))


class Posts:
    """Messages on their way to one client, one after the other.

    Args:
        post: begins to send a text; the app's other tasks go on meanwhile.
    """

    def __init__(self, post: Callable[[str], asyncio.Future[None]]) -> None:
        self._post = post
        self._lock = asyncio.Lock()
        self._left: list[asyncio.Future[None]] = []  # whoever sent these was cancelled

    async def add(self, text: str) -> None:
        """Post a text after those before it. To cancel the wait does not stop the post, nor let others overtake."""
        await self._lock.acquire()
        try:
            posting = self._post(text)
        except BaseException:
            self._lock.release()
            raise
        posting.add_done_callback(self._posted)
        try:
            await asyncio.shield(posting)
        except asyncio.CancelledError:
            self._left.append(posting)
            raise

    def _posted(self, posting: asyncio.Future[None]) -> None:
        self._lock.release()
        _ = posting.cancelled() or posting.exception()  # seen: the app may have been cancelled meanwhile

    @property
    def under_way(self) -> bool:
        """Return whether a text is on its way, or has its turn."""
        return self._lock.locked()

    async def done(self) -> None:
        """Return when nothing is on its way."""
        async with self._lock:
            return

    def error(self) -> BaseException | None:
        """Return why a text was not posted that nobody waits for any more; None: all were, or the client has left."""
        if not all(posting.done() for posting in self._left):
            return DeadlineError("the invocation's time ran out while a text was on its way to the client")
        errors = (posting.exception() for posting in self._left if not posting.cancelled())
        return next((error for error in errors if error and not isinstance(error, ConnectionGoneError)), None)
