"""What clients send: bodies beyond a limit, request lines as for a proxy, JSON that is too deep."""

import asyncio
import http.client
import json
import logging
import socket
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from bridge.gateway import Gateway, Server, WebSocketGateway
from bridge.gateway._gateway import received
from bridge.gateway._incoming import PATIENCE, body, target
from bridge.gateway._routes import Selection
from bridge.types import Message

from .behind import signed

MEGABYTE = bytes(1024 * 1024)
DEEP = b"[" * 3_000_000


class Client:
    """A client that sends one megabyte after another, without end, and counts."""

    def __init__(self) -> None:
        self.sent = 0

    async def receive(self) -> Message:
        self.sent += 1
        return {"type": "http.request", "body": MEGABYTE, "more_body": True}


def scope(**changes: Any) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [], **changes}


@pytest.mark.parametrize("limit", [0, 100, 1024 * 1024, 3_000_000])
async def test_no_more_of_a_body_is_kept_than_tells_that_it_is_too_large(limit: int) -> None:
    client = Client()
    assert len(await body(Request(scope(), client.receive), limit)) == limit + 1
    assert client.sent <= (limit + PATIENCE) // len(MEGABYTE) + 2


async def test_a_body_within_the_limit_is_whole() -> None:
    pieces = [b"ab", b"", b"cde"]

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    assert await body(Request(scope(), receive), 5) == b"abcde"


@pytest.mark.parametrize("api", ["http", "rest", "url", "alb", "lattice", "edge"])
async def test_a_body_without_end_is_answered(api: Any) -> None:
    sent: list[Message] = []
    client = Client()

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(30):
        await Gateway(lambda event, context: {"statusCode": 200}, api=api)(scope(), client.receive, send)
    # CloudFront cuts a body instead, and says so to the function.
    assert sent[0]["status"] == (502 if api == "edge" else 413)
    assert client.sent < 30


def test_a_client_that_is_still_sending_reads_the_refusal() -> None:
    with Server().serving(Gateway(lambda event, context: {"statusCode": 200})) as url:
        answer = httpx.post(url, content=(MEGABYTE for _ in range(14)))
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"/a%20b", (b"/a%20b", None)),
        (b"/http://other/x", (b"/http://other/x", None)),
        (b"*", (b"*", None)),
        (b"ftp://other/x", (b"ftp://other/x", None)),
        (b"http://other/x", (b"/x", b"other")),
        (b"HTTPS://other:8000", (b"/", b"other:8000")),
    ],
)
def test_a_request_line_may_have_a_url(raw: bytes, found: tuple[bytes, bytes | None]) -> None:
    assert target(scope(raw_path=raw)) == found


def test_a_server_may_give_the_path_decoded_only() -> None:
    assert target(scope(path="/ä b")) == (b"/%C3%A4%20b", None)


async def test_the_host_of_the_request_line_counts() -> None:
    asked = scope(raw_path=b"http://other:1/x%20y", headers=[(b"host", b"local"), (b"a", b"b")])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    call = await received(Request(asked, receive), stage="$default", domain=lambda _: "d", limit=1)
    assert call.raw_path == "/x%20y"
    assert [value for name, value in call.headers if name == "host"] == ["other:1"]
    assert call.header("a") == "b"


def raw_request(url: str, text: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(text)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_absolute_form_on_a_socket() -> None:
    def handler(event: dict[str, Any], context: object) -> object:
        return {"statusCode": 200, "body": json.dumps([event["rawPath"], event["headers"]["host"]])}

    with Server().serving(Gateway(handler)) as url:
        own = raw_request(url, b"GET http://localhost/a?b=c HTTP/1.1\r\nHost: x.localhost\r\nConnection: close\r\n\r\n")
        assert own.endswith(b'["/a", "localhost"]')
        # Browsers send no such line; if one did, the Host that the guard looks at must be the one that counts.
        evil = raw_request(url, b"GET http://evil.example/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert evil.startswith(b"HTTP/1.1 403 ")


def invoke(url: str, payload: bytes, **headers: str) -> httpx.Response:
    url += "/2015-03-31/functions/f/invocations"
    return httpx.post(url, content=payload, headers={**signed("POST", url, "lambda", payload), **headers})


def test_an_event_that_is_too_deep_is_no_json() -> None:
    with Server().serving(WebSocketGateway(lambda event, context: event)) as url:
        answer = invoke(url, DEEP)
        assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
        assert invoke(url, b"1").json() == 1


def test_a_result_that_json_has_not_is_a_failure_of_the_function(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.CRITICAL, "bridge.gateway"),
        Server().serving(WebSocketGateway(lambda event, context: float("nan"))) as url,
    ):
        answer = invoke(url, b"1")
    assert (answer.status_code, answer.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert answer.json()["errorType"] == "ValueError"


def test_a_message_that_is_too_deep_takes_the_default_route() -> None:
    assert Selection("$request.body.action", ["a"]).route_key(DEEP.decode()) == "$default"


async def test_a_key_of_an_edge_result_that_is_no_text_is_the_functions_mistake() -> None:
    result = {"status": "200", "headers": {"a": [{"key": {}, "value": "b"}]}}
    transport = httpx.ASGITransport(app=Gateway(lambda event, context: result, api="edge"))
    async with httpx.AsyncClient(transport=transport, base_url="http://local") as client:
        answer = await client.get("/")
    assert (answer.status_code, "502 ERROR" in answer.text) == (502, True)


def test_bodies_that_are_refused_are_refused_in_order() -> None:
    with Server().serving(Gateway(lambda event, context: {"statusCode": 200, "body": "ok"})) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        for size, status in ((11 * 1024 * 1024, 413), (10, 200), (11 * 1024 * 1024, 413), (0, 200)):
            connection.request("POST", "/", bytes(size))
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        connection.close()
