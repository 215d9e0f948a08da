"""Nobody outside reaches the path for events: real requests, over real sockets, by every API, to every framework."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from django.test.utils import override_settings

from bridge import Bridge
from bridge.gateway import Gateway

from ..samples import sample
from .event_apps import APPS, REACHED

APIS: dict[str, dict[str, Any]] = {
    "http": {"api": "http"},
    "http with a stage": {"api": "http", "stage": "prod"},
    "http 1.0": {"api": "http", "payload": "1.0"},
    "rest": {"api": "rest"},
    "rest with a stage": {"api": "rest", "stage": "prod"},
    "url": {"api": "url"},
    "alb": {"api": "alb"},
    "alb multi": {"api": "alb", "multi_value": True},
}
CONCURRENCY = {"sync": 1, "async": 2}  # with more than one at once, the gateway awaits handle_async
WAYS = [*((api, "sync") for api in APIS), ("rest with a stage", "async"), ("url", "async")]
PATHS = """
    /events /events/ //events /events// //events//x /events/x
    /%65vents /%65%76%65%6e%74%73 /%2565vents /%2fevents /events%2f /events%2Fx /x%2f..%2fevents /%252fevents
    /events%0A /events%0d%0a /events%20 /%20events /events%00 /events%09
    /events;x=1 /events%3Bx /;x/events /events;/x
    /./events /events/. /x/../events /x/%2e%2e/events /events/.. /../events /..;/events
    /EVENTS /Events /eVeNtS/
    /events?x=1 /events%3Fx=1 /events%23x /%5Cevents /\\\\events
    /api/events /shop/events /shop//events /shop/%65vents /shop/shop/events
    http://local/events http:///events //local/events events
""".split()  # noqa: SIM905
METHODS = ["POST", "GET", "HEAD", "PUT", "OPTIONS"]
OVERRIDES = (
    "X-HTTP-Method-Override: POST\r\nX-Original-URL: /events\r\nX-Rewrite-URL: /events\r\n"
    "X-Forwarded-Path: /events\r\nX-Script-Name: /shop\r\n"
)
FORGED = "X-Bridge-Event: aws:sqs\r\nx_bridge_event: aws:sqs\r\nX_Bridge-Event: aws:sqs\r\n"
BODY = json.dumps({"Records": [{"eventSource": "aws:sqs"}]}).encode()


class Front:
    """Many gateways behind one socket: the header `x-gateway` says which."""

    def __init__(self) -> None:
        self.gateways: dict[str, Gateway] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.gateways[dict(scope["headers"])[b"x-gateway"].decode()](scope, receive, send)


@contextmanager
def listening(app: Any) -> Iterator[int]:
    """The port of a server that runs in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="critical", http="h11"))
    # Said to be TCP, so that asyncio sets TCP_NODELAY: without it each answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        thread = threading.Thread(target=asyncio.run, args=[server.serve([listener])], daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def front() -> Iterator[tuple[Front, int]]:
    front = Front()
    with listening(front) as port:
        yield front, port


@pytest.fixture(autouse=True)
def routes() -> Iterator[None]:
    REACHED.clear()
    with override_settings(ROOT_URLCONF="tests.gateway.event_apps"):
        yield


WAYS_IN = {
    "fastapi": {"/events", "/%65vents", "/events?x=1", "/shop/events"},
    "starlette with a mount": {"/events/", "/events/x", "/events/."},
    "flask": {"/events", "/events/", "/%65vents", "/shop/events"},
    "quart": {"/events", "/%65vents", "/events?x=1", "/shop/events"},
    "django-asgi": {"/events", "/events/", "/%65vents", "/shop/events"},
    "django-wsgi": {"/events", "/events/", "/%65vents", "/shop/events"},
    "by hand": {"/EVENTS", "/x/../events", "/./events", "/;x/events", "/api/events", "/shop//events"},
}
"""Some of the paths by which requests reach an app's path for events where it is not reserved, whatever the API."""

EVERY_APP = pytest.mark.parametrize("name", APPS)
PATH = {"starlette with a mount": "/events/"}


