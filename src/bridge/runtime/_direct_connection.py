"""A connection of a worker that is alone on an event loop, and needs the loop only where it would have to wait."""

from __future__ import annotations

import asyncio
import socket
from asyncio import _get_running_loop
from collections import deque

from ._connection import BlockingConnection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future

    from .._app.asgi.loop import Runner

AT_ONCE = socket.MSG_DONTWAIT


class DirectConnection(BlockingConnection):
    """A connection that blocks the worker while it waits, but not the app.

    The worker runs outside the loop. It blocks for short replies, and lets the loop run while there is nothing to do.
    What the app sends goes out at once, as far as there is room for it; the loop sees to the rest.

    Args:
        address: HOST:PORT.
        runner: has the loop that the app runs on.
    """

    _unsent: deque[bytes | memoryview]
    _is_watched = False
    _is_idle = False

    def __init__(self, address: str, runner: Runner) -> None:
        super().__init__(address, self._wait_on_loop)
        self._loop = runner.loop
        self._turn = runner.turn
        self._unsent = deque()
        self._flushed: Future[None] | None = None

    def close(self) -> None:
        if self._socket is not None:
            self._end_flushing(ConnectionError())
            self._unwatch(self._socket)
        self._broken = False
        super().close()

    async def _write(self, *pieces: bytes | memoryview) -> None:
        connection = self._socket
        if connection is None or self._broken:
            raise ConnectionError
        if len(pieces) == 1 and not self._unsent:
            piece = pieces[0]
            try:
                count = connection.send(piece, AT_ONCE)
            except BlockingIOError:
                count = 0
            except OSError:
                self._broken = True
                raise
            if count == len(piece):
                return
            pieces = (memoryview(piece)[count:],)
        self._unsent.extend(pieces)
        if _get_running_loop() is None:
            self._send_rest()
            return
        if self._flushed is None:
            try:
                self._send(connection)
            except OSError as error:
                self._end_flushing(error)
                raise
            if not self._unsent:
                return
            self._flushed = self._loop.create_future()
            self._loop.add_writer(connection, self._flush, connection)
            if not self._is_watched:
                self._watch(connection)
        await asyncio.shield(self._flushed)  # who waits may be cancelled, but not what is to go out

    def _wait_on_loop(self, connection: socket.socket) -> None:
        if not self._is_watched:
            self._watch(connection)
        self._is_idle = True
        try:
            while self._is_idle and not self._turn(connection):
                pass
        finally:
            self._is_idle = False

    def _watch(self, connection: socket.socket) -> None:
        self._is_watched = True
        self._loop.add_reader(connection, self._heard, connection)

    def _unwatch(self, connection: socket.socket) -> None:
        if self._is_watched:
            self._is_watched = False
            self._loop.remove_reader(connection)

    def _heard(self, connection: socket.socket) -> None:
        """Note that there is something to read, or that the other side has sent its last."""
        if self._is_idle:
            self._is_idle = False
            self._loop.stop()
            return
        self._unwatch(connection)  # until somebody reads it
        # A reply to what has not gone out whole, or nobody reads it.
        self._end_flushing(ConnectionError())

    def _send_rest(self) -> None:
        unsent = self._unsent
        while unsent and self._socket is not None:
            self._socket.sendall(unsent.popleft())
        if self._flushed is not None:
            self._end_flushing(None)

    def _send(self, connection: socket.socket) -> None:
        unsent = self._unsent
        while unsent:
            piece = unsent[0]
            try:
                count = connection.send(piece, AT_ONCE)
            except BlockingIOError:
                return
            unsent.popleft()
            if count < len(piece):
                unsent.appendleft(memoryview(piece)[count:])

    def _flush(self, connection: socket.socket) -> None:
        try:
            self._send(connection)
        except OSError as error:
            self._end_flushing(error)
        else:
            if not self._unsent:
                self._end_flushing(None)

    def _end_flushing(self, error: OSError | None) -> None:
        if error is not None and self._unsent:
            self._unsent.clear()
            self._broken = True
        flushed, self._flushed = self._flushed, None
        if flushed is None:
            return
        self._loop.remove_writer(self._socket)  # type: ignore[arg-type]
        if error is None:
            flushed.set_result(None)
        else:
            flushed.set_exception(error)
            flushed.exception()  # seen: who waited may be gone
