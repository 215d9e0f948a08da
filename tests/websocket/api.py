"""A WebSocket API without sockets: the rules of API Gateway as functions see them."""

import base64
import itertools
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from bridge import Bridge
from bridge.websocket import ConnectionGoneError, Connections, MemoryStore, MessageTooLargeError, Store

Handler: TypeAlias = Callable[[dict[str, Any], Any], dict[str, Any]]

ENDPOINT = "https://w5s0ck3t.execute-api.eu-central-1.amazonaws.com/prod"
_ids = itertools.count(1)


class RefusedError(Exception):
    """The client's connection was refused; the function's result tells how."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.result = result
        self.status: int = result["statusCode"]


class Api:
    """An API, its clients and its Management API. `handlers` get its events in turn: each is an instance of a function.

    A post or a deletion is answered with 410 until $connect has returned, and when the client has left.
    """

    def __init__(self, *handlers: Handler, authorizer: dict[str, Any] | None = None) -> None:
        self.handlers: Iterable[Handler] = itertools.cycle(handlers)
        self.clients: dict[str, Client] = {}
        self.authorizer = authorizer
        self.context: Any = None
        self.posts = 0

    def client(self, url: str) -> "Api":
        """The Management API of one endpoint, as `Connections(clients=api.client)` wants it."""
        assert url == ENDPOINT, url
        return self

    def post(self, connection_id: str, data: str | bytes) -> None:
        self.posts += 1
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        if len(text.encode()) > 131_072:
            raise MessageTooLargeError("413")
        self._open(connection_id).received.append(text)

    def delete(self, connection_id: str) -> None:
        self._open(connection_id).closed = True

    def _open(self, connection_id: str) -> "Client":
        client = self.clients.get(connection_id)
        if client is None or not client.open or client.closed:
            raise ConnectionGoneError("410")
        return client

    def connect(
        self, *, headers: Iterable[tuple[str, str]] = (), query: Iterable[tuple[str, str]] = (), **context: Any
    ) -> "Client":
        """A client that has connected.

        Raises:
            RefusedError: the function has not let it in.
        """
        client = Client(self)
        lines = [
            ("Host", "w5s0ck3t.execute-api.eu-central-1.amazonaws.com"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
            ("User-Agent", "probe/1.0"),
            *headers,
        ]
        event: dict[str, Any] = {
            "headers": dict(lines),
            "multiValueHeaders": _multi(lines),
            **client.event("CONNECT", **context),
        }
        if query := list(query):
            event |= {"queryStringParameters": dict(query), "multiValueQueryStringParameters": _multi(query)}
        self.clients[client.id] = client
        result = self.handle(event)
        client.result = result
        if not 200 <= result["statusCode"] < 300:
            raise RefusedError(result)
        client.open = True
        return client

    def record(self) -> list[dict[str, Any]]:
        """The events that come from now on: they are answered with 200, and go no further."""
        events: list[dict[str, Any]] = []

        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            events.append(event)
            return {"statusCode": 200}

        self.handlers = itertools.repeat(handler)
        return events

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        return next(iter(self.handlers))(event, self.context)


class Client:
    """A client, as it sees its connection."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.id = f"Hx5bC{next(_ids)}="
        self.open = False
        self.closed = False
        self.result: dict[str, Any] = {}
        self.received: list[str] = []

    def event(self, kind: str, **context: Any) -> dict[str, Any]:
        request_context = {
            "routeKey": {"CONNECT": "$connect", "MESSAGE": "$default", "DISCONNECT": "$disconnect"}[kind],
            "eventType": kind,
            "stage": "prod",
            "connectedAt": 4_000_000_000_000,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "probe/1.0"},
            "domainName": "w5s0ck3t.execute-api.eu-central-1.amazonaws.com",
            "connectionId": self.id,
            "apiId": "w5s0ck3t",
            **context,
        }
        if self._api.authorizer is not None:
            request_context["authorizer"] = self._api.authorizer
        return {"requestContext": request_context, "isBase64Encoded": False}

    def message(self, body: str | bytes) -> dict[str, Any]:
        event = self.event("MESSAGE", messageId="Hx5bCMessage=")
        if isinstance(body, bytes):
            return {**event, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        return {**event, "body": body}

    def send(self, body: str | bytes) -> int:
        """The status of the function's result for a message."""
        status: int = self._api.handle(self.message(body))["statusCode"]
        return status

    def say(self, *bodies: str) -> list[str]:
        """What has come, after some messages that the function has all answered with 200."""
        assert {self.send(body) for body in bodies} <= {200}
        return self.received

    def leave(self, code: int | None = 1001, reason: str | None = "going") -> int:
        """The status of the function's result for the client's DISCONNECT."""
        self.open = False
        told = {"disconnectStatusCode": code, "disconnectReason": reason}
        event = self.event("DISCONNECT", **{name: value for name, value in told.items() if value is not None})
        event["headers"] = {"Host": "w5s0ck3t.execute-api.eu-central-1.amazonaws.com", "X-Forwarded-For": ""}
        status: int = self._api.handle(event)["statusCode"]
        return status


def api_of(
    *apps: Any,
    instances: int = 1,
    store: Store | None = None,
    kept: bool = True,
    after_connect: bool = False,
    authorizer: dict[str, Any] | None = None,
    **options: Any,
) -> Api:
    """An API in front of instances of a function: one for each app, or several that share one."""
    api = Api(authorizer=authorizer)
    store = (store or MemoryStore()) if kept else None
    options = {"lifespan": "off", **options}
    api.handlers = itertools.cycle(
        [
            Bridge(app, connections=Connections(store, clients=api.client, after_connect=after_connect), **options)
            for app in apps * instances
        ]
    )
    return api


def _multi(lines: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    multi: dict[str, list[str]] = {}
    for name, value in lines:
        multi.setdefault(name, []).append(value)
    return multi
