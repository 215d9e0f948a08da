"""Whom a local server answers: names that a page of another site cannot have."""

import http.client
import logging
import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bridge.gateway import Gateway, Server, WebSocketGateway


def handler(event: object, context: object) -> object:
    return {"statusCode": 200, "body": "ok"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Server(hosts=["shop.example.com", "*.allowed.example"]).serving(Gateway(handler)) as url:
        yield url


def ask(url: str, host: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/", headers={"Host": host})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8000", "LOCALHOST", "app.localhost:8000", "127.0.0.1", "127.9.9.9:1", "[::1]:8000"),
        *("192.168.1.7:8000", "shop.example.com", "Shop.Example.com:443", "a.allowed.example", "a.b.allowed.example"),
    ],
)
def test_names_that_are_safe_or_allowed_are_answered(url: str, host: str) -> None:
    assert ask(url, host) == (200, "ok")


@pytest.mark.parametrize(
    "host",
    [
        *("attacker.example", "rebind.evil:80", "localhost.evil.example", "127.0.0.1.evil.example", "example.com"),
        *("x.shop.example.com", "allowed.example", "notallowed.example", "[bad"),
    ],
)
def test_other_names_are_refused_and_told_what_to_do(url: str, host: str) -> None:
    status, text = ask(url, host)
    assert status == 403
    assert "--allow-host" in text


def test_every_refusal_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with Server().serving(Gateway(handler)) as url, caplog.at_level(logging.WARNING):
        assert [ask(url, "evil.example")[0] for _ in range(3)] == [403, 403, 403]
    assert [record.getMessage() for record in caplog.records] == [
        "the host 'evil.example' was refused. If it is yours: --allow-host evil.example"
    ]


def test_all_may_be_allowed() -> None:
    with Server(hosts=["*"]).serving(Gateway(handler)) as url:
        assert ask(url, "evil.example") == (200, "ok")


def test_the_name_that_it_listens_on_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.gateway._server.listener", lambda *_: socket.create_server(("127.0.0.1", 0)))
    with Server("desk.home.example").serving(Gateway(handler)) as url:
        assert ask(url.replace("desk.home.example", "127.0.0.1"), "desk.home.example") == (200, "ok")


@pytest.mark.parametrize("origin", [None, "http://localhost:5173", "http://127.0.0.1", "https://app.example.com"])
def test_pages_from_here_may_open_a_websocket(origin: str | None) -> None:
    with Server(hosts=["app.example.com"]).serving(WebSocketGateway(handler)) as url:
        headers = {} if origin is None else {"Origin": origin}
        with connect(url.replace("http", "ws") + "/dev", additional_headers=headers) as websocket:
            assert websocket.response is not None
            assert websocket.response.status_code == 101


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost.evil.example", "file://"])
def test_pages_from_elsewhere_may_not(origin: str) -> None:
    with (
        Server().serving(WebSocketGateway(handler)) as url,
        pytest.raises(InvalidStatus, match="403"),
        connect(url.replace("http", "ws") + "/dev", additional_headers={"Origin": origin}),
    ):
        pass
