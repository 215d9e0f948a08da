"""Responses that count as errors in Lambda's metrics, by their status."""

from __future__ import annotations

from .._http import METHOD, PATH, STATUS
from ..errors import FailedResponseError
from .policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..types import Event, Request, Response, ResponseHeaders, Result, Source


class CountingPolicy(Policy):
    """A policy that raises where a response's status is one that counts: the app's, or Bridge's own for an exception.

    Args:
        is_text: whether a body of a media type is to travel as text.
        counts: whether a status counts.
        error_headers: what Bridge's own error responses have beside their Content-Type.
    """

    def __init__(
        self, is_text: Callable[[str], bool], counts: Callable[[int], bool], error_headers: ResponseHeaders
    ) -> None:
        super().__init__(is_text, False, error_headers)
        self._counts = counts

    def may_fail(self, status: int) -> bool:
        """Return whether a response is an error for Lambda, so that it must not go out."""
        return self._counts(status)

    def check(self, request: Request, status: int) -> None:
        """Raise FailedResponseError for a response that is an error for Lambda."""
        if self._counts(status):
            raise FailedResponseError(
                f"{request[METHOD]} {request[PATH]!r} was answered {status}, which Bridge(errors=...) counts"
            )

    def result(
        self, source: Source, event: Event, request: Request, response: Response, receiver: object = None
    ) -> Result:
        """Return the result that carries a response.

        Raises:
            FailedResponseError: the response counts as an error.
            ResultTooLargeError: as `Policy.result` does.
        """
        self.check(request, response[STATUS])
        return super().result(source, event, request, response, receiver)

    def _is_for_lambda(self, error: BaseException, status: int) -> bool:
        return getattr(error, "is_for_lambda", False) or self._counts(status)
