"""No secret in any log line, at any level: what clients and apps have planted is looked for in all that was logged."""

import asyncio
import io
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest

from bridge import Bridge
from bridge.errors import BridgeError
from bridge.gateway import Gateway
from bridge.types import Receive, Scope, Send
from bridge.websocket import Connections, MemoryStore

from .asgi_apps import Context
from .responders import Responder, SyncResponder
from .targets import TARGETS, Sent, Target
from .websocket.api import Api

PLANTED = "planted-5up3r-s3cr3t"
SENT = Sent(
    method="POST",
    path="/way",
    query=f"token={PLANTED}",
    headers=(
        ("authorization", f"Bearer {PLANTED}"),
        ("cookie", f"session={PLANTED}"),
        ("x-api-key", PLANTED),
        ("content-type", "text/plain"),
    ),
    body=f"password={PLANTED}".encode(),
)
START: Any = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"set-cookie", f"session={PLANTED}".encode()), (b"x-token", PLANTED.encode())],
}
BODY: Any = {"type": "http.response.body", "body": PLANTED.encode()}
ASGI_WAYS: dict[str, list[Any]] = {
    "an answer": [START, BODY],
    "an error": [KeyError("no such user")],
    "an error after the answer": [START, BODY, KeyError("no such user")],
    "an error within the answer": [START, {**BODY, "more_body": True}, KeyError("no such user")],
    "nothing": [],
    "a header with a line break": [{**START, "headers": [(b"x", f"{PLANTED}\r\nx: y".encode())]}, BODY],
    "headers that are text": [{**START, "headers": [("set-cookie", PLANTED)]}, BODY],
    "headers that are no pairs": [{**START, "headers": [(b"set-cookie", PLANTED.encode(), b"")]}, BODY],
    "headers that are a dict": [{**START, "headers": {b"x-token": PLANTED.encode()}}, BODY],
    "a status that there is not": [{**START, "status": 999}, BODY],
    "a body that is text": [START, {**BODY, "body": PLANTED}],
    "two starts": [START, START, BODY],
    "a message of another kind": [{**BODY, "type": "http.response.push"}],
    "too much": [START, {**BODY, "body": PLANTED.encode() * 500_000}],
    "no end": [START, "sleep"],
}


def asgi(steps: list[Any]) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert PLANTED.encode() in (await receive())["body"]
        for step in steps:
            if isinstance(step, Exception):
                raise step
            await (asyncio.sleep(60) if step == "sleep" else send(step))

    return app


LINES = [("Set-Cookie", PLANTED), ("X-Token", PLANTED)]
WSGI_WAYS: dict[str, tuple[Any, Any, Any]] = {
    "an answer": ("200 OK", LINES, [PLANTED.encode()]),
    "an error": (KeyError("no such user"), [], []),
    "an error within the answer": ("200 OK", LINES, [PLANTED.encode(), KeyError("no such user")]),
    "a header with a line break": ("200 OK", [("x", f"{PLANTED}\r\nx: y")], []),
    "headers that are bytes": ("200 OK", [(b"x", PLANTED.encode())], []),
    "headers that are no pairs": ("200 OK", [("x", PLANTED, "")], []),
    "headers that are a dict": ("200 OK", {"x-token": PLANTED}, []),
    "a status that there is not": ("999 No", LINES, []),
    "a body that is text": ("200 OK", LINES, [PLANTED]),
    "too much": ("200 OK", LINES, [PLANTED.encode() * 500_000]),
}


def wsgi(status: Any, lines: Any, parts: list[Any]) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[Any]:
        assert PLANTED.encode() in environ["wsgi.input"].read()
        if isinstance(status, Exception):
            raise status
        start_response(status, lines)
        for part in parts:
            if isinstance(part, Exception):
                raise part
            yield part

    return app


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged, by whomever, from level 1 on, with tracebacks."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.setLevel(1)
    root.addHandler(handler)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def quietly(work: Callable[[], object], errors: list[str]) -> None:
    """Do something; the text of Bridge's own errors, which Lambda logs, is noted."""
    try:
        work()
    except BridgeError as error:
        errors.append(str(error))
    except (KeyError, TypeError):
        pass


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_http(interface: str, target: Target, logged: io.StringIO) -> None:
    errors: list[str] = []
    apps = [(name, asgi(steps)) for name, steps in ASGI_WAYS.items()]
    if interface == "wsgi":
        apps = [(name, wsgi(*steps)) for name, steps in WSGI_WAYS.items()]
    event = target.event(SENT)
    options: Any = {"interface": interface, "lifespan": "off", "streaming": "on", "access_log": True}
    for name, app in apps:
        for mode in ("respond", "raise"):
            bridge = Bridge(app, **options, errors=mode)
            context = Context(220 if name == "no end" else 30_000)
            quietly(lambda bridge=bridge, context=context: bridge(event, context), errors)  # type: ignore[misc]
            if interface == "wsgi":
                quietly(lambda bridge=bridge: bridge.respond_sync(event, None, SyncResponder()), errors)  # type: ignore[misc]
            elif name != "no end":
                quietly(lambda bridge=bridge: asyncio.run(bridge.respond(event, None, Responder())), errors)  # type: ignore[misc]
    text = logged.getvalue() + "\n".join(errors)
    assert "/way" in text, "the log has to say which request has failed"
    assert PLANTED not in text


