"""Packages that come with an app: middleware, protocols, frameworks on top of frameworks."""

from __future__ import annotations

import json
from typing import Any

import dash
import pytest
import sentry_sdk
import socketio
import strawberry
import wrapt
from flask import Flask
from mcp.server.mcpserver import MCPServer
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware
from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from strawberry.asgi import GraphQL

from bridge import Bridge

from ..frameworks.client import Client
from ..frameworks.events import HTTP_V2, REST, SOURCES, Source
from .apps import BINARY, django_app, fastapi_app, flask_app, starlette_app

everywhere = pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])


def package(name: str, says: str) -> pytest.MarkDecorator:
    return pytest.mark.package(name, says)


@package("djangorestframework", "JSON, hyperlinks with the stage, the browsable API")
@everywhere
def test_django_rest_framework(source: Source) -> None:
    client = Client(Bridge(django_app.wsgi), source)
    assert client.get("/rest/").json == {"data": {}, "self": client.url("/rest/")}
    assert client.post_json("/rest/", {"a": [1]}).json["data"] == {"a": [1]}
    page = client.get("/rest/", headers=[("Accept", "text/html")])
    assert "Django REST framework" in page.text


@package("whitenoise", "files, ranges, 304")
@everywhere
def test_whitenoise(source: Source) -> None:
    client = Client(Bridge(django_app.wsgi), source)
    css = client.get("/static/rest_framework/css/default.css")
    assert css.status == 200
    assert css.headers["content-type"].startswith("text/css")
    part = client.get("/static/rest_framework/css/default.css", headers=[("Range", "bytes=0-9")])
    assert (part.status, part.body) == (206, css.body[:10])
    since = [("If-Modified-Since", css.headers["last-modified"])]
    assert client.get("/static/rest_framework/css/default.css", headers=since).status == 304


@package("dash", "the page, its scripts and its callbacks, below a stage with both prefixes")
def test_dash() -> None:
    server = Flask("dash-server")
    app = dash.Dash("compat", server=server, requests_pathname_prefix="/prod/", routes_pathname_prefix="/")
    app.layout = dash.html.Div([dash.dcc.Input(id="in"), dash.html.Div(id="out")])

    @app.callback(dash.Output("out", "children"), dash.Input("in", "value"))
    def shout(value: str) -> str:
        return value.upper()

    client = Client(Bridge(app), REST)
    page = client.get("/").text
    script = page.partition('<script src="')[2].partition('"')[0]
    assert script.startswith("/prod/_dash-component-suites/")
    assert client.get(script.removeprefix("/prod").partition("?")[0]).status == 200
    call = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "in", "property": "value", "value": "hello"}],
        "changedPropIds": ["in.value"],
    }
    answer = client.post_json("/_dash-update-component", call)
    assert answer.json["response"]["out"]["children"] == "HELLO"


@package("python-socketio", "polling: open, connect, an event and its answer; the app behind it")
@pytest.mark.parametrize("source", [REST, HTTP_V2], ids=["rest", "http"])
def test_python_socketio(source: Source) -> None:
    server = socketio.AsyncServer(async_mode="asgi")

    @server.on("shout")
    async def shout(_: str, text: str) -> str:
        return text.upper()

    client = Client(Bridge(socketio.ASGIApp(server, starlette_app.app), lifespan="off"), source)
    opened = client.get("/socket.io/", "EIO=4&transport=polling")
    assert opened.status == 200
    query = f"EIO=4&transport=polling&sid={json.loads(opened.text[1:])['sid']}"
    for packet in ("40", '420["shout","hello"]'):
        assert (
            client.request("POST", "/socket.io/", query, [("Content-Type", "text/plain")], packet.encode()).text == "OK"
        )
    answers = client.get("/socket.io/", query).text
    assert answers.startswith("40{")
    assert answers.endswith('430["HELLO"]')
    assert client.get("/redirect").headers["location"] == client.url("/items/a")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str) -> str:
        return f"Hello {name}"


