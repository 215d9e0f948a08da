"""The events of one WebSocket connection, with texts that a client may choose, or with shapes that no sender has."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from bridge import Bridge
from bridge.errors import EventError
from bridge.types import Receive, Scope, Send
from bridge.websocket import Connections, MemoryStore

from ..samples import sample
from . import events
from .mutation import misshape, text

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def make(random: Random) -> Any:
    """Return CONNECT, MESSAGE and DISCONNECT events, and whether AWS might have sent them."""
    connect, message = sample("other_websocket_connect"), sample("other_websocket_message")
    # A store keeps a connection for two hours after this.
    connect["requestContext"]["connectedAt"] = message["requestContext"]["connectedAt"] = 4_000_000_000_000
    message["requestContext"]["connectionId"] = connect["requestContext"]["connectionId"]
    end = {"requestContext": {**message["requestContext"], "eventType": "DISCONNECT", "routeKey": "$disconnect"}}
    for lines in (connect["headers"], connect["multiValueHeaders"]):
        for name in random.choices([*lines, text(random), "Sec-WebSocket-Protocol"], k=2):
            lines[name] = text(random) if lines is connect["headers"] else [text(random), text(random)]
    if random.randrange(2):
        connect["queryStringParameters"] = {text(random): text(random)}
        connect["multiValueQueryStringParameters"] = {text(random): [text(random)]}
    connect["requestContext"]["identity"]["userAgent"] = text(random)
    message["body"] = text(random)
    end["requestContext"] |= {"disconnectStatusCode": random.choice([1000, 1001, 1005, 4999])}
    end["requestContext"]["disconnectReason"] = text(random)
    made = [connect, message, end]
    is_whole = random.randrange(2) == 0
    if not is_whole:
        at = random.randrange(3)
        made[at] = misshape(random, made[at])
    return {"events": made, "is_whole": is_whole}


def check(given: Any) -> None:
    """Send the events to an app, with a store and without one: a status each, or an EventError.

    What a client has written makes no failure.
    """
    for store in (MemoryStore(), None):
        clients = Clients()
        handler = Bridge(app, lifespan="off", connections=Connections(store, clients=clients.at))
        for event in given["events"]:
            try:
                result = handler(event, None)
            except EventError:
                assert not given["is_whole"], "a client's text made an event an EventError"
                continue
            assert 200 <= int(result["statusCode"]) <= 599
            assert not given["is_whole"] or result["statusCode"] == 200, (result, event)
        if given["is_whole"]:
            assert clients.received == [given["events"][1]["body"] + "!"]


class Clients:
    """A Management API that keeps what is posted.

    Attributes:
        received: texts.
    """

    def __init__(self) -> None:
        self.received: list[str | bytes] = []

    def at(self, url: str) -> Clients:
        """Return the Management API at an endpoint."""
        return self

    def post(self, connection_id: str, data: str | bytes) -> None:
        """Send a message."""
        self.received.append(data)

    def delete(self, connection_id: str) -> None:
        """Close a connection."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo what comes, after a look at whether the scope is what ASGI says."""
    if scope["type"] == "http":
        await events.echo(scope, receive, send)
        return
    for name, kind in (("path", str), ("raw_path", bytes), ("query_string", bytes), ("subprotocols", list)):
        assert type(scope[name]) is kind, f"{name} is {scope[name]!r}"
    assert [type(part) for part in scope["server"]] == [str, int]
    for name, line in scope["headers"]:
        assert type(name) is type(line) is bytes
        assert name == name.lower()
    assert (await receive())["type"] == "websocket.connect"
    agreed = [name for name in scope["subprotocols"] if TOKEN.fullmatch(name)]
    await send({"type": "websocket.accept", "subprotocol": agreed[0] if agreed else None})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": str(message.get("text")) + "!"})
    assert type(message["code"]) is int
    assert type(message["reason"]) is str
