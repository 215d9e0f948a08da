"""One connection from beginning to end: $connect, messages, $disconnect."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._http import RESPONSE_BODY, STATUS
from ..errors import ResultError
from ..sources import _v1 as v1
from . import _forwarded as forwarded, _routes as routes
from ._authorizer import RefusedError
from ._client_connection import MESSAGE_LIMIT, ClientConnection, GoneError, SlowClientError
from ._function import TimedOutError, UninvokedError
from ._process import ProcessError

if TYPE_CHECKING:
    from asyncio import Task, TaskGroup
    from collections.abc import Mapping
    from typing import Any

    from ..types import Event, Receive, Scope, Send, Wire
    from ._authorizer import Authorizer
    from ._function import Invokable
    from ._routes import Selection

    End = tuple[int, str]

log = logging.getLogger("bridge.gateway")

INTEGRATION_SECONDS = 29.0
"""The longest the API waits for a function: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html."""

SHUTDOWN = 1012
DROPPED = 1006
"""Close codes of RFC 6455 and its registry: the server restarts; the connection ended without a close frame."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a WebSocket API's deployer sets; times in seconds."""

    stage: str
    selection: Selection
    route_response: bool
    idle_timeout: float
    lifetime: float
    api_id: str = "local"
    region: str = "us-east-1"
    account: str = "123456789012"
    variables: Mapping[str, str] = field(default_factory=dict)


class NoRouteError(Exception):
    """A message that no route takes."""


@dataclass(frozen=True)
class Failure:
    """What a client is told where a function has no response: a status for its handshake, a text for its message."""

    status: int
    message: str = "Internal server error"


class Session:
    """A client's connection and what the function is told of it.

    Args:
        function: what every event goes to.
        authorizer: what is asked first.
        settings: of the API.
        connections: those that there are, by id. This one is among them while it lasts.
    """

    def __init__(
        self,
        function: Invokable,
        authorizer: Authorizer | None,
        settings: Settings,
        connections: dict[str, ClientConnection],
    ) -> None:
        self._function = function
        self._authorizer = authorizer
        self._settings = settings
        self._stage = settings.stage
        self._connections = connections

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI WebSocket connection, until the last of its events has been handled."""
        await receive()
        connection = ClientConnection(scope, send, forwarded.client(scope))
        connection.api_id = self._settings.api_id
        self._connections[connection.id] = connection
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._read(connection, receive, tasks))
            try:
                end = await self._end(connection, scope, send, reader)
            finally:
                reader.cancel()
                connection.is_open = False
                del self._connections[connection.id]
            if end is not None:
                tasks.create_task(self._respond(routes.disconnect(connection, self._stage, *end)))

    async def _end(
        self, connection: ClientConnection, scope: Scope, send: Send, reader: Task[End | None]
    ) -> End | None:
        """Close code and reason of the connection's end; none if the function is not to hear of it."""
        status, subprotocol = await self._opening(connection, scope)
        if not 200 <= status < 300:
            await deny(send, status)
            return None
        try:
            if not reader.done():
                await connection.accept(subprotocol)
        except OSError:
            return DROPPED, ""
        ends: list[asyncio.Future[Any]] = [reader, connection.closed]
        while not any(future.done() for future in ends):
            seconds = connection.seconds_left(self._settings.idle_timeout, self._settings.lifetime)
            if seconds <= 0:
                await connection.close(1001, "Going away")
            else:
                await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        end = connection.closed.result() if connection.closed.done() else reader.result()
        if end is None:
            log.info("DISCONNECT %s is not sent: the server ends", connection.id)
        return end

    async def _read(self, connection: ClientConnection, receive: Receive, tasks: TaskGroup) -> End | None:
        """Start a task for each message; close code and reason of the client's end, or none if the server ends.

        At the end of the server nobody listens any more to what the function would tell other clients.
        """
        while (message := await receive())["type"] != "websocket.disconnect":
            connection.touch()
            text = message.get("text")
            if text is None:
                await connection.close(1003, "")
            elif len(text.encode()) > MESSAGE_LIMIT:
                await connection.close(1009, "")
            else:
                tasks.create_task(self._message(connection, text))
        if "reason" not in message:  # only servers leave it out, for ends that have no close frame
            return None if message["code"] == SHUTDOWN else (DROPPED, "")
        if message["code"] == 1005:
            return 1005, "Client-side close frame status not set"
        return message["code"], message["reason"] or ""

    async def _opening(self, connection: ClientConnection, scope: Scope) -> tuple[int, str | None]:
        """Return the status and subprotocol of the answer to the client's handshake."""
        event = routes.connect(connection, self._stage, scope)
        if self._authorizer is not None:
            try:
                connection.authorizer = await self._authorizer.context(event)
            except RefusedError as refused:
                return refused.status, None
            event["requestContext"]["authorizer"] = connection.authorizer
        response = await self._respond(event)
        if isinstance(response, Failure):
            return response.status, None
        status, lines, _ = response
        return status, next((value for name, value in lines if name.lower() == "sec-websocket-protocol"), None)

    async def _message(self, connection: ClientConnection, text: str) -> None:
        event = routes.message(connection, self._stage, self._settings.selection.route_key(text), text)
        response = await self._respond(event)
        if isinstance(response, Failure):
            context = event["requestContext"]
            ids = {name: context[name] for name in ("connectionId", "requestId")}
            answer = json.dumps({"message": response.message, **ids})
        elif self._settings.route_response:
            answer = response[RESPONSE_BODY].decode("utf-8", "replace")
        else:
            return
        with suppress(GoneError, SlowClientError):
            await connection.post(answer)

    async def _respond(self, event: Event) -> Wire | Failure:
        """Return the function's response to an event, or what the client is told instead."""
        context = event["requestContext"]
        if self._settings.variables:
            event["stageVariables"] = dict(self._settings.variables)
        what = f"{context['eventType']} {context['connectionId']}"
        started = time.perf_counter()
        try:
            result = await self._function.invoke(event, context["requestId"], INTEGRATION_SECONDS)
            if not isinstance(result, dict) or "statusCode" not in result:
                raise ResultError(f"the result must be an object with a statusCode, not {result!r:.100}")
            response = v1.response(result, http_api=True)
        except NoRouteError as error:
            log.warning("%s: %s", what, error)
            return Failure(403, "Forbidden")
        except UninvokedError as error:
            log.error("%s: %s", what, error)
            return Failure(500)
        except (TimedOutError, ResultError) as error:
            log.error("%s: %s", what, error)
        except ProcessError as error:  # its text is the function's own traceback
            log.error("%s: the function failed: %s", what, error)
        except Exception:
            log.exception("%s: the function failed", what)
        else:
            log.info("%s %s %.1f ms", what, response[STATUS], (time.perf_counter() - started) * 1000)
            return response
        return Failure(502)


async def deny(send: Send, status: int, text: str = "") -> None:
    """Answer a client's handshake with a status, and so open no connection.

    Whether a refusal's body and headers would reach the client in AWS is not known: they do not here.
    """
    body = text.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    with suppress(OSError):
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
