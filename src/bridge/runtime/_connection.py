"""A connection to the Runtime API, which stays open from request to request.

Its methods are coroutines, so that all that is built on them is written once. Those of `BlockingConnection` never
suspend: `run` drives them, and no event loop is there, nor asyncio.
"""

from __future__ import annotations

import select
import socket
from abc import ABC, abstractmethod

from ..errors import BridgeError
from ._reply import MalformedError, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Coroutine, Iterable, Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")

JOINED = 65_536
"""Bytes up to which it is faster to join pieces than to write each."""

RECEIVED = 262_144
"""Bytes that are read at once."""


class RuntimeApiError(BridgeError, OSError):
    """The Runtime API's: it cannot be reached, has closed the connection, or has replied what ends a runtime."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, and return what it returns."""
    try:
        coroutine.send(None)
    except StopIteration as returned:
        value: T = returned.value
        return value
    coroutine.close()
    raise AssertionError("a coroutine that is to block has suspended")


def _parts(pieces: Iterable[bytes | str]) -> Iterator[bytes]:
    """Return pieces as they go out, one after the other. A text is encoded part by part, with what stands around it.

    So memory is used again: to ask the system for a copy of the whole takes longer than to encode and send it.
    """
    before = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            before += piece
            continue
        for at in range(0, len(piece), JOINED):
            yield before + piece[at : at + JOINED].encode("ascii")
            before = b""
    yield before


