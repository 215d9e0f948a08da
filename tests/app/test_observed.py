"""Metrics and access lines, in each of the ways in which a Bridge is called."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask

from bridge import (
    Bridge,
    ConfigurationError,
    DeadlineError,
    EventFailedError,
    LifespanError,
    RequestTooLargeError,
    StatusError,
)
from bridge._app.around import steps_of
from bridge._app.observed import Observer
from bridge._invocation import metrics
from bridge._invocation.metrics import UNITS
from bridge.sources import CustomIntegration
from bridge.types import Receive, Scope, Send

from ..responders import Responder, SyncResponder
from ..samples import sample

fast = FastAPI()
flask = Flask("shop")


@fast.get("/items/{item}")
async def fast_item(item: str) -> str:
    if item == "boom":
        raise ZeroDivisionError
    return item


@flask.get("/items/<item>")
def flask_item(item: str) -> str:
    if item == "boom":
        raise ZeroDivisionError
    return item


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    if path == "/boom":
        raise ZeroDivisionError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if path == "/slow":
        await asyncio.Event().wait()
    await send({"type": "http.response.body", "body": b"x" * (7_000_000 if path == "/large" else 4), "more_body": True})
    if path == "/breaks":
        raise ZeroDivisionError
    await send({"type": "http.response.body", "body": b"y"})


def raw_wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/boom":
        raise ZeroDivisionError
    write = start_response("200 OK", [])
    write(b"xxxx")
    return [b"y"]


def event(path: str, name: str = "http_api") -> Any:
    made = sample(name)
    made["rawPath"] = made["requestContext"]["http"]["path"] = path
    made["requestContext"]["http"]["method"] = "GET"
    return made


class Context:
    aws_request_id = "id-9"

    def __init__(self, milliseconds: int = 60_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def called(handler: Bridge, event: Any, context: Any) -> None:
    handler(event, context)


def awaited(handler: Bridge, event: Any, context: Any) -> None:
    asyncio.run(handler.handle_async(event, context))


def responded(handler: Bridge, event: Any, context: Any) -> None:
    if handler.is_asgi:
        asyncio.run(handler.respond(event, context, Responder()))
    else:
        handler.respond_sync(event, context, SyncResponder())


WAYS = pytest.mark.parametrize("way", [called, awaited, responded])


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    found: dict[str, Any] = json.loads(line)
    return found


@WAYS
@pytest.mark.parametrize(
    ("app", "route"), [(fast, "/items/{item}"), (flask, "/items/<item>"), (raw, None), (raw_wsgi, None)]
)
def test_a_request_is_counted_and_timed(app: Any, route: Any, way: Any, capsys: pytest.CaptureFixture[str]) -> None:
    handler = Bridge(app, lifespan="off", metrics="Shop")
    capsys.readouterr()
    way(handler, event("/items/1"), Context())
    line = measured(capsys)
    assert (line["method"], line["path"], line["status"], line["requestId"]) == ("GET", "/items/1", 200, "id-9")
    assert (line["Requests"], line["Responses4xx"], line["Responses5xx"]) == (1, 0, 0)
    assert line["ResponseSize"] == {fast: 3, flask: 1}.get(app, 5)
    assert line["Duration"] >= 0
    assert line.get("Route") == route
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Shop"
    assert directive["Dimensions"] == [["FunctionName"]] + ([["FunctionName", "Route"]] if route else [])
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == UNITS
    assert all(isinstance(line[name], (int, float)) for name in UNITS)
    assert all(isinstance(line[name], str) for names in directive["Dimensions"] for name in names)


@WAYS
@pytest.mark.parametrize("app", [fast, flask, raw, raw_wsgi])
def test_a_failure_is_counted_as_what_the_client_gets(app: Any, way: Any, capsys: pytest.CaptureFixture[str]) -> None:
    handler = Bridge(app, lifespan="off", metrics="Shop")
    way(handler, event("/items/boom" if app in (fast, flask) else "/boom"), Context())
    line = measured(capsys)
    assert (line["status"], line["Responses5xx"]) == (500, 1)


@WAYS
@pytest.mark.parametrize(
    ("path", "status", "name"), [("/slow", 504, "DeadlinesMissed"), ("/large", 500, "ResponsesTooLarge")]
)
def test_deadlines_and_limits_are_counted(
    path: str, status: int, name: str, way: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    way(Bridge(raw, lifespan="off", metrics="Shop"), event(path), Context(60 if path == "/slow" else 60_000))
    line = measured(capsys)
    assert (line["status"], line[name], line["Responses5xx"]) == (status, 1, 1)


def test_a_stream_that_breaks_off_has_the_status_that_went_out(capsys: pytest.CaptureFixture[str]) -> None:
    handler = Bridge(raw, lifespan="off", metrics="Shop", streaming="on")
    responded(handler, event("/breaks", "function_url"), Context())
    line = measured(capsys)
    assert (line["status"], line["ResponseSize"]) == (200, 4)


def test_an_exception_that_is_lambdas_to_see_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        Bridge(raw, lifespan="off", metrics="Shop", errors="raise")(event("/boom"))
    assert measured(capsys)["Responses5xx"] == 1


def test_the_first_request_of_a_process_is_a_cold_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metrics, "_is_cold", True)
    handler = Bridge(raw_wsgi, metrics="Shop")
    for expected in (1, 0):
        handler(event("/"))
        assert measured(capsys)["ColdStarts"] == expected


def test_an_event_that_is_no_request_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    handler = Bridge(raw_wsgi, metrics="Shop", access_log=True, on_event=lambda event, context: "done")
    assert handler({"Records": []}) == "done"  # type: ignore[comparison-overlap]
    assert "_aws" not in capsys.readouterr().out


async def test_the_lifespan_and_calls_from_elsewhere_are_not_observed(capsys: pytest.CaptureFixture[str]) -> None:
    handler = Bridge(fast, metrics="Shop")
    await handler.startup()
    await handler.shutdown()
    assert steps_of(handler, event("/"), {"statusCode": 200}) == [("result", {"statusCode": 200})]
    app = Bridge(raw_wsgi, metrics="Shop")._options.app
    assert b"".join(app({"PATH_INFO": "/"}, lambda *_: lambda data: None)) == b"y"
    assert "_aws" not in capsys.readouterr().out


def without_its_body() -> Any:
    made = sample("edge_truncated")
    del made["Records"][0]["cf"]["request"]["body"]
    return made


@WAYS
@pytest.mark.parametrize("app", [raw, raw_wsgi])
@pytest.mark.parametrize(("made", "status"), [(sample("edge_truncated"), 413), (without_its_body(), 500)])
def test_a_request_that_bridge_refuses_has_its_line_and_its_metrics(
    made: Any, status: int, app: Any, way: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    asked = made["Records"][0]["cf"]["request"]
    way(Bridge(app, lifespan="off", metrics="Shop", access_log=True), made, Context())
    line = measured(capsys)
    assert (line["method"], line["path"], line["status"]) == (asked["method"], asked["uri"], status)
    assert (line["Responses4xx"], line["Responses5xx"]) == (int(status == 413), int(status == 500))
    (record,) = [record for record in caplog.records if record.name == "bridge.access"]
    assert record.getMessage().startswith(f'{asked["clientIp"]} "{asked["method"]} {asked["uri"]}" {status} 0 B ')


class Cutting:
    """A format of the user's, whose bodies never come."""

    LIMIT = 1000

    def accepts(self, event: Any) -> bool:
        return True

    def request(self, event: Any) -> Any:
        raise RequestTooLargeError("cut")

    def result(self, event: Any, status: int, headers: Any, body: str, is_base64: bool, /) -> Any:
        return {"statusCode": status}


