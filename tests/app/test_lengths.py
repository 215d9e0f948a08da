"""Content-Length and the headers of one connection: what an app sees of them, and what becomes of an app's own."""

from __future__ import annotations

import logging
from typing import Any

import flask
import httpx
import pytest

from bridge import Bridge
from bridge.gateway import Gateway, Server

from ..apps import APPS, Interface, Reply
from ..responders import Responder, SyncResponder
from ..samples import sample
from ..targets import TARGETS, Sent, Target

BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
CONNECTION = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize("spelled", [str.lower, str.title])
def test_headers_of_the_clients_connection_do_not_arrive(target: Target, interface: Interface, spelled: Any) -> None:
    app = APPS[interface]()
    names = ["transfer-encoding"] if target.name.startswith("edge") else CONNECTION  # CloudFront hides the others
    lines = [(spelled(name), "chunked") for name in names]
    for _ in range(2):
        Bridge(app)(target.event(Sent(method="POST", headers=(*lines, ("x-a", "1")), body=b"12345678")))
    for seen in app.seen:
        assert seen.header("x-a") == "1"
        assert not {*CONNECTION} & seen.headers.keys()


def test_flask_reads_a_body_that_came_in_chunks() -> None:
    app = flask.Flask("app")

    @app.post("/<path:path>")
    def size(path: str) -> str:
        return str(len(flask.request.get_data()))

    event = sample("http_api_post")
    event["headers"] |= {"transfer-encoding": "chunked", "content-type": "application/json"}
    event["headers"].pop("content-length", None)
    assert Bridge(app)({**event, "body": '{"a": 1}', "isBase64Encoded": False})["body"] == "8"


@pytest.mark.parametrize("api", ["http", "rest", "url", "alb", "lattice", "edge"])
def test_the_gateway_makes_no_event_of_a_body_in_chunks(api: Any) -> None:
    events: list[Any] = []

    def handler(event: Any, context: Any) -> Any:
        events.append(event)
        return Bridge(APPS["wsgi"]())(event)

    def parts() -> Any:
        yield b"a" * 1000
        yield b"b" * 2000

    with Server().serving(Gateway(handler, api=api)) as url:
        assert httpx.post(url, content=parts(), headers={"te": "trailers"}).status_code == 200
    text = str(events[0]).lower()
    assert "transfer-encoding" not in text
    assert "trailers" not in text
    assert ("3000" in text) is (api != "rest")  # the body's own length, but for REST APIs, which send none


@BOTH
@pytest.mark.parametrize("claimed", [["3"], ["-1"], ["99"], ["3", "8"], ["8", "8"], ["8", "3"], ["x"], []])
@pytest.mark.parametrize("name", ["alb_multi", "rest_upload"])
def test_the_length_that_an_app_sees_is_that_of_the_body(name: str, claimed: list[str], interface: Interface) -> None:
    app, event = APPS[interface](), sample(name)
    event.pop("headers", None)
    event["multiValueHeaders"] = {"content-length": claimed, "x-a": ["1"]}
    Bridge(app)({**event, "httpMethod": "POST", "body": "8 bytes.", "isBase64Encoded": False})
    assert app.seen[0].headers["content-length"] == ["8"]


@BOTH
@pytest.mark.parametrize("claimed", ["0", "41"])
def test_a_body_that_is_not_there_has_no_length(claimed: str, interface: Interface) -> None:
    app, event = APPS[interface](), sample("alb")
    event["headers"]["content-length"] = claimed
    Bridge(app)({**event, "httpMethod": "POST", "body": ""})
    assert app.seen[0].headers["content-length"] == ["0"]


