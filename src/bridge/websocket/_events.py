"""The events of a WebSocket API through an ASGI app.

Each event runs the app from the beginning: `websocket.connect` again, then what the event brings, then the end of the
run. docs/websockets.md says what that means for an app.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
"""

from __future__ import annotations

from functools import partial

from .._http import STATUS, body as bodies, to_lists
from .._invocation import deadline, logger
from ..errors import DeadlineError
from . import _greeting as greeting
from ._app_paths import path_for, websocket_paths
from ._budget import Budget, left
from ._connection import Connection
from ._connections import MANAGEMENT, Connections
from ._current import KEY
from ._errors import ConnectionGoneError, ManagementError
from ._run import WebSocketRun
from ._run.state import Phase, State
from ._scope import scope_of, snapshot
from ._threads import begin, call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable
    from typing import Any

    from .._app.asgi import ASGI
    from .._options import BridgeOptions
    from ..types import ASGIApp, Event, Message, Response, Result
    from ._sync import Management

GOODBYE_SECONDS = 3.0
"""Seconds that the app has after `websocket.disconnect`."""


class WebSockets:
    """The WebSocket side of an ASGI app.

    Args:
        asgi: the app, with its lifespan.
        options: the deployer's.
    """

    def __init__(self, asgi: ASGI, options: BridgeOptions) -> None:
        self._app: ASGIApp = options.app
        self._asgi = asgi
        self._names = options.names
        self._policy = options.policy
        self._path = path_for(self._app, options.websocket_path)
        self._binary = options.websocket_binary
        self._linger = options.websocket_linger
        self._connections = options.connections or Connections()
        self._warned = False
        self._sleepers: set[str] = set()
        self._kinds: dict[str, Callable[[Event, Any, dict[str, Any], Budget], Awaitable[Result]]] = {
            "CONNECT": self._connect,
            "MESSAGE": self._message,
            "DISCONNECT": self._disconnect,
            greeting.EVENT_TYPE: self._greet,
        }

    def result(self, event: Event, context: Any) -> Result:
        """Return the result of an event; the app runs on the process's loop."""
        results: list[Result] = []

        async def work(state: dict[str, Any]) -> None:
            results.append(await self._result(event, context, state))

        error = self._asgi.run_work(work, context)
        return results[0] if error is None else self._failed(event, error)

    async def result_async(self, event: Event, context: Any) -> Result:
        """Return the result of an event; the app runs on the caller's loop."""
        state, failure = await self._asgi.lifespans.state(deadline.seconds(context))
        return await self._result(event, context, state) if failure is None else self._failed(event, failure)

    async def _result(self, event: Event, context: Any, state: dict[str, Any]) -> Result:
        budget = Budget(context)
        budget.begin()
        try:
            return await self._kinds[event["requestContext"]["eventType"]](event, context, state, budget)
        except Exception as error:
            return self._failed(event, error)

    async def _connect(self, event: Event, context: Any, state: dict[str, Any], budget: Budget) -> Result:
        connection = self._connection(event)
        connection.begin(snapshot(event, self._path))
        run, error = await self._run(connection, None, event, context, state, budget)
        if error is not None:
            raise error
        if run.outgoing.refusal is not None:
            # A warning: Lambda writes nothing below.
            logger().warning(
                "the app has refused a WebSocket connection with %s. The connection's path was %r, which "
                "Bridge(websocket_path=...) sets; the app's WebSocket endpoints are at %s. If the path is right, it "
                "was the app's own decision about this client.",
                run.outgoing.refusal[STATUS],
                connection.snapshot["path"],
                ", ".join(websocket_paths(self._app)) or "paths that it does not tell",
            )
            return _answer(run.outgoing.refusal)
        if run.state.connection is State.CLOSED or run.state.phase is not Phase.SUSPENDED:
            logger().warning(
                "a WebSocket connection was refused with 403: the app accepted it, at the path %r, and closed it or "
                "ended before it asked for a message. An endpoint that is to talk goes on to receive(), until the "
                "client leaves.",
                connection.snapshot["path"],
            )
            return {"statusCode": 403}
        await connection.create(await self._left(event, context, run.greetings))
        return _answer((200, run.outgoing.handshake, b""))

    async def _message(self, event: Event, context: Any, state: dict[str, Any], budget: Budget) -> Result:
        connection = self._connection(event)
        if self._connections.records is None:
            connection.begin(snapshot(event, self._path))
        elif not await connection.reload():
            from ._store import MemoryStore

            logger().warning(
                "a message of a WebSocket connection that the store does not have (any more): it is closed%s",
                ". A MemoryStore is one process's own: take a DynamoDBStore, or a FileStore on your machine"
                if isinstance(self._connections.records.store, MemoryStore)
                else "",
            )
            await self._close(connection)
            return {"statusCode": 200}
        try:
            for text in await connection.greetings():
                await self._post(connection, text)
        except ConnectionGoneError:
            return {"statusCode": 200}  # its DISCONNECT is on the way
        run, error = await self._run(connection, _received(event), event, context, state, budget)
        ended = error is not None or run.state.connection is State.CLOSED or run.state.phase is not Phase.SUSPENDED
        if run.outgoing.refusal is not None:
            logger().warning(
                "the app has refused, with a message, a WebSocket connection that it had accepted: it is closed%s",
                "" if self._connections.records else ". Without a store, only $connect has the client's headers",
            )
        if ended and run.state.connection not in (State.GONE, State.LEFT):
            try:
                await self._close(connection)
            except DeadlineError as late:
                logger().error("a WebSocket connection could not be closed: %s", late)
                error = error or late
        if error is not None:
            raise error
        return {"statusCode": 200}

    async def _disconnect(self, event: Event, context: Any, state: dict[str, Any], budget: Budget) -> Result:
        connection = self._connection(event)
        if self._connections.records is None:
            connection.begin(snapshot(event, self._path))
        elif not await connection.remove():
            return {"statusCode": 200}  # the app knows, or has closed it
        request_context = event["requestContext"]
        code = request_context.get("disconnectStatusCode") or 1005
        reason = request_context.get("disconnectReason") or ""
        message = {"type": "websocket.disconnect", "code": int(code), "reason": reason}
        _, error = await self._run(connection, message, event, context, state, budget)
        if isinstance(error, DeadlineError):
            logger().warning(
                "the app had not ended %s s after websocket.disconnect, and was cancelled", GOODBYE_SECONDS
            )
        elif error is not None:
            raise error
        return {"statusCode": 200}

    async def _greet(self, event: Event, context: Any, state: dict[str, Any], budget: Budget) -> Result:
        connection = self._connection(event)
        post = partial(self._management(connection).post, connection.id)
        if not await call(MANAGEMENT, greeting.post_all, post, event["greetings"], left()):
            logger().warning("what the app has sent in $connect was not posted: the client is gone")
        return {"statusCode": 200}

    async def _left(self, event: Event, context: Any, greetings: list[str]) -> list[str]:
        """Return the greetings that are left for the first message."""
        if (
            greetings
            and self._connections.after_connect
            and await call(greeting.INVOKE, greeting.invoke, event, context, greetings)
        ):
            return []
        if greetings and self._connections.records is None and not self._warned:
            self._warned = True
            logger().warning(
                "the app sends before its first receive(). API Gateway takes nothing while a connection is being made, "
                "and there is no store to keep it: it is dropped. Connections(store) or Connections(after_connect=True)"
            )
        return greetings

    async def _run(
        self,
        connection: Connection,
        message: Message | None,
        event: Event,
        context: Any,
        state: dict[str, Any],
        budget: Budget,
    ) -> tuple[WebSocketRun, BaseException | None]:
        seconds = left()
        if message is not None and message["type"] == "websocket.disconnect":
            seconds = min(seconds, GOODBYE_SECONDS)
        scope = scope_of(connection.snapshot, event, context, state)
        scope[KEY] = connection
        run = WebSocketRun(
            *(connection, message, partial(self._post, connection), self._names),
            binary=self._binary,
            linger=min(self._linger, seconds / 2),
            sleepers=self._sleepers,
        )
        error = await run.error(self._app, scope, None if seconds == float("inf") else seconds, budget.grace)
        budget.close()
        return run, error

    async def _close(self, connection: Connection) -> None:
        await connection.remove()
        try:
            await call(MANAGEMENT, self._management(connection).delete, connection.id)
        except ConnectionGoneError:
            return
        except ManagementError as error:
            logger().error("a WebSocket connection could not be closed: %s", error)

    def _connection(self, event: Event) -> Connection:
        return Connection(event, self._connections.records, self._connections.sync.endpoint_of(event))

    def _management(self, connection: Connection) -> Management:
        return self._connections.sync.management_at(connection.endpoint_url)

    def _post(self, connection: Connection, text: str) -> Future[None]:
        return begin(MANAGEMENT, self._management(connection).post, connection.id, text)

    def _failed(self, event: Event, error: BaseException) -> Result:
        kind = event["requestContext"]["eventType"]
        return {"statusCode": self._policy.failure_status(error, f"WebSocket {kind}")}


def _received(event: Event) -> Message:
    body, is_base64 = event.get("body"), event.get("isBase64Encoded") or False
    if is_base64:
        return {"type": "websocket.receive", "bytes": bodies.decoded(body, is_base64)}
    return {"type": "websocket.receive", "text": body or ""}


def _answer(response: Response) -> Result:
    """Return the result that carries a response. It has no keys that it does not need."""
    status, headers, body = response
    single, cookies, repeated = headers
    result: Result = {"statusCode": status}
    if single:
        result["headers"] = single
    if cookies or repeated:
        result["multiValueHeaders"] = to_lists(headers)
    if body:
        result["body"], result["isBase64Encoded"] = bodies.encoded(body, single, _TEXT)
    return result


_TEXT = bodies.TextTypes(bodies.is_text)
