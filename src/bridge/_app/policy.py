"""What becomes of an app's response, and of its failure: the one policy, whatever the interface and the source."""

from __future__ import annotations

from .._http import METHOD, PATH, RESPONSE_BODY, SINGLE, STATUS, body as bodies
from .._invocation import log_error, logger, taken_context, without_own_frames
from ..errors import AppError, BridgeError, RequestIncompleteError, ResultTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..types import Event, Request, Response, ResponseHeaders, Result, Source

HEADERS_ROOM = 65_536
"""Bytes of JSON that all but the body may have before a result is measured: twice what a load balancer lets through."""

INTERNAL_SERVER_ERROR = b"Internal Server Error"
"""The body of the plain 500. No other is this very object."""


class Policy:
    """Makes results of responses, and responses of failures.

    Args:
        is_text: whether a body of a media type is to travel as text.
        raises: whether an exception in the app is Lambda's to see.
        error_headers: what Bridge's own error responses have beside their Content-Type.

    Attributes:
        note: takes note of each failure, with the status that the client gets.
    """

    def __init__(self, is_text: Callable[[str], bool], raises: bool, error_headers: ResponseHeaders) -> None:
        self._kinds = bodies.TextTypes(is_text)
        self._raises = raises
        self._error_headers = error_headers
        self.note: Callable[[BaseException | None, int], None] = _note

    def may_fail(self, status: int) -> bool:
        """Return whether a response may still turn out to be an error for Lambda, so that it must not go out yet.

        Starlette completes its page of an error and raises the exception after it.
        """
        return self._raises and status >= 500

    def check(self, request: Request, status: int) -> None:
        """Raise FailedResponseError for a response that is an error for Lambda."""

    def _is_for_lambda(self, error: BaseException, status: int) -> bool:
        return self._raises or getattr(error, "is_for_lambda", False)

    def _own_headers(self) -> ResponseHeaders:
        single, cookies, repeated = self._error_headers
        return {"content-type": "text/plain; charset=utf-8", **single}, cookies, repeated

    def result(
        self, source: Source, event: Event, request: Request, response: Response, receiver: object = None
    ) -> Result:
        """Return the result that carries a response; a 500, where it does not fit.

        Args:
            source: the event's format.
            event: the event.
            request: the request that it carries.
            response: the response.
            receiver: what gets the result next. If it has `measure`, a large result is measured by it.

        Raises:
            ResultTooLargeError: not even the 500 fits: a source of the user's has a LIMIT that is too small, or puts
                more into its results.
        """
        status, headers, body = response
        if request[METHOD] == "HEAD" or status in bodies.BODILESS:
            body = b""
            bodies.without_wrong_length(headers[SINGLE], status)
        text, is_base64 = bodies.encoded(body, headers[SINGLE], self._kinds)
        result = source.result(event, status, headers, text, is_base64)
        if len(text) * bodies.MOST_JSON > source.LIMIT - HEADERS_ROOM:
            measure = getattr(receiver, "measure", None)
            size = bodies.json_size(result, source.LIMIT) if measure is None else measure(result)
            if size > source.LIMIT:
                error = ResultTooLargeError(
                    f"the result has {size:,} bytes of JSON, and its receiver takes {source.LIMIT:,} at most"
                )
                if response[RESPONSE_BODY] is INTERNAL_SERVER_ERROR:
                    raise error
                return self.result(source, event, request, self.failure_response(request, None, error), receiver)
        return result

    def failure_response(self, request: Request, response: Response | None, error: BaseException | None) -> Response:
        """Return the response to a request whose app has failed.

        Args:
            request: the request.
            response: the app's, if it was complete nevertheless.
            error: what the app raised; None: it went on without a word.

        Raises:
            Exception: `error`, where Lambda is to see it.
        """
        __tracebackhide__ = True
        status = self.failure_status(error, named(request), None if response is None else response[STATUS])
        if response is not None:
            return response
        text = b"Gateway Timeout" if status == 504 else INTERNAL_SERVER_ERROR
        return status, self._own_headers(), text

    def failure_status(self, error: BaseException | None, subject: str, answered: int | None = None) -> int:
        """Return the status that answers a failure, and log it.

        Args:
            error: what was raised; None: the app went on without a word.
            subject: what has failed: "GET /items".
            answered: the status of the app's response, if it was complete nevertheless.

        Raises:
            Exception: `error`, where Lambda is to see it.
        """
        status = error.status if isinstance(error, BridgeError) else 500
        got = status if answered is None else answered
        if error is not None and self._is_for_lambda(error, got):
            raise exception_of(error)
        self.note(error, got)
        log_error(error, failure_line(subject, got, error, answered is not None))
        return status

    def result_of(
        self, source: Source, event: Event, request: Request, response: Response | None, error: BaseException | None
    ) -> Result:
        """Return the result of what came of a request: a response, an error, or both."""
        if error is not None or response is None:
            __tracebackhide__ = True
            response = self.failure_response(request, response, error)
        return self.result(source, event, request, response)

    def event_result(
        self, source: Source, event: Event, request: Request, response: Response | None, error: BaseException | None
    ) -> Result:
        """Return the result of an event that is no HTTP request, and was POSTed to the app.

        Raises:
            Exception: the app's own, where it has no success beside it. Without a success the invocation fails in any
                case; a queue that is answered with a 500 takes it for success.
        """
        if error is not None and (response is None or response[STATUS] >= 400):
            __tracebackhide__ = True
            raise exception_of(error)
        return self.result_of(source, event, request, response, error)

    def refused(self, source: Source, event: Event, failure: Exception) -> Result:
        """Return the result for a request that the app is not to see, because a part of it is missing.

        Args:
            source: the event's format.
            event: the event.
            failure: what `source.request` has raised.

        Raises:
            EventError: the event breaks its format.
            Exception: what a source of the user's has raised.
        """
        if isinstance(failure, RequestIncompleteError):
            self.note(failure, failure.status)
            log = logger().warning if failure.status < 500 else logger().error
            log("refused with %s: %s", failure.status, failure)
            return source.result(event, failure.status, self._own_headers(), failure.answer, False)
        from ..sources._form import event_error

        raise event_error(source, event, failure)


