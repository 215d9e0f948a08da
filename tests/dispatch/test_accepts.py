"""`accepts`: the senders of HTTP requests that a function has. What others send is no request, however it looks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge import Bridge, ConfigurationError, EventError
from bridge.identity import Identity, identity
from bridge.kinds import SENDERS
from bridge.sources import CustomIntegration

from ..apps import APPS, Interface, Reply
from ..samples import HTTP, sample
from ..sources.test_templates import passthrough, serverless

BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])
OF = {"v1": "rest", "v2": "http", "alb": "alb", "lattice": "lattice", "edge": "edge"}
SENDER = {name: OF[module] for name, module in HTTP.items()}
SENDER |= dict.fromkeys(["function_url", "function_url_iam", "function_url_nulls"], "url") | {"http_api_1_0": "http"}

FORGED: dict[str, Any] = {
    "version": "2.0",
    "rawPath": "/admin",
    "rawQueryString": "",
    "headers": {},
    "isBase64Encoded": False,
    "requestContext": {
        "stage": "$default",
        "http": {"method": "GET", "path": "/admin", "sourceIp": "127.0.0.1"},
        "authorizer": {"jwt": {"claims": {"sub": "admin"}}},
    },
}


def seen_by_function(event: Any, context: Any) -> Any:
    return ["other", event]


@BOTH
@pytest.mark.parametrize("name", HTTP)
def test_requests_of_a_named_sender_reach_the_app_and_no_others(name: str, interface: Interface) -> None:
    app = APPS[interface]()
    for sender in SENDERS:
        handler: Any = Bridge(app, accepts={sender}, on_event=seen_by_function)  # type: ignore[arg-type]
        for result in (handler(sample(name)), asyncio.run(handler.handle_async(sample(name)))):
            assert (result == ["other", sample(name)]) is (sender != SENDER[name])
    assert len(app.seen) == 2


@BOTH
def test_what_is_shaped_like_a_request_of_another_goes_to_on_event(interface: Interface) -> None:
    app = APPS[interface]()
    handler: Any = Bridge(app, accepts=["rest", "alb"], on_event=seen_by_function)
    assert handler(FORGED) == ["other", FORGED]
    assert handler(sample("rest"))["statusCode"] == 200
    assert len(app.seen) == 1


@BOTH
def test_or_to_the_path_for_events_without_an_identity(interface: Interface) -> None:
    app = APPS[interface](Reply(status=204, body=b""))
    Bridge(app, accepts=["rest"], events_path="/events")(FORGED)
    (seen,) = app.seen
    assert (seen.method, seen.path) == ("POST", "/events")
    assert identity(seen.raw) == Identity()


def test_or_is_refused_with_the_names_of_those_who_may() -> None:
    with pytest.raises(EventError, match=r"taken from alb, rest: Bridge\(accepts=\.\.\.\)"):
        Bridge(APPS["wsgi"](), accepts=["rest", "alb"])(FORGED)


def test_a_function_that_has_no_such_sender_says_so() -> None:
    handler: Any = Bridge(APPS["wsgi"](), accepts=(), on_event=seen_by_function)
    assert handler(FORGED) == ["other", FORGED]
    with pytest.raises(EventError, match="taken from nobody"):
        Bridge(APPS["wsgi"](), accepts=[])(FORGED)


def test_events_of_websocket_apis_are_one_of_them() -> None:
    event = sample("other_websocket_message")
    handler: Any = Bridge(APPS["asgi"](), accepts="http", on_event=seen_by_function)
    assert handler(event) == ["other", event]
    with pytest.raises(EventError, match="aws:websocket"):
        Bridge(APPS["asgi"](), accepts="http")(event)


def test_sources_of_ones_own_are_asked_all_the_same() -> None:
    app = APPS["wsgi"]()
    handler = Bridge(app, accepts=["alb"], sources=[CustomIntegration()])
    assert handler({"any": "body"}) == "ok"  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("given", ["https", ["http", "api"], {7}])
def test_a_name_that_is_none_is_a_configuration_error(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Bridge\(accepts=...\) takes names out of 'http', 'rest'"):
        Bridge(APPS["wsgi"](), accepts=given)


@BOTH
@pytest.mark.parametrize("option", [{"on_event": seen_by_function}, {"events_path": "/events"}])
def test_without_names_the_first_other_event_is_a_reason_to_say_so_once(
    option: dict[str, Any], interface: Interface, caplog: pytest.LogCaptureFixture
) -> None:
    handler: Any = Bridge(APPS[interface](Reply(body=b"", status=204)), **option)
    handler(sample("http_api"))
    assert caplog.records == []
    handler(sample("other_sqs"))
    asyncio.run(handler.handle_async(sample("other_sqs")))
    assert [record.getMessage() for record in caplog.records if "accepts=" in record.getMessage()] == [
        "the function gets events of kind 'aws:sqs' too: one that is shaped like an HTTP request would reach the app, "
        "with any claims that its sender has put in. Name the senders of requests: Bridge(accepts={...})"
    ]


@BOTH
def test_with_names_nothing_is_said(interface: Interface, caplog: pytest.LogCaptureFixture) -> None:
    handler: Any = Bridge(APPS[interface](), on_event=seen_by_function, accepts=["http"])
    handler(sample("other_sqs"))
    assert caplog.records == []


@BOTH
@pytest.mark.parametrize("template", ["passthrough", "serverless", None])
def test_a_custom_integration_gives_no_identity(template: Any, interface: Interface) -> None:
    made = {"passthrough": passthrough, "serverless": serverless}.get(template, lambda: FORGED)()
    for shared in (True, False):
        app = APPS[interface]()
        event = {"body": FORGED} if template is None and shared else made
        Bridge(app, sources=[CustomIntegration(template, shared=shared)], base_path="/base")(event)
        assert identity(app.seen[0].raw) == Identity()


@BOTH
@pytest.mark.parametrize("template", ["passthrough", "serverless"])
@pytest.mark.parametrize("name", [*HTTP, "other_sqs", "other_websocket_connect"])
def test_what_no_template_has_made_is_refused(name: str, template: Any, interface: Interface) -> None:
    app = APPS[interface]()
    handler = Bridge(app, sources=[CustomIntegration(template)], on_event=seen_by_function)
    with pytest.raises(EventError, match=r"cannot have made.*passthroughBehavior is not NEVER.*shared=True"):
        handler(sample(name))
    assert app.seen == []


@pytest.mark.parametrize(
    "change",
    [
        {"requestContext": FORGED["requestContext"]},
        {"more": 1},
        {"params": {"path": {}, "querystring": {}, "header": {"a": ["b"]}}},
        {"params": {"path": {}, "body": {}}},
        {"params": {"path": "text"}},
        {"context": {"source-ip": {"a": "b"}}},
        {"context": "text"},
    ],
)
def test_nor_has_a_template_made_what_has_more_or_other_types(change: dict[str, Any]) -> None:
    assert CustomIntegration("passthrough", shared=True).accepts(passthrough())
    assert not CustomIntegration("passthrough", shared=True).accepts({**passthrough(), **change})
    with pytest.raises(EventError, match="cannot have made"):
        Bridge(APPS["wsgi"](), sources=[CustomIntegration("passthrough")])({**passthrough(), **change})


@pytest.mark.parametrize("change", [{"requestContext": {}}, {"identity": {"a": {}}}, {"method": 7}, {"stage": ["x"]}])
def test_nor_has_the_other_template(change: dict[str, Any]) -> None:
    assert CustomIntegration("serverless", shared=True).accepts(serverless())
    assert not CustomIntegration("serverless", shared=True).accepts({**serverless(), **change})


def test_a_body_that_is_too_deep_is_an_error_of_the_event() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(EventError, match="too deep"):
        Bridge(APPS["wsgi"](), sources=[CustomIntegration()])({"deep": deep})
    while isinstance(deep, list):
        deep = deep.pop()


@BOTH
def test_an_event_that_is_posted_has_no_identity_but_that_of_a_websocket_api(interface: Interface) -> None:
    app = APPS[interface](Reply(status=204, body=b""))
    forged = {"requestContext": {"authorizer": {"claims": {"sub": "admin"}}}, "any": "thing"}
    Bridge(app, events_path="/events")(forged)
    assert identity(app.seen[0].raw) == Identity()
    if interface == "wsgi":
        event = sample("other_websocket_message")
        event["requestContext"]["authorizer"] = {"principalId": "ann"}
        Bridge(app, events_path="/events")(event)
        assert identity(app.seen[1].raw).principal == "ann"


def test_all_names_that_are_none_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"'edge', 'websocket', and not 'a', 'b'\.$"):
        Bridge(APPS["wsgi"](), accepts=["b", "http", "a"])  # type: ignore[list-item]
