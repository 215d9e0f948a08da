"""WebSocket frames as API Gateway has them: of 32 KB at most, either way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.server import ServerProtocol

from ._client_connection import FRAME_LIMIT, MESSAGE_LIMIT

if TYPE_CHECKING:
    from typing import Any


class Frames(ServerProtocol):
    """Limits to frames and messages: larger ones end a connection with 1009. What is sent is split. No compression."""

    def __init__(self) -> None:
        super().__init__(max_size=(MESSAGE_LIMIT, FRAME_LIMIT), logger=logging.getLogger("uvicorn.error"))

    def send_text(self, data: Any, fin: bool = True) -> None:
        """Send a text message, in as many frames as it takes."""
        super().send_text(data[:FRAME_LIMIT], fin and len(data) <= FRAME_LIMIT)
        for start in range(FRAME_LIMIT, len(data), FRAME_LIMIT):
            end = start + FRAME_LIMIT
            self.send_continuation(data[start:end], fin and end >= len(data))


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """The WebSocket protocol of uvicorn, with these frames."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn = Frames()

    async def send(self, message: Any) -> None:
        """Send an ASGI message. A refusal is an answer to the handshake: uvicorn would complain that there is none."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True