class ApiConnection(ABC):
    """What both kinds have in common: when it is opened, and when once more.

    Args:
        address: HOST:PORT, as in AWS_LAMBDA_RUNTIME_API.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._reply = Reply()

    async def exchange(self, *pieces: bytes, again: bool = False, idle: bool = False) -> Reply:
        """Send a request, and return its reply.

        Args:
            pieces: the request's bytes.
            again: whether the request may be sent twice. Where the connection was in use before and turns out to have
                been closed meanwhile, it is sent once more on a new one. So the connection is not looked at before.
            idle: whether the reply may take as long as it likes, because there is nothing to do before it has come.

        Raises:
            RuntimeApiError: there is no reply, or none that is HTTP.
        """
        reused = self.begin_again(looks=not again) or await self.begin()
        try:
            await self.write(*pieces)
            return await self.reply(idle)
        except RuntimeApiError:
            if not (again and reused and not self._reply.received):
                raise
        await self.begin()
        await self.write(*pieces)
        return await self.reply(idle)

    async def post(self, *pieces: bytes | str) -> None:
        """Send a request whose reply is asked for later, by `reply`. Of the pieces, text is ASCII.

        Raises:
            RuntimeApiError: the Runtime API cannot be reached, or the connection has ended.
        """
        if not self.begin_again():
            await self.begin()
        await self.write(*pieces)

    def begin_again(self, looks: bool = True) -> bool:
        """Prepare for a request on a connection that has been used before; return whether there is one.

        Args:
            looks: whether to make sure that the other side has kept it open.
        """
        if not self._is_open(looks):
            return False
        self._reply = Reply()
        return True

    async def begin(self) -> bool:
        """Prepare for a request; return whether the connection has been used before.

        Raises:
            RuntimeApiError: the Runtime API cannot be reached.
        """
        if self.begin_again():
            return True
        self.close()
        try:
            await self._open()
        except OSError as error:
            raise RuntimeApiError(f"cannot connect to the Runtime API at {self.address}: {error}") from error
        self._reply = Reply()
        return False

    async def write(self, *pieces: bytes | str) -> None:
        """Send bytes of the request that has begun. Returns when the other side takes more, or has replied already.

        All of it goes out, in one go, whatever becomes of who waits here: half a chunk would spoil what follows. Only
        text, which is ASCII and large, goes out in parts.

        Raises:
            RuntimeApiError: the connection has ended.
        """
        if self._reply.complete:
            return
        try:
            if len(pieces) > 1 and sum(map(len, pieces)) <= JOINED:
                await self._write(b"".join(pieces))  # type: ignore[arg-type]
            elif str in map(type, pieces):
                for part in _parts(pieces):
                    await self._write(part)
            else:
                await self._write(*pieces)  # type: ignore[arg-type]
        except OSError as error:
            # A reply that came before the request was complete says more than the connection's end.
            if not await self._replied():
                self.close()
                raise self._lost() from error

    async def reply(self, idle: bool = False) -> Reply:
        """Return the reply to the request that has been sent; `idle` as of `exchange`.

        Raises:
            RuntimeApiError: there is none, or none that is HTTP.
        """
        reply = self._reply
        if not (reply.complete or await self._replied(idle)):
            self.close()
            raise self._lost()
        if reply.closes:
            self.close()
        return reply

    def _no_http(self, error: MalformedError) -> RuntimeApiError:
        self.close()
        return RuntimeApiError(f"the Runtime API at {self.address} sent no HTTP: {error}")

    def _lost(self) -> RuntimeApiError:
        return RuntimeApiError(f"the Runtime API at {self.address} has closed the connection")

    @abstractmethod
    def close(self) -> None:
        """Close the connection. The next request opens a new one."""

    @abstractmethod
    def _is_open(self, looks: bool = True) -> bool:
        """Return whether the other side has kept the connection open, as far as is known.

        Args:
            looks: whether to ask the system too, where that takes a call of it.
        """

    @abstractmethod
    async def _open(self) -> None: ...

    @abstractmethod
    async def _write(self, *pieces: bytes) -> None: ...

    @abstractmethod
    async def _replied(self, idle: bool = False) -> bool:
        """Take what comes until the reply is complete. Return whether it is: if not, the connection has ended.

        Raises:
            RuntimeApiError: what came is no HTTP.
        """


class BlockingConnection(ApiConnection):
    """A connection that blocks the thread while it waits.

    Args:
        address: HOST:PORT.
        wait: is called before a read that may take long, and returns when there is something to read.
    """

    _socket: socket.socket | None = None
    _unsent: deque[bytes | memoryview] | None = None
    """What is to go out before anything else; None or empty here, where a write returns when all is out."""
    _broken = False
    """Whether a request has not gone out whole, so that no other can follow it."""

    def __init__(self, address: str, wait: Callable[[socket.socket], None] | None = None) -> None:
        super().__init__(address)
        self._wait = wait
        # Kept: for each read, memory of this size would be mapped and unmapped.
        self._received = memoryview(bytearray(RECEIVED))

    async def exchange(self, *pieces: bytes, again: bool = False, idle: bool = False) -> Reply:
        """Send a request, and return its reply: as of every connection."""
        connection = self._socket
        if again and connection is not None and not (self._unsent or self._broken):
            # The usual case in one go. What is not usual begins anew, which is how it may be sent twice.
            reply = self._reply = Reply()
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except OSError:
                pass
            else:
                if await self._replied(idle) and not reply.closes:
                    return reply
                if reply.received:
                    return await self.reply()
            self.close()
        return await super().exchange(*pieces, again=again, idle=idle)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _is_open(self, looks: bool = True) -> bool:
        if self._socket is None or self._broken:
            return False
        # Between requests there is nothing to read: what there is, is the other side's end or was not asked for.
        return not (looks and self._poll.poll(0))

    async def _open(self) -> None:
        host: Any = self._host.encode()  # for text, the codec for international domain names would be imported
        self._socket = socket.create_connection((host, self._port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    async def _write(self, *pieces: bytes) -> None:
        if self._socket is None:
            raise ConnectionError
        for piece in pieces:
            self._socket.sendall(piece)

    async def _replied(self, idle: bool = False) -> bool:
        connection, reply, received = self._socket, self._reply, self._received
        try:
            if self._unsent:
                self._send_rest()
            while not reply.complete:
                if connection is None:
                    return False
                if idle and self._wait is not None:
                    self._wait(connection)
                count = connection.recv_into(received)
                if not count:
                    return reply.end()
                reply.feed(received[:count])
        except MalformedError as error:
            raise self._no_http(error) from error
        except OSError:
            return False
        return True

    def _send_rest(self) -> None:
        """Send what is unsent."""
