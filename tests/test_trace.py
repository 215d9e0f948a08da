"""In Lambda, the trace header that an app sees is the function's own segment."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bridge import Bridge
from bridge._app.asgi.loop import Runner
from bridge.types import StreamingMode

from .apps import APPS, Asgi, Interface, Wsgi
from .asgi_apps import Context
from .responders import Responder, SyncResponder
from .samples import HTTP, sample
from .targets import TARGETS, Sent, Target

OWN = "Root=1-69b52a5d-4d2f0c1b5a6e7f8091a2b3c4;Parent=53995c3f42cd8ad8;Sampled=1"
BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@pytest.fixture
def _in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", OWN)


def seen(interface: Interface, event: dict[str, Any], context: Any = None, **options: Any) -> dict[str, list[str]]:
    app = APPS[interface]()
    bridge = Bridge(app, **options)
    for _ in range(2):  # the second time, all names are known
        bridge(event, context)
    first, second = app.seen
    headers: dict[str, list[str]] = first.headers
    assert headers == second.headers
    return headers


@pytest.mark.usefixtures("_in_lambda")
@BOTH
@pytest.mark.parametrize("name", HTTP)
def test_the_header_is_lambdas_own_segment_and_all_others_are_as_they_were(interface: Interface, name: str) -> None:
    traced = seen(interface, sample(name))
    assert traced["x-amzn-trace-id"] == [OWN]
    app = APPS[interface]()
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("AWS_LAMBDA_FUNCTION_NAME")
        Bridge(app)(sample(name))
    before = app.seen[0].headers
    assert {**before, "x-amzn-trace-id": [OWN]} == traced


@pytest.mark.usefixtures("_in_lambda")
@EVERY_TARGET
@pytest.mark.parametrize("header", ["x-amzn-trace-id", "X-Amzn-Trace-Id", "X-AMZN-TRACE-ID"])
def test_what_a_client_says_of_the_trace_is_gone(target: Target, header: str) -> None:
    event = target.event(Sent(headers=((header, "Root=forged"), ("x-probe", "1"))))
    headers = seen("asgi", event)
    assert headers["x-amzn-trace-id"] == [OWN]
    assert headers["x-probe"] == ["1"]


@pytest.mark.usefixtures("_in_lambda")
@BOTH
def test_a_header_that_is_null_changes_nothing_in_that(interface: Interface) -> None:
    event = {**sample("http_api"), "headers": {"X-Amzn-Trace-Id": "Root=forged", "x-a": None, "x-b": "1"}}
    headers = seen(interface, {**event, "cookies": None})
    assert headers == {"x-amzn-trace-id": [OWN], "x-b": ["1"]}


@pytest.mark.usefixtures("_in_lambda")
def test_the_event_stays_as_it_came() -> None:
    event = sample("http_api")
    seen("asgi", event)
    assert event == sample("http_api")


@pytest.mark.usefixtures("_in_lambda")
def test_an_adjustment_before_it_counts_too() -> None:
    app = APPS["asgi"]()
    event = {**sample("http_api"), "rawPath": "/v1/x"}
    event["requestContext"] = {**event["requestContext"], "http": {**event["requestContext"]["http"], "path": "/v1/x"}}
    Bridge(app, base_path="/v1")(event)
    assert app.seen[0].root_path == "/v1"
    assert app.seen[0].headers["x-amzn-trace-id"] == [OWN]


@BOTH
def test_without_a_segment_the_senders_header_stays(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    own = sample("http_api")["headers"]["x-amzn-trace-id"]
    assert seen(interface, sample("http_api"))["x-amzn-trace-id"] == [own]


@BOTH
def test_outside_of_lambda_nothing_is_changed(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", OWN)
    own = sample("http_api")["headers"]["x-amzn-trace-id"]
    assert seen(interface, sample("http_api"))["x-amzn-trace-id"] == [own]
    assert "x-amzn-trace-id" not in seen(interface, sample("alb_health_check"))


@pytest.mark.usefixtures("_in_lambda")
def test_a_context_that_knows_the_trace_comes_first() -> None:
    context = SimpleNamespace(trace_id="Root=of-the-context")
    assert seen("wsgi", sample("rest"), context)["x-amzn-trace-id"] == ["Root=of-the-context"]


@pytest.mark.usefixtures("_in_lambda")
def test_a_segment_beyond_ascii_is_utf8_as_all_headers_are() -> None:
    app = Wsgi()
    Bridge(app)(sample("rest"), SimpleNamespace(trace_id="Root=\u00e9"))
    assert app.seen[0].raw["HTTP_X_AMZN_TRACE_ID"].encode("latin-1") == "Root=\u00e9".encode()
    asgi = Asgi()
    Bridge(asgi)(sample("rest"), SimpleNamespace(trace_id="Root=\u00e9\ud800"))
    assert (b"x-amzn-trace-id", "Root=\u00e9?".encode()) in asgi.seen[0].raw["headers"]


def answer(way: str, bridge: Bridge, event: dict[str, Any], context: Any) -> None:
    if way == "call":
        bridge(event, context)
    elif way == "handle_async":
        asyncio.run(bridge.handle_async(event, context))
    elif way == "respond_sync":
        bridge.respond_sync(event, context, SyncResponder())
    elif way == "respond":
        asyncio.run(bridge.respond(event, context, Responder()))
    else:
        runner = Runner(asyncio.new_event_loop)
        bridge.respond_alone(runner, event, context, Responder())
        runner.close()


@pytest.mark.usefixtures("_in_lambda")
@pytest.mark.parametrize("streaming", ["off", "on"])
@pytest.mark.parametrize(
    ("interface", "way"),
    [
        ("asgi", "call"),
        ("wsgi", "call"),
        ("asgi", "handle_async"),
        ("wsgi", "handle_async"),
        ("wsgi", "respond_sync"),
        ("asgi", "respond"),
        ("asgi", "respond_alone"),
    ],
)
def test_the_app_sees_segment_event_and_context_in_whatever_way_it_is_asked(
    interface: Interface, way: str, streaming: StreamingMode
) -> None:
    app, event, context = APPS[interface](), sample("function_url"), Context(60_000)
    answer(way, Bridge(app, streaming=streaming), event, context)
    (request,) = app.seen
    assert request.headers["x-amzn-trace-id"] == [OWN]
    assert request.raw["aws.event"].raw_event is event
    assert request.raw["aws.context"] is context
