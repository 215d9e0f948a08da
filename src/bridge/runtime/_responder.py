"""The answer to one invocation."""

from __future__ import annotations

from ._connection import RuntimeApiError, run
from ._fault import Fault
from ._payload import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from ._api import RuntimeApi
    from ._invocation import Invocation


class InvocationResponder:
    """The answer to one invocation: a `result` in one piece, or `start`, `write`, ..., `end`.

    Attributes:
        started: whether an answer has begun.
        ended: whether the answer is complete.
        failure: why the runtime has to end. What raised it may have been kept from the worker by the app.
    """

    started = False
    ended = False
    failure: RuntimeApiError | None = None
    _is_settled = True
    """Whether the Runtime API has replied to all that was posted."""
    _measured: tuple[Any, list[bytes | str], str] | None = None
    """A result that has been measured, and what it was encoded into."""
    _held = b""
    """The head of a stream and its prelude, until something is sent after them."""

    def __init__(self, api: RuntimeApi, invocation: Invocation) -> None:
        self._api = api
        self._invocation = invocation

    async def result(self, result: Any) -> None:
        """Send the whole result.

        Raises:
            FaultError: it cannot be made into JSON. Nothing has been sent then.
        """
        if self.started:
            self._require(started=False)
        measured = self._measured
        if measured is not None and measured[0] is result:
            _, pieces, content_type = measured
        else:
            pieces, content_type = encoded(result)
        self._measured = None
        self.started = self.ended = True
        self._is_settled = False
        api = self._api
        try:
            # The reply is not waited for: `settle` takes it.
            await api.connection.post(api.result_head(self._invocation, pieces, content_type), *pieces)
        except RuntimeApiError as error:
            self.failure = error
            raise

    def measure(self, result: Any) -> int:
        """Return the bytes that a result takes. It is encoded now, and `result` sends that.

        Raises:
            FaultError: it cannot be made into JSON.
        """
        pieces, content_type = encoded(result)
        self._measured = result, pieces, content_type
        return sum(map(len, pieces))

    async def start(self, content_type: str, prelude: bytes) -> None:
        """Begin a streamed answer. It goes out with what comes next.

        Args:
            content_type: of the stream, prelude and all.
            prelude: its first bytes, if there are any before the body.
        """
        self._require(started=False)
        self.started = True
        chunk = b"%x\r\n%b\r\n" % (len(prelude), prelude) if prelude else b""
        self._held = self._api.stream_head(self._invocation, content_type) + chunk

    async def write(self, data: bytes) -> None:
        """Send a chunk, after what `start` has held back. An empty chunk sends only that.

        It waits while the receiver is slow. To cancel it does not keep the chunk from going out.
        """
        self._require(started=True)
        await self._sent(self._written(data, b""))

    async def end(self, data: bytes = b"") -> None:
        """Send the last chunk, if there is one more, and the end of a streamed answer."""
        self._require(started=True)
        await self._finish(data, b"0\r\n\r\n")

    async def fail(self, error: BaseException) -> None:
        """End a streamed answer that could not be completed: Lambda has it as an error that came midstream."""
        self._require(started=True)
        fault = Fault(error, self._invocation.request_id)
        trailers = (
            f"Lambda-Runtime-Function-Error-Type: {fault.header}\r\n"
            f"Lambda-Runtime-Function-Error-Body: {fault.trailer()}\r\n"
        )
        await self._finish(b"", b"0\r\n" + trailers.encode() + b"\r\n")

    async def settle(self) -> None:
        """Take the Runtime API's reply. The answer is on its way before, so it is the worker that waits, not the app.

        Raises:
            RuntimeApiError: the runtime is not to go on.
        """
        if not self._is_settled:
            self._is_settled = True
            await self._api.settle()

    async def _finish(self, data: bytes, last: bytes) -> None:
        self.ended = True
        self._is_settled = False
        await self._sent(self._written(data, last))

    async def _written(self, data: bytes, last: bytes) -> None:
        connection = self._api.connection
        if self._held:
            await connection.begin()
        head, self._held = self._held, b""
        if data:
            await connection.write(head + b"%x\r\n" % len(data), data, b"\r\n" + last)
        elif head or last:
            await connection.write(head + last)

    async def _sent(self, sending: Awaitable[object]) -> None:
        try:
            await sending
        except RuntimeApiError as error:
            self.failure = error
            raise

    def _require(self, *, started: bool) -> None:
        if self.ended or self.started is not started:
            state = "is complete" if self.ended else "has begun" if self.started else "has not begun"
            raise RuntimeError(f"the answer to invocation {self._invocation.request_id} {state}")


class SyncInvocationResponder:
    """The answer to one invocation for plain code, over a connection that blocks."""

    def __init__(self, responder: InvocationResponder) -> None:
        self._responder = responder

    def measure(self, result: Any) -> int:
        """Return the bytes that a result takes. It is encoded now, and `result` sends that."""
        return self._responder.measure(result)

    def result(self, result: Any) -> None:
        """Send the whole result."""
        run(self._responder.result(result))

    def start(self, content_type: str, prelude: bytes) -> None:
        """Begin a streamed answer. It goes out with what comes next."""
        run(self._responder.start(content_type, prelude))

    def write(self, data: bytes) -> None:
        """Send a chunk, after what `start` has held back. An empty chunk sends only that."""
        run(self._responder.write(data))

    def end(self, data: bytes = b"") -> None:
        """Send the last chunk, if there is one more, and the end of a streamed answer."""
        run(self._responder.end(data))

    def fail(self, error: BaseException) -> None:
        """End a streamed answer that could not be completed."""
        run(self._responder.fail(error))
