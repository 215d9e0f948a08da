"""One request through a WSGI app whose response goes out as the app makes it, in the calling thread.

https://peps.python.org/pep-3333/
"""

from __future__ import annotations

from time import monotonic

from ..._http import METHOD
from ..._invocation import deadline
from ...errors import AppError, DeadlineError
from ..streaming import client_has_gone
from . import FINITE, WSGIResponse, environ_of, joined, log_exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..._http import ResponseNames
    from ...types import ResponseHeaders, SyncResponder
    from ..streaming import Step, StreamedAnswer
    from . import WSGI, ExcInfo


def respond(wsgi: WSGI, answer: StreamedAnswer, context: Any, responder: SyncResponder) -> None:
    """Run a request, and have its answer go to a responder. Then close the app's iterable, whatever has happened."""
    __tracebackhide__ = True
    names = wsgi.names if answer.request[METHOD] != "HEAD" else wsgi.names.bodiless
    exchange = WSGIStreamResponse(names, answer, responder)
    environ = environ_of(answer.request, answer.event, context, wsgi.traced)
    chunks: Iterable[bytes] = ()
    error: BaseException | None = None
    try:
        try:
            chunks = wsgi.app(environ, exchange.start_response)
            exchange.take(chunks, context)
        except (SystemExit, KeyboardInterrupt) as end:
            log_exit(end)
            raise
        except BaseException as raised:
            error = raised
        exchange.settle(error)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            _close(close, answer)


class WSGIStreamResponse(WSGIResponse):
    """What one request's app says, which goes on to a responder.

    Args:
        names: what to make of the names of response headers.
        answer: the answer.
        responder: where it goes.
    """

    def __init__(self, names: ResponseNames, answer: StreamedAnswer, responder: SyncResponder) -> None:
        super().__init__(names)
        self._answer = answer
        self._responder = answer.responder = responder

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None, /
    ) -> Callable[[bytes], object]:
        """Take the status line and the headers, and return a callable that sends body bytes.

        Raises:
            AppError: as `WSGIResponse.start_response`.
            BaseException: the one of `exc_info`, where the headers have gone out (PEP 3333, "Error Handling").
            ResultTooLargeError: status and headers do not fit into a stream's prelude.
        """
        if self._answer.started and exc_info is not None and exc_info[1] is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        write = super().start_response(status, headers, exc_info)
        self._answer.open(self.status, self._opened())
        return write

    def write(self, data: bytes) -> None:
        """Send body bytes; the first take status and headers with them. Where the answer is no stream, collect them."""
        if self._answer.streams:
            self._part(data, False)
        else:
            super().write(data)

    def take(self, chunks: Iterable[bytes], context: Any) -> None:
        """Send the bytes of the app's iterable, and the end of the response after them."""
        if not self._answer.streams:
            body = joined(_until_deadline(chunks, context), self)
            headers = self._opened()
            self._take(self._answer.whole((self.status, headers, body)))
        elif type(chunks) in FINITE and len(chunks) == 1:  # type: ignore[arg-type]
            self._part(chunks[0], True)  # type: ignore[index]
        else:
            for chunk in _until_deadline(chunks, context):
                self._part(chunk, False)
            self._part(b"", True)

    def _part(self, data: bytes, last: bool) -> None:
        if not isinstance(data, bytes):
            raise AppError(f"the app sent a part of its body that is no bytes: a {type(data).__name__} (PEP 3333)")
        if data or last:
            self._opened()
            self._take(self._answer.part(data, last))

    def settle(self, error: BaseException | None) -> None:
        """Say what is left to be said when the app has ended.

        Raises:
            BaseException: what `Answer.rest` and `Answer.check` raise.
        """
        self._perform(self._answer.rest(error, _complaint))
        self._answer.check()

    def _opened(self) -> ResponseHeaders:
        if self.headers is None:
            raise _complaint()
        return self.headers

    def _take(self, steps: list[Step]) -> None:
        self._perform(steps)
        if self._answer.failure is not None:
            raise client_has_gone(self._answer.failure)

    def _perform(self, steps: list[Step]) -> None:
        try:
            for name, *arguments in steps if self._answer.failure is None else ():
                getattr(self._responder, name)(*arguments)
        except Exception as error:
            self._answer.failure = error


def _until_deadline(chunks: Iterable[bytes], context: Any) -> Iterator[bytes]:
    seconds = deadline.seconds(context)
    end = None if seconds is None else monotonic() + seconds
    chunks = iter(chunks)
    for chunk in chunks:
        yield chunk
        break  # a body of one part may be late
    for chunk in chunks:
        yield chunk
        if end is not None and monotonic() > end:
            raise DeadlineError("the invocation's time ran out before the app's iterable had ended")


def _complaint() -> AppError:
    return AppError("the app sent a body, or its end, but it had not called start_response (PEP 3333)")


def _close(close: Callable[[], object], answer: StreamedAnswer) -> None:
    try:
        close()
    except (SystemExit, KeyboardInterrupt) as end:
        log_exit(end)
        raise
    except BaseException as error:
        answer.log_close(error)
