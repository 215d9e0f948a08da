"""What an app sends in one run, and where that goes.

https://asgi.readthedocs.io/en/stable/specs/www.html#websocket
"""

from __future__ import annotations

import asyncio

from ..._http import ResponseNames, from_asgi
from ..._http.body import BODY_LIMIT, streamed_too_much
from ...errors import AppError
from .._errors import StaleWebSocketError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from ...types import Message, Response, ResponseHeaders, WebSocketBinary

    Take: TypeAlias = Callable[[str], Awaitable[None]]

STALE = (
    "This WebSocket object belongs to an event that is over. On Lambda every message runs the app anew, maybe in "
    "another process, so an object that is kept for the next message reaches nobody. To reach other clients, keep "
    "their connection ids, or use groups: connections.send(connection_id, text), connections.broadcast(group, text)."
)


class Outgoing:
    """The sending channel of one run.

    Args:
        take: takes the texts that the app sends to the client.
        names: what to make of the names of response headers.
        binary: whether bytes are refused, or sent as base64 text.
        on_close: is called when the app closes the connection, or refuses it.

    Attributes:
        take: as given; may be replaced.
        accepted: whether the app has accepted the connection.
        handshake: headers for the answer to the client, when it has.
        refusal: the response that refuses the connection, when the app has sent all of it.
        closed: whether the app has closed the connection, after it had accepted it.
        silent: whether what comes is dropped without a word: the run is about to end.
        over: whether the run has ended.
    """

    def __init__(
        self, take: Take, names: ResponseNames, binary: WebSocketBinary, on_close: Callable[[int, str], None]
    ) -> None:
        self.take = take
        self._names = names
        self._binary = binary
        self._on_close = on_close
        self.accepted = False
        self.handshake: ResponseHeaders = ({}, [], {})
        self.refusal: Response | None = None
        self.closed = False
        self.silent = False
        self.over = False
        self._start: tuple[int, ResponseHeaders] | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Take a message, in the order of the ASGI specification.

        Raises:
            AppError: another message, another order, or a field of the wrong type.
            ConnectionGoneError: the client has left.
            MessageTooLargeError, ManagementError: API Gateway does not take the message.
            StaleWebSocketError: the run is over.
        """
        if self.over:
            raise StaleWebSocketError(STALE)
        if self.silent:
            return
        kind = message["type"]
        if self.refusal is not None or self.closed:
            raise AppError(f"the app sent {kind!r} after it had closed or refused the connection")
        if not self.accepted:
            self._open(kind, message)
        elif kind == "websocket.send":
            await self.take(self._text(message))
        elif kind == "websocket.close":
            self.closed = True
            self._on_close(message.get("code", 1000), message.get("reason") or "")
        else:
            raise AppError(f"the app sent {kind!r}; expected 'websocket.send' or 'websocket.close'")

    def _open(self, kind: str, message: Message) -> None:
        if self._start is not None:
            self._refuse(kind, message)
        elif kind == "websocket.accept":
            self.handshake = from_asgi(message.get("headers", ()), self._names)
            if message.get("subprotocol"):
                self.handshake[0]["Sec-WebSocket-Protocol"] = message["subprotocol"]
            self.accepted = True
        elif kind == "websocket.close":
            self.refusal = 403, ({}, [], {}), b""
            self._on_close(1006, "")
        elif kind == "websocket.http.response.start":
            self._start = message["status"], from_asgi(message.get("headers", ()), self._names)
        else:
            raise AppError(
                f"the app sent {kind!r}; expected 'websocket.accept', 'websocket.close' or "
                "'websocket.http.response.start'"
            )

    def _refuse(self, kind: str, message: Message) -> None:
        if self._start is None or kind != "websocket.http.response.body":
            raise AppError(f"the app sent {kind!r}; expected 'websocket.http.response.body'")
        self._body += message.get("body", b"")
        if len(self._body) > BODY_LIMIT:
            raise streamed_too_much()
        if not message.get("more_body", False):
            self.refusal = *self._start, self._body
            self._on_close(1006, "")

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
    """Messages on their way to one client, one after the other, each in a thread.

    A post takes milliseconds and `asyncio.to_thread` a tenth of one: while it lasts, the app's other tasks go on.
    """

    def __init__(self, post: Callable[[str], None]) -> None:
        self._post = post
        self._lock = asyncio.Lock()

    async def add(self, text: str) -> None:
        """Post a text after those before it. To cancel the wait does not stop the post, nor let others overtake."""
        await self._lock.acquire()
        posting = asyncio.ensure_future(asyncio.to_thread(self._post, text))
        posting.add_done_callback(self._posted)
        await asyncio.shield(posting)

    def _posted(self, posting: asyncio.Future[None]) -> None:
        self._lock.release()
        _ = posting.cancelled() or posting.exception()  # seen: the app may have been cancelled meanwhile

    async def done(self) -> None:
        """Return when nothing is on its way."""
        async with self._lock:
            return