@package("strawberry-graphql", "queries, the page of GraphiQL")
@everywhere
def test_strawberry(source: Source) -> None:
    app = Starlette(routes=[Mount("/graphql", GraphQL(strawberry.Schema(Query)))])
    client = Client(Bridge(app), source)
    query = {"query": "query ($name: String!) { hello(name: $name) }", "variables": {"name": "caf\u00e9"}}
    assert client.post_json("/graphql/", query).json == {"data": {"hello": "Hello caf\u00e9"}}
    assert "GraphiQL" in client.get("/graphql/", headers=[("Accept", "text/html")]).text


@package("sse-starlette", "a stream that ends, whole")
@everywhere
def test_sse_starlette(source: Source) -> None:
    async def events(_: Request) -> Response:
        async def numbers() -> Any:
            for number in range(3):
                yield {"data": number}

        return EventSourceResponse(numbers())

    client = Client(Bridge(Starlette(routes=[Route("/events", events)])), source)
    for _ in range(2):
        reply = client.get("/events")
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert [line for line in reply.text.split() if line.isdigit()] == ["0", "1", "2"]


@package("mcp", "a stateless server: initialize, list and call tools; GET is refused at once")
@pytest.mark.parametrize("source", [REST, HTTP_V2], ids=["rest", "http"])
def test_mcp(source: Source) -> None:
    server = MCPServer("compat")

    @server.tool()
    def add(a: int, b: int) -> int:
        return a + b

    mcp = server.streamable_http_app(stateless_http=True, json_response=True, host="0.0.0.0")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] != "POST":
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
        else:
            await mcp(scope, receive, send)

    handler = Bridge(app)
    client = Client(handler, source)

    def call(method: str, **params: Any) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
        return client.request("POST", "/mcp", "", headers, json.dumps(message).encode()).json["result"]

    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    assert call("initialize", **hello)["serverInfo"]["name"] == "compat"
    assert [tool["name"] for tool in call("tools/list")["tools"]] == ["add"]
    assert call("tools/call", name="add", arguments={"a": 2, "b": 3})["content"][0]["text"] == "5"
    assert client.get("/mcp").status == 405
    handler.close()


@package("sentry-sdk", "its ASGI and WSGI middlewares around an app")
@pytest.mark.parametrize("app", [SentryAsgiMiddleware(starlette_app.app), SentryWsgiMiddleware(flask_app.app)])
def test_sentry(app: Any) -> None:
    with sentry_sdk.isolation_scope():
        assert Client(Bridge(app), REST).get("/download").body == BINARY


@pytest.mark.parametrize("errors", ["respond", "raise"])
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_sentry_shows_no_event(interface: str, errors: Any) -> None:
    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        del scope  # the app's own: it has the headers
        raise LookupError("no such user")

    def wsgi(environ: Any, start_response: Any) -> Any:
        raise LookupError("no such user")

    seen: list[Any] = []
    event = HTTP_V2.event("POST", "/login", "", [("Authorization", "Bearer 5up3r"), ("Cookie", "a=5up3r")], b"pw=5up3r")
    handler = Bridge(asgi if interface == "asgi" else wsgi, lifespan="off", errors=errors)
    client = sentry_sdk.Client(
        "http://key@127.0.0.1:1/1",
        before_send=lambda event, hint: seen.append(event),  # which drops it
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        try:
            handler(event)
        except LookupError as error:
            sentry_sdk.capture_exception(error)
        client.close()
    assert len(seen) == 1
    frames = seen[0]["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == interface
    assert "vars" in frames[-1]
    assert [frame for frame in frames if "5up3r" in str(frame) and frame["module"] != __name__] == []


@package("wrapt", "wrappers around an app, as agents make them")
@pytest.mark.parametrize("app", [fastapi_app.app, flask_app.app])
def test_wrapt(app: Any) -> None:
    calls: list[str] = []

    def wrapper(wrapped: Any, _: Any, args: Any, kwargs: Any) -> Any:
        calls.append("called")
        return wrapped(*args, **kwargs)

    client = Client(Bridge(wrapt.FunctionWrapper(app, wrapper), lifespan="off"), REST)
    assert client.get("/download").body == BINARY
    assert client.get("/redirect").headers["location"].endswith("/prod/items/a")
    assert len(calls) == 2
