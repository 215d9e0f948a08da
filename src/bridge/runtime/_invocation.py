"""One invocation, as the Runtime API hands it out."""

from __future__ import annotations

from ._connection import RuntimeApiError
from ._context import InvocationContext
from ._fault import FaultError
from ._payload import decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._reply import Reply

DEADLINE_DIGITS = 18
"""Of a deadline in milliseconds: no later one fits into what computes with it."""


class Invocation:
    """What `/next` has answered.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next

    Raises:
        RuntimeApiError: the reply has no request id, so that it could not be responded to.
    """

    def __init__(self, reply: Reply) -> None:
        self._headers = headers = reply.headers
        get = headers.get
        request_id = get("lambda-runtime-aws-request-id")
        if not request_id:
            raise RuntimeApiError("the Runtime API gave an event without Lambda-Runtime-Aws-Request-Id")
        self.request_id = request_id
        self.invocation_id = get("lambda-runtime-invocation-id")
        self.trace_id = get("lambda-runtime-trace-id")
        self.tenant_id = get("lambda-runtime-aws-tenant-id")
        self._body = reply.body

    def context(self) -> InvocationContext:
        """Return the context for the handler.

        Raises:
            FaultError: what the Runtime API says of the invocation cannot be read.
        """
        text = self._headers.get("lambda-runtime-deadline-ms", "")
        if not (text.isascii() and text.isdigit() and len(text) <= DEADLINE_DIGITS):
            raise FaultError(
                "Runtime.LambdaContextUnmarshalError",
                f"Unable to parse the deadline, milliseconds since 1970: {text[:80]!r}",
            )
        return InvocationContext(self, self._headers, int(text))

    def event(self) -> Any:
        """Return the event for the handler. Ask for it once: the bytes are not kept.

        Raises:
            FaultError: it is no JSON.
        """
        body, self._body = self._body, b""
        return decoded(body, self._headers.get("content-type", "application/json"))
