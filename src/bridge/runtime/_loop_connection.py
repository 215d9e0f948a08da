"""A connection to the Runtime API on asyncio's event loop."""

from __future__ import annotations

import asyncio
from collections import deque

from ._connection import ApiConnection
from ._reply import MalformedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Wire(asyncio.Protocol):
    """What has come in, and whether more may go out. One coroutine waits at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.incoming: deque[bytes] = deque()
        self.ended = False
        self.full = False
        self._waiter: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Return when something has changed."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.incoming.append(data)
        self._wake()

    def eof_received(self) -> None:
        # Not left to connection_lost: that waits until what is still to be sent has been, and nobody reads it.
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._wake()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._wake()


class LoopConnection(ApiConnection):
    """A connection that lets the loop run while it waits, and whose writes wait while the other side reads slowly."""

    _wire: _Wire | None = None

    def close(self) -> None:
        if self._wire is not None:
            self._wire.transport.abort()
            self._wire = None

    def _is_open(self, looks: bool = True) -> bool:
        return self._wire is not None and not self._wire.ended and not self._wire.incoming

    async def _open(self) -> None:
        _, self._wire = await asyncio.get_running_loop().create_connection(_Wire, self._host, self._port)

    async def _write(self, *pieces: bytes) -> None:
        wire = self._wire
        if wire is None or wire.ended:
            raise ConnectionError
        for piece in pieces:
            wire.transport.write(piece)
        while wire.full:
            await wire.wait()
            if wire.ended:
                raise ConnectionError

    async def _replied(self, idle: bool = False) -> bool:
        wire, reply = self._wire, self._reply
        try:
            while not reply.complete:
                if wire is None:
                    return False
                while not wire.incoming:
                    if wire.ended:
                        return reply.end()
                    await wire.wait()
                reply.feed(wire.incoming.popleft())
        except MalformedError as error:
            raise self._no_http(error) from error
        return True
