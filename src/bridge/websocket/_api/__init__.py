"""API Gateway's connection management: how a function talks to the clients of a WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

import json
import os
from time import sleep
from urllib.parse import quote

from ...errors import ConfigurationError
from .._budget import LEAST, left
from .._errors import ConnectionGoneError, ManagementError, MessageTooLargeError, RateLimitError
from .credentials import Role, local as local_credentials
from .endpoint import Endpoint
from .sigv4 import Credentials, signed_headers
from .wire import Answer, Line, request, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext
    from typing import Any

LIMIT = 131_072
"""Bytes that a message may have."""

AGAIN = frozenset([429, 500, 502, 503, 504])
"""Statuses after which a call is tried again: those of AWS's own SDKs. After a 429 nothing has been sent; after the
others a text may reach its client twice, which is better than not at all.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""

PAUSES = (0.1, 0.4)
"""Seconds to wait before each new attempt, give or take a half."""


class ManagementAPI:
    """Sends to connections, looks at them and closes them.

    It does without boto3, with which a new process takes five times as long until its first message is out.

    Calls block; any number of threads may make them. Each keeps its TCP connection for the next one. A kept connection
    that turns out to be closed, with nothing answered, is replaced once. A 429 and errors of the server (500, 502, 503,
    504) are tried again, twice, while the event has time.

    Args:
        endpoint_url: `https://{api-id}.execute-api.{region}.amazonaws.com/{stage}`, or that of a custom domain:
            `https://{domain}/{mapping}`. Requests to an `http` URL are for a local gateway: they are signed with
            the secret that it gives its functions, or what else the environment has, or dummies.
        region: of the API; None: that in the endpoint's name, or AWS_REGION, or AWS_DEFAULT_REGION.
        credentials: to sign with, or what returns them when called; None: those of the function's role.
        timeout: seconds to wait for the connection and then for each part of the answer; less where the event that is
            being handled has less time left.

    Raises:
        ConfigurationError: `endpoint_url` is none, or nothing tells the region.
    """

    def __init__(
        self,
        endpoint_url: str,
        *,
        region: str | None = None,
        credentials: Credentials | Callable[[], Credentials] | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._idle: list[Line] = []
        self._place = Endpoint(endpoint_url)
        local = self._place.local
        self._region = region or self._place.region or ("us-east-1" if local else "")
        if not self._region:
            raise ConfigurationError(f"Nothing tells the AWS region of {endpoint_url!r}. Say it, or set AWS_REGION.")
        self._credentials: Callable[[], Credentials]
        if isinstance(credentials, Credentials):
            self._credentials = lambda: credentials
        else:
            self._credentials = credentials or (local_credentials if local else Role())
        self._timeout = timeout
        self._process = os.getpid()
        self._ssl: SSLContext | None = None

    def post(self, connection_id: str, data: str | bytes) -> None:
        """Send a message to a client.

        API Gateway sends a text frame. Bytes that are not UTF-8 would arrive as U+FFFD.

        Args:
            connection_id: as in the events, `requestContext.connectionId`.
            data: up to 131,072 bytes.

        Raises:
            MessageTooLargeError: `data` is larger. Nothing was sent.
            ConnectionGoneError: the client has left, or `$connect` has not returned yet.
            RateLimitError: still too many requests, after the last attempt.
            ManagementError: any other refusal, or no answer.
        """
        body = data.encode() if isinstance(data, str) else data
        if len(body) > LIMIT:
            raise MessageTooLargeError(
                f"A WebSocket message may have {LIMIT:,} bytes; this one, to {connection_id!r}, has {len(body):,}. "
                "Send it in parts, or a link to it."
            )
        self._accepted("POST", connection_id, body)

    def get(self, connection_id: str) -> dict[str, Any]:
        """Return what is known of a connection: `connectedAt`, `lastActiveAt` (ISO 8601), `identity`.

        It raises what `post` raises.
        """
        answer = self._accepted("GET", connection_id)
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            raise self._error(answer, "GET", connection_id) from error
        if type(found) is not dict:
            raise self._error(answer, "GET", connection_id)
        return found

    def delete(self, connection_id: str) -> None:
        """Close a connection, with code 1000; there is no way to choose another. Raises as `post`."""
        self._accepted("DELETE", connection_id)

    def close(self) -> None:
        """Close the TCP connections that are kept. The next call opens a new one."""
        while self._idle:
            self._idle.pop().close()

    __del__ = close

    def _accepted(self, method: str, connection_id: str, body: bytes = b"") -> Answer:
        if not connection_id.strip("."):  # in a path these mean something else
            raise ManagementError(f"{connection_id!r} is not the id of a connection.")
        target = f"{self._place.path}/@connections/{quote(connection_id, safe='')}"
        answer = self._answer(method, target, body)
        for pause in PAUSES:
            if answer.status not in AGAIN:
                break
            from random import uniform

            wait = pause * uniform(0.5, 1.5)  # noqa: S311 - so that many do not come back at once
            if wait >= left():
                break
            sleep(wait)
            answer = self._answer(method, target, body)
        if answer.status < 300:
            return answer
        raise self._error(answer, method, connection_id)

    def _error(self, answer: Answer, method: str, connection_id: str) -> ManagementError:
        call = f"{method} @connections/{connection_id}"
        if answer.status == 410:
            return ConnectionGoneError(
                f"The client of {connection_id!r} is not connected ({answer}): it has left, or $connect still runs."
            )
        if answer.status == 413:
            return MessageTooLargeError(f"API Gateway finds the message to {connection_id!r} too large ({answer}).")
        if answer.status == 429:
            return RateLimitError(
                f"API Gateway has refused {call} {len(PAUSES) + 1} times ({answer}): there are too many requests in "
                "the account and region, or the client reads more slowly than the app sends."
            )
        if answer.kind in ("InvalidSignatureException", "UnrecognizedClientException"):
            return ManagementError(
                f"{call} at {self._place.url} is signed with credentials that are not known there ({answer}). "
                "Where that is a local gateway, its log says what to do."
            )
        if answer.status == 403:
            return ManagementError(
                f"API Gateway does not allow {call} at {self._place.url} ({answer}). The function's role needs "
                f"execute-api:ManageConnections on {self._place.arn(self._region, method)}."
            )
        if answer.status == 400:
            return ManagementError(
                f"API Gateway does not take {connection_id!r} for the id of a connection ({answer})."
            )
        return ManagementError(f"{call} at {self._place.url} failed ({answer}).")

    def _answer(self, method: str, target: str, body: bytes) -> Answer:
        sent = request(method, target, self._headers(method, target, body), body)
        line = self._kept() or self._new()
        while True:
            kept = line.is_open
            answered = False
            try:
                found = line.exchange(method, sent, max(min(self._timeout, left()), LEAST))
                answered = True
                answer = found if isinstance(found, Answer) else whole(found)
            except BaseException as error:
                line.close()
                if kept and not answered and isinstance(error, OSError) and not isinstance(error, TimeoutError):
                    line = self._new()
                    continue
                if isinstance(error, OSError) or _is_no_http(error):
                    raise ManagementError(f"{method} at {self._place.url} got no answer: {error!r}.") from error
                raise
            if answer.closes:
                line.close()
            else:
                self._idle.append(line)
            return answer

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        return signed_headers(
            method,
            self._place.host,
            target,
            body,
            credentials=self._credentials(),
            region=self._region,
            service="execute-api",
        )

    def _kept(self) -> Line | None:
        if self._process != os.getpid():  # forked: these belong to the parent
            self._process = os.getpid()
            self.close()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _new(self) -> Line:
        place = self._place
        if place.local:
            return Line(place.name, place.port or 80, None)
        if self._ssl is None:
            from ssl import create_default_context

            self._ssl = create_default_context()
        return Line(place.name, place.port or 443, self._ssl)


def _is_no_http(error: BaseException) -> bool:
    from http.client import HTTPException

    # The last two: http.client reserves as many bytes as an answer says that it has.
    return isinstance(error, HTTPException | OverflowError | MemoryError)