@BOTH
@pytest.mark.parametrize("name", ["edge_origin", "edge_viewer"])
@pytest.mark.parametrize("header", [("Content-Length", "27"), ("Transfer-Encoding", "chunked")])
def test_a_body_that_cloudfront_keeps_to_itself_is_an_error_and_no_empty_form(
    name: str, header: tuple[str, str], interface: Interface, caplog: pytest.LogCaptureFixture
) -> None:
    app, event = APPS[interface](), sample(name)
    request = event["Records"][0]["cf"]["request"]
    request.pop("body", None)
    request["method"] = "POST"
    request["headers"].pop("content-length", None)
    request["headers"][header[0].lower()] = [{"key": header[0], "value": header[1]}]
    assert Bridge(app)(event)["status"] == "500"
    assert app.seen == []
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert 'switch on "Include body"' in record.getMessage()


@BOTH
@pytest.mark.parametrize("length", ["0", None])
def test_a_request_at_the_edge_that_has_no_body_needs_none(length: str | None, interface: Interface) -> None:
    app, event = APPS[interface](), sample("edge_origin")
    request = event["Records"][0]["cf"]["request"]
    request.pop("body", None)
    request["headers"].pop("content-length", None)
    if length:
        request["headers"]["content-length"] = [{"key": "Content-Length", "value": length}]
    assert Bridge(app)(event)["status"] == "200"


def lengths(target: Target, result: dict[str, Any]) -> list[str]:
    return target.answer(result).values("content-length")


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("HEAD", 304), ("HEAD", 404)])
def test_the_length_that_a_get_would_have_is_handed_on(
    target: Target, method: str, status: int, interface: Interface
) -> None:
    reply = Reply(status=status, headers=[("Content-Length", b"1234"), ("content-type", b"text/plain")], body=b"")
    result = Bridge(APPS[interface](reply))(target.event(Sent(method=method)))
    assert lengths(target, result) == ([] if target.name.startswith("edge") else ["1234"])


@BOTH
@EVERY_TARGET
@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 404), ("GET", 204), ("HEAD", 204)])
def test_no_other_length_is(target: Target, method: str, status: int, interface: Interface) -> None:
    reply = Reply(status=status, headers=[("content-length", b"2")], body=b"" if status == 204 else b"ok")
    assert lengths(target, Bridge(APPS[interface](reply))(target.event(Sent(method=method)))) == []


@BOTH
def test_whoever_excludes_the_length_gets_none(interface: Interface) -> None:
    app = APPS[interface](Reply(headers=[("content-length", b"1234")], body=b""))
    event = {**sample("alb"), "httpMethod": "HEAD"}
    assert "content-length" not in Bridge(app, exclude_headers=["Content-Length"])(event)["headers"]


@BOTH
async def test_a_streamed_answer_to_head_has_the_length_too(interface: Interface) -> None:
    app = APPS[interface](Reply(headers=[("content-length", b"1234")], body=b""))
    handler, event = Bridge(app, streaming="on"), sample("function_url")
    event["requestContext"]["http"]["method"] = "HEAD"
    if interface == "asgi":
        responder = Responder()
        await handler.respond(event, None, responder)
        steps = responder.steps
    else:
        sync = SyncResponder()
        handler.respond_sync(event, None, sync)
        steps = sync.steps
    assert b'"content-length":"1234"' in steps[0][2].replace(b" ", b"")


@pytest.mark.parametrize("api", ["http", "url", "alb", "lattice"])
def test_a_client_of_the_gateway_sees_it(api: Any) -> None:
    app = APPS["wsgi"](Reply(headers=[("content-length", b"1234")], body=b""))
    with Server().serving(Gateway(Bridge(app), api=api)) as url:
        assert httpx.head(url).headers["content-length"] == "1234"


def test_a_rest_api_renames_it() -> None:
    app = APPS["wsgi"](Reply(headers=[("content-length", b"1234")], body=b""))
    with Server().serving(Gateway(Bridge(app), api="rest")) as url:
        headers = httpx.head(url).headers
    assert headers["x-amzn-remapped-content-length"] == "1234"
    assert headers["content-length"] != "1234"