def test_a_request_of_which_nothing_is_known_is_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    Bridge(raw_wsgi, metrics="Shop", sources=[Cutting()])({})
    line = measured(capsys)
    assert (line["method"], line["path"], line["status"]) == ("-", "-", 413)


async def never_starts(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


async def fails_to_start(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


@WAYS
def test_a_request_that_the_app_did_not_start_for_is_counted(way: Any, capsys: pytest.CaptureFixture[str]) -> None:
    handler = Bridge(never_starts, metrics="Shop")
    way(handler, event("/items"), Context(60))
    line = measured(capsys)
    assert (line["path"], line["status"], line["DeadlinesMissed"]) == ("/items", 504, 1)


@WAYS
def test_so_is_one_whose_app_failed_to_start(way: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LifespanError):
        way(Bridge(fails_to_start, metrics="Shop"), event("/items"), Context())
    line = measured(capsys)
    assert (line["path"], line["status"], line["Responses5xx"]) == ("/items", 500, 1)


@WAYS
def test_a_deadline_that_is_lambdas_to_see_is_one_too(way: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DeadlineError):
        way(Bridge(raw, lifespan="off", metrics="Shop", errors="raise"), event("/slow"), Context(60))
    line = measured(capsys)
    assert (line["DeadlinesMissed"], line["Responses5xx"]) == (1, 1)


@WAYS
@pytest.mark.parametrize("app", [raw, raw_wsgi])
def test_a_request_to_the_path_of_events_is_counted_as_a_404(
    app: Any, way: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    way(Bridge(app, lifespan="off", metrics="Shop", events_path="/events"), event("/events"), Context())
    line = measured(capsys)
    assert (line["method"], line["path"], line["status"], line["Responses4xx"]) == ("GET", "/events", 404, 1)


@pytest.mark.parametrize("app", [raw, raw_wsgi])
def test_an_event_that_is_posted_to_the_app_is_a_request_of_the_app(
    app: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EventFailedError):  # it has answered with no JSON
        Bridge(app, lifespan="off", metrics="Shop", events_path="/events")({"Records": []})
    line = measured(capsys)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/events", 500)


def test_the_path_is_the_one_that_the_client_has_sent(capsys: pytest.CaptureFixture[str]) -> None:
    made = event("/v1/items")
    Bridge(raw_wsgi, metrics="Shop", base_path="/v1")(made)
    assert measured(capsys)["path"] == "/v1/items"


def test_a_status_of_a_custom_integration_is_the_apps(capsys: pytest.CaptureFixture[str]) -> None:
    def absent(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("404 Not Found", [])
        return [b"no"]

    with pytest.raises(StatusError):
        Bridge(absent, metrics="Shop", sources=[CustomIntegration()])({"item": "tea"})
    line = measured(capsys)
    assert (line["status"], line["Responses4xx"], line["Responses5xx"]) == (404, 1, 0)


@WAYS
def test_what_a_decorator_answers_by_itself_is_no_request_of_the_app(
    way: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def answering(handler: Any) -> Any:
        return lambda event, context: {"statusCode": 200, "body": "kept"}

    way(Bridge(raw_wsgi, metrics="Shop", decorators=[answering]), event("/"), Context())
    assert "_aws" not in capsys.readouterr().out


@WAYS
@pytest.mark.parametrize("app", [raw, raw_wsgi])
@pytest.mark.parametrize(("path", "shown"), [("/café", "/café"), ("/a\nb", "/a\\nb")])
def test_an_access_line_is_like_a_servers(
    path: str, shown: str, app: Any, way: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Bridge(app, lifespan="off", access_log=True)
    assert logging.getLogger("bridge.access").isEnabledFor(logging.INFO)
    way(handler, event(path), Context())
    (record,) = [record for record in caplog.records if record.name == "bridge.access"]
    assert record.getMessage().startswith("203.0.113.")
    assert f'"GET {shown}" 200 5 B ' in record.getMessage()
    assert vars(record)["status"] == 200


def test_a_failure_outside_of_an_invocation_is_nobodys() -> None:
    Observer.note(ValueError(), 500)
    assert metrics.current() is None


def test_a_level_that_somebody_has_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("bridge.access"), "level", logging.ERROR)
    assert metrics.access().level == logging.ERROR


@pytest.mark.parametrize("namespace", ["", "AWS/Lambda", "x" * 256])
def test_a_namespace_that_cloudwatch_refuses_is_refused(namespace: str) -> None:
    with pytest.raises(ConfigurationError, match="takes a CloudWatch namespace"):
        Bridge(raw_wsgi, metrics=namespace)