def _note(error: BaseException | None, status: int) -> None:
    """Take no note: requests are not observed."""


def exception_of(error: BaseException) -> Exception:
    """Return an error as Lambda is to see it. For its runtime an Exception is a failed invocation; any other ends it.

    Args:
        error: what the app raised. What is no Exception (`CancelledError`) becomes the cause of an AppError.
    """
    taken_context(without_own_frames(error))  # whoever gets the error is elsewhere
    from .late import taken_late

    taken_late(error, "")
    if isinstance(error, Exception):
        return error
    failed = AppError(f"the app raised {error!r}")
    failed.__cause__ = error
    return failed


def failure_line(subject: str, status: int, error: BaseException | None, is_complete: bool) -> str:
    """Return what the log says of a failure: what the client got, and what happened.

    Args:
        subject: what has failed.
        status: what the client got.
        error: what was raised; None: nothing was.
        is_complete: whether that was the app's own response.
    """
    from .late import taken_late

    after = taken_late(error, described(error))
    if after is not None:
        return f"{subject} answered {status}, and {after}"
    # A 5xx of the app's is, as a rule, the page of an error middleware, which raises the error again (Starlette's).
    late = ", and failed after that (a background task, or the like)" if is_complete and status < 500 else ""
    return f"{subject} answered {status}{late}: {described(error)}"


def named(request: Request) -> str:
    """Return method and path, for the log: on one line, whatever the client has put into them."""
    line = f"{request[METHOD]} {request[PATH]}"
    return line if line.isprintable() else repr(line)[1:-1]


def described(error: BaseException | None) -> str:
    """Return what an error says, on one line: "ZeroDivisionError: division by zero"."""
    if error is None:
        return "the app said nothing"
    text = str(error) if isinstance(error, BridgeError) else f"{type(error).__name__}: {error}".removesuffix(": ")
    line = text.replace("\n", " ")
    return line if line.isprintable() else repr(line)[1:-1]
