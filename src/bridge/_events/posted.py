"""Events that are no HTTP requests, as requests: the event's JSON is POSTed to one path of the app.

What the app answers goes back as the result: partial batch responses of SQS and streams, for instance.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from .. import kinds
from .._http import SINGLE, UnvouchedRequest, body as bodies, url
from ..errors import ConfigurationError, EventError, EventFailedError, ResultTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Event, Request, ResponseHeaders

HEADER = "x-bridge-event"
"""The request header that names the event's kind. Requests from outside reach the app without it."""

HOST = "localhost"
SHOWN = 200
"""Characters of a body that an error message shows."""


class Posted:
    """The source of events that are no HTTP requests.

    Args:
        path: of the app, where it takes them: "/events".

    Raises:
        ConfigurationError: that is no path, or the root, which no request could reach then.
    """

    LIMIT = 1 << 63
    """None: what counts is the value that the body stands for, and `result` measures that."""

    def __init__(self, path: str) -> None:
        if not isinstance(path, str) or not path.startswith("/") or not _is_plain(path):
            raise ConfigurationError(
                f"Bridge(events_path=...) takes a path, decoded, of one segment or more ('/events'), not {path!r}."
            )
        self.path = path

    def request(self, event: Event) -> Request:
        """Return the request that an event becomes. It comes from nowhere: no client, and `localhost` for a host.

        Raises:
            EventError: the event cannot be written as JSON, so it is not Lambda's.
        """
        import json

        try:
            body = json.dumps(event)
        except (TypeError, ValueError, RecursionError) as error:
            raise EventError(f"the event cannot be written as JSON: {error}") from error
        headers = [("host", HOST), ("content-type", "application/json"), (HEADER, kinds.kind(event))]
        path, raw_path = self.path, url.encode_path(self.path)
        request = "POST", "https", HOST, path, raw_path, "", "", "HTTP/1.1", headers, None, None, body, False
        # Who sent it could write `requestContext` too. API Gateway alone writes that of a WebSocket API.
        return request if kinds.is_websocket(event) else UnvouchedRequest(request)

    def result(self, event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Any:
        """Return the result that a response stands for: the value of its JSON; None, where it has no body.

        Raises:
            EventFailedError: the status is none of success, or the body is no JSON.
            ResultTooLargeError: Lambda's runtime could not send the result.
        """
        if not 200 <= status <= 299:
            location = f", a redirect to {headers[SINGLE]['location']!r}" if "location" in headers[SINGLE] else ""
            raise EventFailedError(f"{self._answer(event, status)}{location}: {_start(body, is_base64)}")
        if not body:
            return None
        import json

        content_type = headers[SINGLE].get("content-type", "")
        try:
            if not bodies.is_json(content_type):
                raise ValueError(f"its Content-Type is {content_type!r}")
            value = json.loads(bodies.decoded(body, is_base64))
        except ValueError as error:
            raise EventFailedError(
                f"{self._answer(event, status)}, but a result has to be JSON, or nothing, and {error}: "
                f"{_start(body, is_base64)}"
            ) from error
        if len(body) * bodies.MOST_JSON > bodies.PAYLOAD:
            size = len(json.dumps(value))
            if size > bodies.PAYLOAD:
                raise ResultTooLargeError(
                    f"the result has {size:,} bytes of JSON, and Lambda takes {bodies.PAYLOAD:,} at most"
                )
        return value

    def _answer(self, event: Event, status: int) -> str:
        return f"the app answered {status} to an event of kind {kinds.kind(event)!r} that was posted to {self.path!r}"


def _is_plain(path: str) -> bool:
    """Return whether a path has segments that all frameworks take for what they are."""
    parts = path.strip("/").split("/")
    return path.isprintable() and not set("?#%;\\") & set(path) and all(part.strip(" .") for part in parts)


def _start(body: str, is_base64: bool) -> str:
    text = bodies.decoded(body, is_base64).decode("utf-8", "replace")
    return repr(text[:SHOWN] + "..." if len(text) > SHOWN else text)