def test_events_that_break_their_format(logged: io.StringIO) -> None:
    errors: list[str] = []
    for target in TARGETS:
        event = target.event(SENT)
        for change in ({"headers": PLANTED}, {"headers": {"cookie": {PLANTED: 1}}}, {"body": {"password": PLANTED}}):
            quietly(lambda event={**event, **change}: Bridge(asgi([]), lifespan="off")(event, None), errors)  # type: ignore[misc]
        if "Records" not in event:
            bad = {**event, "isBase64Encoded": True, "is_base64_encoded": True, "body": f"!{PLANTED}"}
            quietly(lambda event=bad: Bridge(asgi([]), lifespan="off")(event, None), errors)  # type: ignore[misc]
    other = {"detail": {"token": PLANTED}}
    quietly(lambda: Bridge(asgi([]), lifespan="off")(other, None), errors)
    assert len(errors) > 20
    assert PLANTED not in logged.getvalue() + "\n".join(errors)


@pytest.mark.parametrize("api", ["http", "rest", "url", "alb", "lattice", "edge"])
async def test_the_local_gateway(api: Any, logged: io.StringIO) -> None:
    texts = {"set-cookie": PLANTED}
    results: list[Any] = [
        {"statusCode": 200, "headers": texts, "body": PLANTED},
        {"status": "200", "headers": {"x": [{"key": {}, "value": PLANTED}]}, "body": PLANTED},
        {"status": "200", "headers": {"x": [PLANTED]}, "body": PLANTED},
        {"statusCode": 200, "headers": {"x": f"{PLANTED}\n"}},
        {"statusCode": 200, "headers": {"x": {"y": PLANTED}}, "multiValueHeaders": {"x": PLANTED}},
        {"statusCode": 200, "body": f"!{PLANTED}", "isBase64Encoded": True},
        {"statusCode": 200, "body": {"x": PLANTED}},
        [PLANTED],
        PLANTED,
        {1, 2},
    ]
    for result in results:
        for streaming in (False, True) if api in ("url", "rest") else (False,):
            gateway = Gateway(lambda event, context, result=result: result, api=api, streaming=streaming)  # type: ignore[misc]
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway), base_url="http://local") as client:
                await client.post("/way", headers=[*SENT.headers], content=SENT.body)
    # httpx logs the URL of each request, without its query here; Bridge logs method and path.
    assert "/way" in logged.getvalue()
    assert PLANTED not in logged.getvalue()


def test_websockets(logged: io.StringIO) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "headers": [(b"set-cookie", PLANTED.encode())]})
        while (message := await receive())["type"] == "websocket.receive":
            way = message["text"].partition(" ")[0]
            if way == "error":
                raise KeyError("no such user")
            odd: dict[str, Any] = {"dict": {"text": {"x": PLANTED}}, "bytes": {"bytes": PLANTED.encode()}}
            await send(
                {"type": "websocket.send", **odd.get(way, {"text": f"{PLANTED}" * (9000 if way == "large" else 1)})}
            )

    api = Api()
    api.handlers = iter([Bridge(app, lifespan="off", connections=Connections(MemoryStore(), clients=api.client))] * 100)
    for way in ("plain", "error", "dict", "bytes", "large"):
        headers = [("Authorization", PLANTED), ("Cookie", f"session={PLANTED}")]
        client = api.connect(headers=headers, query=[("token", PLANTED)])
        api.handle({**client.event("MESSAGE", messageId="m="), "body": f"{way} {PLANTED}", "isBase64Encoded": False})
        api.handle({**client.event("DISCONNECT"), "headers": {}, "isBase64Encoded": False})
    assert "no such user" in logged.getvalue()
    assert PLANTED not in logged.getvalue()
