"""WebSocket apps of other frameworks, behind a local WebSocket API, with real clients."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from bridge import Bridge
from bridge.gateway import Server, WebSocketGateway
from bridge.websocket import Connections, MemoryStore

from ..websocket.figures import PAGE
from . import websocket_apps as apps
from .websocket_figures import BEGIN, END, refusal_of_socket_io

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from websockets.sync.client import ClientConnection

SECONDS = 20
LINGER = 5.0
"""What an event costs whose app is not seen to have done its work."""


@pytest.fixture
def serve() -> Iterator[Any]:
    """A connected client of an app."""
    servers: list[AbstractContextManager[str]] = []

    def client(app: Any, *, subprotocols: Any = None, **options: Any) -> ClientConnection:
        handler = Bridge(app, connections=Connections(MemoryStore()), **options)
        server = Server().serving(WebSocketGateway(handler))
        servers.append(server)
        return connect(server.__enter__().replace("http", "ws", 1) + "/dev", subprotocols=subprotocols)

    yield client
    for server in servers:
        server.__exit__(None, None, None)


def said(client: ClientConnection, *texts: str) -> list[str | bytes]:
    """What comes back for each of some texts, in less time than lingering would take."""
    started = time.monotonic()
    answers = []
    for text in texts:
        client.send(text)
        answers.append(client.recv(timeout=SECONDS))
    assert time.monotonic() - started < LINGER
    return answers


class Ends:
    """Says when an endpoint has come to its end."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def wait(self, *what: str) -> None:
        """Until all of this has been said."""
        end = time.monotonic() + SECONDS
        while Counter(what) - Counter(self.seen):
            assert time.monotonic() < end, self.seen
            time.sleep(0.01)


EVERY = [*range(len(apps.APPS))]
NAMES = [app.make.__name__ for app in apps.APPS]


@pytest.mark.parametrize("number", EVERY, ids=NAMES)
def test_every_message_is_answered_at_once_and_the_goodbye_is_said(serve: Any, number: int) -> None:
    app, ends = apps.APPS[number], Ends()
    with serve(app.make(ends.seen), subprotocols=app.subprotocols or None) as client:
        answers = said(client, *(app.message(number) for number in range(3)))
        assert [app.key(answer) for answer in answers] == [app.answer(number) for number in range(3)]
        if app.make is apps.fastapi_dependencies:  # their teardown belongs to each event: CONNECT, and three messages
            ends.wait(*["transaction ended", "session closed"] * 4)
        else:
            assert ends.seen == []
    if app.make is apps.fastapi_dependencies:
        ends.wait(*["transaction ended", "session closed"] * 5)
    elif app.speaks == "text":
        ends.wait("left")


def test_the_page_has_every_app_with_nothing_lost_and_no_time_wasted() -> None:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    *rows, socket_io = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [app.name for app in apps.APPS]
    for _, reply, *billed, lost in rows:
        assert lost == "0"
        assert all(float(each) < 50 for each in (reply, *billed))
    assert "refused with 403" in socket_io[0]


@pytest.mark.parametrize("library", ["strawberry", "ariadne"])
def test_graphql_transport_ws_is_greeted_and_then_closed(serve: Any, library: str) -> None:
    app = getattr(apps, library)([])
    with serve(app, subprotocols=["graphql-transport-ws"]) as client:
        assert client.subprotocol == "graphql-transport-ws"
        client.send(json.dumps({"type": "connection_init"}))
        assert json.loads(client.recv(timeout=SECONDS))["type"] == "connection_ack"
        # That it has acknowledged is in a variable, which has ended with the event: to the app this is a stranger.
        client.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ hello }"}}))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=SECONDS)


def test_socket_io_is_refused_since_it_wants_an_http_upgrade() -> None:
    assert refusal_of_socket_io().startswith("refused with 403")


@pytest.mark.parametrize("queue", [4, 0])
def test_falcon_may_queue_messages_or_not(serve: Any, queue: int) -> None:
    app = apps.falcon([])
    app.ws_options.max_receive_queue = queue
    with serve(app) as client:
        assert said(client, "a", "b", "c") == ["A", "B", "C"]
