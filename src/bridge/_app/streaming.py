"""The answer to one HTTP event, where it goes out as the app makes it."""

from __future__ import annotations

from .._http import METHOD, RESPONSE_BODY, RESPONSE_HEADERS, SINGLE, STATUS, body as bodies
from .._invocation import log_error, logger
from . import prelude
from .policy import described, failure_line, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..types import Event, Request, Response, ResponseHeaders, Source, StreamingSource
    from .policy import Policy

    Step: TypeAlias = tuple[str, *tuple[Any, ...]]


class StreamedAnswer:
    """What has been said of an answer, and what is to be said next: in steps, which are calls of a responder.

    A step is the name of a responder's method and its arguments. That the steps are taken, and how one waits for that,
    is left to ASGI and WSGI.

    Args:
        policy: the handler's.
        source: the event's format.
        event: the event.
        request: the request that it carries.
        streaming: the source, if this answer is to be a stream; None: it is to be one result.

    Attributes:
        responder: where the answer goes; None: nowhere as yet.
        complete: whether the last step has been given out, or is in `held`.
        held: the body of a response that is kept back until it is known whether it is an error for Lambda; `rest` lets
            it go. None: nothing is kept back.
        failure: what the responder has raised: no step will be taken any more.
    """

    responder: object = None
    complete = False
    failure: Exception | None = None
    _raised: Exception | None = None
    _started = False
    held: list[bytes] | None = None
    _may_hold = True

    def __init__(
        self, policy: Policy, source: Source, event: Event, request: Request, streaming: StreamingSource | None
    ) -> None:
        self._policy = policy
        self._source = source
        self._streaming = streaming
        self.event = event
        self.request = request
        self.streams = streaming is not None

    @property
    def started(self) -> bool:
        """Return whether a stream has begun, so that its status and headers stand."""
        return self._started

    def open(self, status: int, headers: ResponseHeaders) -> None:
        """Take status and headers of a streamed response. They go out with its first part.

        Raises:
            ResultTooLargeError: they do not fit.
        """
        self._status = status
        self.held = [] if self._may_hold and self._policy.may_fail(status) else None
        self._headers = headers
        if self._streaming is not None:
            self._bodiless = self.request[METHOD] == "HEAD" or status in bodies.BODILESS
            if self._bodiless:
                bodies.without_wrong_length(headers[SINGLE], status)
            self._prelude = prelude.encoded(self._streaming.prelude(status, headers))

    def part(self, body: bytes, last: bool) -> list[Step]:
        """Return the steps that say a part of a streamed response. One without a body is over with its head."""
        steps: list[Step] = []
        if self.complete:
            return steps
        if self.held is not None:
            self.held.append(body)
            self.complete = last
            return steps
        begins = not self._started
        if begins:
            self._started = True
            steps.append(("start", prelude.CONTENT_TYPE, self._prelude))
        if last or self._bodiless:
            self.complete = True
            steps.append(("end", b"" if self._bodiless else body))
        elif body or begins:
            steps.append(("write", body))
        return steps

    def whole(self, response: Response) -> list[Step]:
        """Return the steps that say a response at once.

        None, where the source raises instead (`StatusError`): that is its result, which `check` raises when the app has
        ended. It is no failure of the app's, and the app does not hear of it.
        """
        if self.streams or (self._may_hold and self._policy.may_fail(response[STATUS])):
            self.open(response[STATUS], response[RESPONSE_HEADERS])
            return self.part(response[RESPONSE_BODY], True)
        self.complete = True
        self._status = response[STATUS]
        try:
            result = self._policy.result(self._source, self.event, self.request, response, self.responder)
        except Exception as error:
            self._raised = error
            return []
        return [("result", result)]

    def rest(self, error: BaseException | None, complaint: Callable[[], BaseException]) -> list[Step]:
        """Return the steps that are left when the app has ended. What has gone wrong is logged.

        Args:
            error: what the app raised, if it raised.
            complaint: says what is wrong if the app has not raised, and its response is not complete either.

        Raises:
            BaseException: `error`, where the handler's policy is to raise, and nothing has been said yet.
        """
        if self.failure is not None:
            if error is not None and not _stems_from(error, self.failure):
                self.log(error, "failed after its response could not be sent")
            elif self._client_has_gone():
                logger().info("%s: its client has gone: %s", named(self.request), self.failure)
            return []
        if self.held is not None:
            return self._released(self.held, error, complaint)
        if self.complete:
            if error is not None:
                log_error(error, failure_line(named(self.request), self._status, error, is_complete=True))
            return []
        error = error or complaint()
        if self._started:
            self._policy.note(error, self._status)
            self.log(error, f"failed in the middle of its response ({self._status})")
            return [("fail", error)]
        return self.whole(self._policy.failure_response(self.request, None, error))

    def _released(
        self, parts: list[bytes], error: BaseException | None, complaint: Callable[[], BaseException]
    ) -> list[Step]:
        """Return the steps that say a response that was kept back until it was known whether Lambda is to see an error.

        Raises:
            Exception: Lambda is to see it.
        """
        response: Response | None = None
        if self.complete:
            response = self._status, self._headers, b"".join(parts)
        elif error is None:
            error = complaint()
        self.held, self._may_hold, self.complete = None, False, False
        if error is not None:
            response = self._policy.failure_response(self.request, response, error)
        self._policy.check(self.request, response[STATUS])  # type: ignore[index]
        return self.whole(response)  # type: ignore[arg-type]

    def log(self, error: BaseException | None, what: str) -> None:
        """Log a failure that leaves the client with less than a response."""
        log_error(error, f"{named(self.request)} {what}: {described(error)}")

    def log_close(self, error: BaseException) -> None:
        """Log that `close` of a WSGI app's iterable has failed, which comes after a response, if there was one."""
        if self.complete and self.failure is None:
            from .late import close_failed

            error = close_failed(error, "was sent before")
            log_error(error, failure_line(named(self.request), self._status, error, is_complete=True))
        else:
            self.log(error, "failed in close() of its iterable, and its response was not complete")

    def check(self) -> None:
        """Raise what the source has raised, or the responder, unless it was that the client has gone."""
        if self._raised is not None:
            raise self._raised
        if self.failure is not None and not self._client_has_gone():
            raise self.failure

    def _client_has_gone(self) -> bool:
        return self.streams and isinstance(self.failure, OSError)


def client_has_gone(failure: Exception) -> OSError:
    """Return what an app is told that sends to nobody (ASGI, "Send": a subclass of OSError)."""
    error = ConnectionAbortedError("the response goes nowhere any more")
    error.__cause__ = failure
    return error


def _stems_from(error: BaseException | None, cause: BaseException) -> bool:
    while error is not None and error is not cause:
        error = error.__cause__ or error.__context__
    return error is cause
