"""Streamed answers through the gateway: over HTTP as they are made, and with AWS's own strictness."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import wrapt

from bridge import Bridge
from bridge._app.prelude import CONTENT_TYPE
from bridge.errors import ConfigurationError
from bridge.gateway import Gateway
from bridge.types import Message

from ..apps import Asgi, Reply, StartResponse, Wsgi
from . import streamed
from .serving import Server, serving
from .test_gateway import ask, no_body, scope

NULS = bytes(8)
SECONDS = 20
APIS = ["url", "rest"]
every_api = pytest.mark.parametrize("api", APIS)
FAILED = {"url": (502, "Internal Server Error"), "rest": (502, '{"message": "Internal server error"}')}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "bridge.gateway")
    return caplog


# ---------------------------------------------------------------- over HTTP

SERVERS = {
    "url": ["app", "--api", "url"],
    "rest": ["app", "--api", "rest", "--stage", "prod"],
    "wsgi": ["flask", "--api", "url"],
    "buffered": ["buffered", "--api", "url"],
    "short": ["app", "--api", "url", "--timeout", "2"],
}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                serving(f"tests.gateway.streamed:{target}", "--streaming", "--concurrency", "4", *arguments)
            )
            for name, (target, *arguments) in SERVERS.items()
        }


Open = Callable[[str], httpx.Client]


@pytest.fixture
def open_client(servers: dict[str, Server]) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(httpx.Client(base_url=servers[name].url, timeout=SECONDS))


def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server does by itself."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end


@pytest.mark.parametrize("name", ["url", "rest", "wsgi"])
def test_a_client_has_each_part_before_the_next_one_is_made(open_client: Open, name: str) -> None:
    client = open_client(name)
    seen: list[str] = []
    with client.stream("GET", "stream") as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["transfer-encoding"] == "chunked"
        for part in response.iter_text():
            seen.append(part)
            assert client.get("ask").status_code == 200  # the app makes no other part before it is asked
    assert seen == streamed.TICKS


def test_work_after_the_answer_does_not_keep_the_client(open_client: Open) -> None:
    client = open_client("url")
    assert client.get("then").text == "answered"
    assert "worked" not in client.get("noted").text
    client.get("ask")
    until(lambda: "worked" in client.get("noted").text)


def test_a_stream_that_fails_breaks_off(open_client: Open, servers: dict[str, Server]) -> None:
    client = open_client("url")
    with client.stream("GET", "broken") as response:
        parts = response.iter_bytes()
        assert next(parts) == b"part"
        client.get("ask")
        with pytest.raises(httpx.RemoteProtocolError):
            next(parts)
    servers["url"].wait_for("GET /broken: the stream failed: ZeroDivisionError")


def test_a_stream_that_takes_too_long_breaks_off(open_client: Open) -> None:
    with open_client("short").stream("GET", "stream") as response:
        parts = response.iter_bytes()
        assert next(parts) == b"tick 0\n"
        with pytest.raises(httpx.RemoteProtocolError):
            next(parts)


def test_a_client_that_leaves_does_not_end_the_function(open_client: Open, servers: dict[str, Server]) -> None:
    url = urlsplit(servers["rest"].url)
    client = open_client("rest")
    assert url.hostname
    assert url.port
    before = client.get("noted").text.split().count("ended")
    with socket.create_connection((url.hostname, url.port), timeout=SECONDS) as connection:
        connection.sendall(f"GET {url.path}stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received = b""
        while b"tick 0\n" not in received:
            received += connection.recv(1000)
    for _ in streamed.TICKS:
        assert client.get("noted").text.split().count("ended") == before
        client.get("ask")
    until(lambda: client.get("noted").text.split().count("ended") > before)


def test_a_bridge_that_does_not_stream_shows_its_result(open_client: Open) -> None:
    response = open_client("buffered").get("noted")
    assert response.status_code == 200
    assert response.json()["statusCode"] == 200
    assert response.json()["isBase64Encoded"] is False


def test_a_head_request(open_client: Open) -> None:
    response = open_client("url").head("noted")
    assert (response.status_code, response.content) == (200, b"")


# ---------------------------------------------------------------- what handlers give


@every_api
@pytest.mark.parametrize("app", [Asgi, Wsgi])
async def test_a_response_arrives_as_it_was_given(api: Any, app: type[Asgi] | type[Wsgi]) -> None:
    reply = Reply(status=201, headers=[("x-a", b"1"), ("set-cookie", b"a=1"), ("set-cookie", b"b=2")], body=b"\xff\x00")
    handler = Bridge(app(reply), streaming="on")
    response = await ask(Gateway(handler, api=api, streaming=True))
    assert (response.status_code, response.content) == (201, b"\xff\x00")
    assert response.headers["x-a"] == "1"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "content-length" not in response.headers
    await handler.shutdown()


@pytest.mark.parametrize("status", [204, 304])
async def test_a_response_without_a_body_has_none(status: int) -> None:
    handler = Bridge(Wsgi(Reply(status=status, body=b"")), streaming="on")
    response = await ask(Gateway(handler, api="url", streaming=True))
    assert (response.status_code, response.content) == (status, b"")


async def test_an_asgi_app_runs_on_the_gateways_loop_and_a_wsgi_app_in_a_thread() -> None:
    seen: list[object] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        seen.append(asyncio.get_running_loop())
        await Asgi()(scope, receive, send)

    def wsgi(environ: Any, start_response: StartResponse) -> Any:
        seen.append(threading.current_thread().name)
        return Wsgi()(environ, start_response)

    for app in (asgi, wsgi):
        handler = Bridge(app, lifespan="off", streaming="on")
        assert (await ask(Gateway(handler, api="url", streaming=True))).text == "ok"
    assert seen == [asyncio.get_running_loop(), "bridge-gateway"]


async def test_the_gateways_shutdown_is_the_apps() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await Asgi()(scope, receive, send)
            return
        for word in ("startup", "shutdown"):
            await receive()
            seen.append(word)
            await send({"type": f"lifespan.{word}.complete"})

    gateway = Gateway(Bridge(app, streaming="on"), api="url", streaming=True)
    await ask(gateway)
    assert seen == ["startup"]

    async def receive() -> Message:
        return {"type": "lifespan.any"}

    async def send(message: Message) -> None: ...

    await gateway({"type": "lifespan"}, receive, send)
    assert seen == ["startup", "shutdown"]


def plain(event: Any, context: Any) -> Any:
    """A handler that is no Bridge."""
    return {"statusCode": 404, "body": "ä"}


async def test_a_result_where_a_function_url_expects_a_stream_is_shown_as_it_is() -> None:
    response = await ask(Gateway(plain, api="url", streaming=True))
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == {"statusCode": 404, "body": "ä"}


async def test_a_result_where_a_rest_api_expects_a_stream_is_refused(log: pytest.LogCaptureFixture) -> None:
    response = await ask(Gateway(plain, api="rest", streaming=True))
    assert (response.status_code, response.text) == FAILED["rest"]
    assert "the API expects a stream" in log.text


async def test_a_wsgi_bridge_that_does_not_stream_shows_its_result() -> None:
    response = await ask(Gateway(Bridge(Wsgi()), api="url", streaming=True))
    assert response.json()["body"] == "ok"


async def test_a_stream_that_fails_in_a_thread_breaks_off(log: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        raise ZeroDivisionError

    sent = Sent()
    await Gateway(Bridge(app, streaming="on"), api="url", streaming=True)(scope(), no_body(), sent)
    assert [message.get("body") for message in sent] == [None, b"a"]
    assert "the stream failed: ZeroDivisionError" in log.text


@every_api
async def test_a_function_that_raises_is_answered_for(api: Any, log: pytest.LogCaptureFixture) -> None:
    def raises(event: Any, context: Any) -> Any:
        raise ZeroDivisionError

    response = await ask(Gateway(raises, api=api, streaming=True))
    assert (response.status_code, response.text) == FAILED[api]
    assert "the function failed" in log.text


class Streaming:
    """A handler that streams what it is told, with all the steps of it."""

    is_asgi = True

    def __init__(self, *writes: bytes, ends: bool = True, last: bytes = b"", then: BaseException | None = None) -> None:
        self._writes = writes
        self._ends = ends
        self._last = last
        self._then = then

    def __call__(self, event: Any, context: Any) -> Any:
        raise AssertionError

    async def respond(self, event: Any, context: Any, responder: Any) -> None:
        await responder.start(CONTENT_TYPE, b"")
        for data in self._writes:
            await responder.write(data)
        if self._then is not None:
            await responder.fail(self._then)
        elif self._ends:
            await responder.end(self._last)


def head(**keys: Any) -> bytes:
    return json.dumps(keys).encode()


@every_api
@pytest.mark.parametrize("size", [1, 3, 90, 1000])
@pytest.mark.parametrize("ends_with_bytes", [False, True])
async def test_a_prelude_may_come_in_pieces(api: Any, size: int, ends_with_bytes: bool) -> None:
    data = head(statusCode=202, headers={"x-a": "1"}, cookies=["a=1"]) + NULS + b"body" + NULS + b"more"
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    last = pieces.pop() if ends_with_bytes else b""
    response = await ask(Gateway(Streaming(*pieces, last=last), api=api, streaming=True))
    assert (response.status_code, response.content) == (202, b"body" + NULS + b"more")
    assert (response.headers["x-a"], response.headers["set-cookie"]) == ("1", "a=1")


@every_api
@pytest.mark.parametrize(
    "data",
    [
        b"",
        head(statusCode=200),
        head(statusCode=200) + NULS[1:] + b"x",
        b"{" + NULS,
        b"\xff" + NULS,
        NULS,
        b"[]" + NULS,
        head(statusCode=200, body="x") + NULS,
        head(statusCode=200, isBase64Encoded=False) + NULS,
        head(statusCode="many") + NULS,
        head(statusCode=99) + NULS,
        head(statusCode=200, headers=["x"]) + NULS,
        head(statusCode=200, headers={"a b": "1"}) + NULS,
        head(statusCode=200, cookies="a=1") + NULS,
        head(statusCode=200, headers={"x": "y" * 17_000}) + NULS,
    ],
    ids=lambda data: repr(data[:40]),
)
async def test_a_stream_without_a_proper_prelude_is_refused(
    api: Any, data: bytes, log: pytest.LogCaptureFixture
) -> None:
    for streaming in (Streaming(data, b"and", b"more"), Streaming(last=data)):
        log.clear()
        response = await ask(Gateway(streaming, api=api, streaming=True))
        assert (response.status_code, response.text) == FAILED[api]
        assert len([record for record in log.records if record.levelname == "ERROR"]) == 1


@every_api
@pytest.mark.parametrize("more", [0, 1])
async def test_the_delimiter_is_within_the_first_16_kb(api: Any, more: int) -> None:
    around = len(head(headers={"x": ""})) + len(NULS)
    data = head(headers={"x": "y" * (16_384 - around + more)}) + NULS
    response = await ask(Gateway(Streaming(data), api=api, streaming=True))
    assert response.status_code == (502 if more else 200)


@pytest.mark.parametrize("key", ["multiValueHeaders", "cookies"])
async def test_keys_of_one_api_are_not_those_of_another(key: str) -> None:
    value: object = {"x": ["1"]} if key == "multiValueHeaders" else ["a=1"]
    data = head(**{key: value}) + NULS
    statuses = [(await ask(Gateway(Streaming(data), api=api, streaming=True))).status_code for api in ("rest", "url")]
    assert statuses == ([200, 502] if key == "multiValueHeaders" else [200, 200])


@every_api
async def test_a_stream_that_fails_before_its_head_is_answered_for(api: Any) -> None:
    response = await ask(Gateway(Streaming(then=ZeroDivisionError()), api=api, streaming=True))
    assert (response.status_code, response.text) == FAILED[api]


async def test_a_response_without_a_body_drops_what_is_written() -> None:
    handler = Streaming(head(statusCode=204) + NULS + b"x", b"y")
    response = await ask(Gateway(handler, api="url", streaming=True))
    assert (response.status_code, response.content) == (204, b"")


async def test_a_function_that_says_nothing_has_no_status(log: pytest.LogCaptureFixture) -> None:
    class Silent(Streaming):
        async def respond(self, event: Any, context: Any, responder: Any) -> None: ...

    response = await ask(Gateway(Silent(), api="url", streaming=True))
    assert (response.status_code, response.text) == FAILED["url"]
    assert "the function gave no answer" in log.text


# ---------------------------------------------------------------- time and clients


class Sent(list[Message]):
    def __init__(self, leaves_after: int = 1000) -> None:
        self._leaves_after = leaves_after

    async def __call__(self, message: Message) -> None:
        if len(self) == self._leaves_after:
            raise ConnectionResetError
        self.append(message)


async def test_a_server_that_says_the_client_has_gone_is_not_passed_on() -> None:
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            seen.append(number)
        await send({"type": "http.response.body"})

    sent = Sent(leaves_after=1)
    handler = Bridge(app, lifespan="off", streaming="on")
    await Gateway(handler, api="url", streaming=True)(scope(), no_body(), sent)
    assert len(sent) == 1
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(("api", "status"), [("url", 502), ("rest", 502)])
async def test_a_function_that_does_not_begin_in_time_is_answered_for(
    api: Any, status: int, log: pytest.LogCaptureFixture
) -> None:
    class Slow(Streaming):
        async def respond(self, event: Any, context: Any, responder: Any) -> None:
            await asyncio.sleep(SECONDS)

    response = await ask(Gateway(Slow(), api=api, streaming=True, timeout=0.05))
    assert response.status_code == status
    assert "took longer than 0.05 s" in log.text


async def test_a_thread_whose_time_is_over_is_told_at_its_next_step() -> None:
    over = threading.Event()
    told = threading.Event()

    def app(environ: Any, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        over.wait(SECONDS)
        try:
            yield b"b"
        finally:
            told.set()

    sent = Sent()
    gateway = Gateway(Bridge(app, streaming="on"), api="url", streaming=True, timeout=1)
    await gateway(scope(), no_body(), sent)
    assert [message.get("body") for message in sent] == [None, b"a"]  # and no end
    over.set()
    assert await asyncio.to_thread(told.wait, SECONDS)


@pytest.mark.parametrize("api", ["http", "alb"])
def test_apis_that_cannot_stream_say_so(api: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"'{api}' .* has no streaming"):
        Gateway(plain, api=api, streaming=True)


async def test_without_the_option_nothing_streams() -> None:
    handler = Bridge(Wsgi(), streaming="on")
    response = await ask(Gateway(handler, api="url"))
    assert (response.text, response.headers["content-length"]) == ("ok", "2")


def test_a_stream_without_end_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(
        "import asyncio\n"
        "async def app(scope, receive, send):\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    while True:\n"
        "        await send({'type': 'http.response.body', 'body': b'x', 'more_body': True})\n"
        "        await asyncio.sleep(0.01)\n"
    )
    arguments = ("endless:app", "--api", "url", "--streaming", "--timeout", "600")
    with serving(*arguments, cwd=tmp_path) as server, httpx.stream("GET", server.url) as response:
        assert next(response.iter_bytes())
        assert server.interrupt() == 0  # it waits 20 s


def proxied(called: list[str], **options: Any) -> Any:
    """A Bridge in a wrapper, which notes the paths of the events that it is called with."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    @wrapt.decorator
    def proxy(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        called.append(args[0]["rawPath"])
        return wrapped(*args, **kwargs)

    return proxy(Bridge(app, lifespan="off", **options))


async def test_a_wrapper_around_a_bridge_is_called_and_that_it_does_not_stream_here_is_said(
    log: pytest.LogCaptureFixture,
) -> None:
    called: list[str] = []
    handler = proxied(called, streaming="on")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Gateway(handler, api="url", streaming=True)), base_url="http://gateway"
    ) as client:
        response = await client.get("/x")
    assert json.loads(response.text)["body"] == "ok"
    assert called == ["/x"]
    assert "is a wrapper around a Bridge: here it answers in one piece" in log.text


async def test_a_wrapper_is_called_where_events_are_handled_side_by_side() -> None:
    called: list[str] = []
    handler = proxied(called)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Gateway(handler, api="http", concurrency=5)), base_url="http://gateway"
    ) as client:
        assert (await client.get("/x")).text == "ok"
    assert called == ["/x"]
