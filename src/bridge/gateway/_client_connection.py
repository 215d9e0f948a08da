"""A client's connection, as a WebSocket API knows it."""

from __future__ import annotations

import asyncio
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from secrets import token_bytes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..types import Scope, Send

MESSAGE_LIMIT = 128 * 1024
FRAME_LIMIT = 32 * 1024
"""Bytes, either way: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html."""

SLOW_SECONDS = 5.0
"""How long a client may take nothing before posts to it are refused. What AWS allows is not known."""


class GoneError(Exception):
    """There is no such connection, not yet or no longer."""


class SlowClientError(Exception):
    """The client does not read what is sent to it."""


class ClientConnection:
    """A connection from the client's request to its end.

    Attributes:
        api_id: of its API.
        id: 16 characters, the last of them "=".
        domain: host and port of the gateway.
        identity: of the client: `sourceIp`, and `userAgent` if it says one.
        authorizer: what an authorizer said of the client; in every event.
        connected: when the client came, in seconds since the epoch.
        active: the same of the last message, either way.
        is_open: whether messages can pass.
        closed: close code and reason, once the gateway has closed the connection.
    """

    api_id = "local"

    def __init__(self, scope: Scope, send: Send, source_ip: str) -> None:
        host, port = scope.get("server") or ("127.0.0.1", 80)
        headers = {name.lower(): value for name, value in scope["headers"]}
        self.id = identifier()
        self.domain = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.identity = {"sourceIp": source_ip}
        if b"user-agent" in headers:
            self.identity["userAgent"] = headers[b"user-agent"].decode("latin-1")
        self.authorizer: dict[str, str] | None = None
        self.connected = self.active = time.time()
        self.is_open = False
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._send = send
        self._started = self._active = time.monotonic()

    async def accept(self, subprotocol: str | None) -> None:
        """Open the connection.

        Raises:
            OSError: the client has left.
        """
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
        self.is_open = True
        self.touch()

    async def post(self, text: str) -> None:
        """Send a message.

        Raises:
            GoneError: it is not open.
            SlowClientError: the client has not read for too long.
        """
        if not self.is_open:
            raise GoneError
        try:
            async with asyncio.timeout(SLOW_SECONDS):
                await self._send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise SlowClientError from None
        except (OSError, RuntimeError):  # RuntimeError: the server has closed it, and its word is on the way
            raise GoneError from None
        self.touch()

    async def close(self, code: int, reason: str) -> None:
        """Close it from the gateway's side, if it is open still."""
        if self.is_open:
            self.is_open = False
            with suppress(OSError, RuntimeError):  # as in `post`; a TimeoutError is an OSError
                async with asyncio.timeout(SLOW_SECONDS):
                    await self._send({"type": "websocket.close", "code": code, "reason": reason})
            self.closed.set_result((code, reason))

    def touch(self) -> None:
        """Note that a message has passed."""
        self.active = time.time()
        self._active = time.monotonic()

    def seconds_left(self, idle_timeout: float, lifetime: float) -> float:
        """Return the seconds until it has been idle, or there, for too long."""
        now = time.monotonic()
        return min(self._active + idle_timeout, self._started + lifetime) - now


def identifier() -> str:
    """Return a new id of a connection, a message or a request, in API Gateway's form."""
    return urlsafe_b64encode(token_bytes(11)).decode()