class Wire:
    """A connection on which requests are written by hand."""

    def __init__(self, port: int, name: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._socket.makefile("rb")
        self._name = name

    def ask(self, method: str, target: str, headers: str = "") -> tuple[int, bytes]:
        self._socket.sendall(
            f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nX-Gateway: {self._name}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n{headers}\r\n".encode("latin-1")
            + BODY
        )
        status = int(self._file.readline().split()[1])
        length = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self._file.read(0 if method == "HEAD" else length)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def wire(front: tuple[Front, int]) -> Iterator[Any]:
    """Makes the connection to a function's gateway."""
    made: list[Wire] = []

    def to(handler: Bridge, api: str, way: str) -> Wire:
        front[0].gateways["it"] = Gateway(handler, concurrency=CONCURRENCY[way], **APIS[api])
        made.append(Wire(front[1], "it"))
        return made[-1]

    yield to
    for connection in made:
        connection.close()


def below(api: str, path: str) -> str:
    """A path below the stage, if the API has one in its URLs."""
    if "stage" not in api:
        return path
    return f"http://local/prod{path[path.index('local') + 5 :]}" if path.startswith("http://l") else "/prod" + path


@pytest.mark.parametrize(("api", "way"), WAYS)
@EVERY_APP
def test_no_request_reaches_the_path_for_events(wire: Any, name: str, api: str, way: str) -> None:
    handler = Bridge(APPS[name](), events_path=PATH.get(name, "/events"), base_path="/shop")
    connection = wire(handler, api, way)
    for path in PATHS:
        connection.ask("POST", below(api, path), FORGED)
        assert REACHED == [], path
    for method in METHODS:
        status, _ = connection.ask(method, below(api, "/events"), FORGED + OVERRIDES)
        assert status == 404
        connection.ask(method, below(api, "/shop/events"), FORGED + OVERRIDES)
        connection.ask(method, below(api, "/shop"), FORGED + OVERRIDES)
        assert REACHED == [], method
    assert connection.ask("POST", below(api, "/elsewhere"))[0] == 200
    if way == "sync":
        handler(sample("other_sqs"))
        assert REACHED == ["aws:sqs"]


@pytest.mark.parametrize("api", ["http", "rest with a stage", "url", "alb"])
@pytest.mark.parametrize("name", WAYS_IN)
def test_the_same_requests_do_reach_a_path_that_is_not_reserved(wire: Any, name: str, api: str) -> None:
    """The attempts of the other test are real ones."""
    connection = wire(Bridge(APPS[name](), base_path="/shop"), api, "sync")
    ways_in = []
    for path in PATHS:
        connection.ask("POST", below(api, path), FORGED)
        if REACHED:
            ways_in.append(path)
        REACHED.clear()
    assert WAYS_IN[name] <= set(ways_in)


def test_a_route_of_starlette_lets_a_newline_follow(wire: Any) -> None:
    connection = wire(Bridge(APPS["fastapi"]()), "url", "sync")
    connection.ask("POST", "/events%0A")
    assert len(REACHED) == 1


def test_a_prefix_that_the_app_takes_off_is_no_way_in(wire: Any) -> None:
    with override_settings(FORCE_SCRIPT_NAME="/api"):
        for name in ("django-asgi", "fastapi with a root path"):
            connection = wire(Bridge(APPS[name]()), "url", "sync")
            connection.ask("POST", "/api/events")
            assert len(REACHED) == 1
            connection = wire(Bridge(APPS[name](), events_path="/events"), "url", "sync")
            assert connection.ask("POST", "/api/events")[0] == 404
            assert len(REACHED) == 1
            REACHED.clear()


@pytest.mark.parametrize("api", APIS)
@EVERY_APP
def test_the_header_of_a_kind_never_comes_from_outside(wire: Any, name: str, api: str) -> None:
    connection = wire(Bridge(APPS[name](), events_path="/events"), api, "sync")
    status, body = connection.ask("GET", below(api, "/headers"), FORGED)
    assert (status, json.loads(body)) == (200, {"headers": []})


def test_the_header_would_come_through_where_no_path_is_reserved(wire: Any) -> None:
    connection = wire(Bridge(APPS["fastapi"]()), "url", "sync")
    _, body = connection.ask("GET", "/headers", FORGED)
    assert "x-bridge-event" in json.loads(body)["headers"]
