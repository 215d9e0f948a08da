"""What frameworks show of a request: nothing of the event that the request itself does not show."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flask
import pytest
from django.core import mail
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from django.utils.log import AdminEmailHandler
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from bridge import Bridge
from bridge.current import LambdaEvent

from ..apps import APPS, Interface
from ..samples import HTTP, sample
from .apps import django_app, django_failing

assert django_app.urlpatterns  # imported for its settings: Django takes them once in a process

COOKIE, TOKEN, PASSWORD = "S3SSION", "T0KEN", "hunter2hunter2"
INSIDE = sample("http_api_post")["requestContext"]["requestId"]
"""What is in the event, and in no header."""

FORM = f"user=ann&password={PASSWORD}"
BODIES = [
    ("application/x-www-form-urlencoded", b64encode(FORM.encode()).decode(), True),
    ("application/x-www-form-urlencoded", FORM, False),
    ("application/json", json.dumps({"password": PASSWORD}), False),
]


def http_api(content_type: str, body: str, is_base64: bool) -> dict[str, Any]:
    event = sample("http_api_post")
    event["headers"] |= {"content-type": content_type, "authorization": f"Bearer {TOKEN}"}
    event["headers"].pop("content-length", None)
    event["requestContext"]["http"] |= {"method": "POST", "path": "/fails"}
    return {
        **event,
        "rawPath": "/fails",
        "cookies": [f"sessionid={COOKIE}"],
        "body": body,
        "isBase64Encoded": is_base64,
    }


def rest(content_type: str, body: str, is_base64: bool) -> dict[str, Any]:
    event = sample("rest_upload")
    headers = {"Host": "example.com", "content-type": content_type, "Authorization": f"Bearer {TOKEN}"}
    headers["Cookie"] = f"sessionid={COOKIE}"
    event |= {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
    event["requestContext"] = {**event["requestContext"], "path": "/fails", "domainName": "example.com"}
    return {**event, "httpMethod": "POST", "path": "/fails", "body": body, "isBase64Encoded": is_base64}


def secrets() -> list[str]:
    """All that the event has in it, as it stands there; a form's fields, base64 of which is as good as the form."""
    return [COOKIE, TOKEN, PASSWORD, b64encode(FORM.encode()).decode()[:30]]


@pytest.fixture
def outbox() -> Iterator[Callable[[], list[str]]]:
    """What Django's stock handler mails to ADMINS, text and HTML alike."""
    handler, logger = AdminEmailHandler(include_html=True), logging.getLogger("django.request")
    logger.addHandler(handler)
    settings = override_settings(
        ADMINS=[("Ann", "ann@example.com")],
        DEBUG=False,
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        ROOT_URLCONF=django_failing.__name__,
    )
    settings.enable()
    mail.outbox = []
    yield lambda: [str(message.message()) for message in mail.outbox]
    settings.disable()
    logger.removeHandler(handler)


@pytest.mark.parametrize("application", [WSGIHandler, ASGIHandler])
@pytest.mark.parametrize("event_of", [http_api, rest])
@pytest.mark.parametrize("body", BODIES)
def test_django_mails_no_cookie_no_token_and_no_body_to_admins(
    outbox: Callable[[], list[str]], application: Any, event_of: Any, body: tuple[str, str, bool]
) -> None:
    assert Bridge(application(), lifespan="off")(event_of(*body))["statusCode"] == 500
    (report,) = outbox()
    assert "RuntimeError" in report
    assert [secret for secret in secrets() if secret in report] == []


@pytest.mark.parametrize("application", [WSGIHandler, ASGIHandler])
def test_djangos_debug_page_shows_no_event(application: Any) -> None:
    with override_settings(DEBUG=True, ROOT_URLCONF=django_failing.__name__):
        page = Bridge(application(), lifespan="off")(http_api(*BODIES[2]))["body"]
    assert "RuntimeError" in page
    # The page has the request itself: its cookie, and in META what came in headers.
    assert PASSWORD not in page
    assert INSIDE not in page


def test_starlettes_debug_page_shows_no_event() -> None:
    async def fails(request: Request) -> None:
        raise RuntimeError(f"{request.scope!r}")

    app = Starlette(debug=True, routes=[Route("/fails", fails, methods=["POST"])])
    event = http_api(*BODIES[2])
    event["headers"]["accept"] = "text/html"
    page = Bridge(app)(event)["body"]
    assert "RuntimeError" in page
    assert PASSWORD not in page
    assert INSIDE not in page


def test_flasks_debugger_shows_no_event() -> None:
    from werkzeug.debug import DebuggedApplication

    app = flask.Flask("app")
    app.debug = True

    @app.post("/fails")
    def fails() -> str:
        raise RuntimeError(pprint.pformat(flask.request.environ))

    page = Bridge(DebuggedApplication(app, evalex=True))(http_api(*BODIES[2]))["body"]
    assert "RuntimeError" in page
    assert PASSWORD not in page
    assert INSIDE not in page


@pytest.mark.parametrize("show", [repr, str, pprint.pformat, "{}".format])
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
@pytest.mark.parametrize("name", ["http_api_post", "rest_upload", "alb", "edge_origin", "lattice_2_post"])
def test_nothing_of_the_event_is_in_a_printed_carrier(
    name: str, interface: Interface, show: Callable[[object], str]
) -> None:
    app, event = APPS[interface](), sample(name)
    Bridge(app)(event)
    carrier = app.seen[0].raw
    text = show(carrier)
    assert "Lambda event" in text
    keys = {"Records", "body", "isBase64Encoded", "rawPath", "requestContext"} & event.keys()
    assert keys
    assert [key for key in keys if f"'{key}'" in text] == []


def test_no_walk_of_dicts_or_mappings_enters_the_event() -> None:
    event = LambdaEvent(sample("http_api"))
    assert not isinstance(event, (dict, Mapping, list, tuple))
    assert not hasattr(event, "__dict__")
    with pytest.raises(TypeError):
        json.dumps(event)
    with pytest.raises(TypeError):
        hash(event)


@pytest.mark.parametrize("name", HTTP)
def test_the_event_is_read_as_a_dict_is(name: str) -> None:
    raw = sample(name)
    event = LambdaEvent(raw)
    assert event.raw_event is raw
    assert dict(event) == {**event} == raw
    assert list(event) == list(event.keys()) == list(raw)
    assert len(event) == len(raw)
    assert [*event.items()] == [*raw.items()]
    assert [*event.values()] == [*raw.values()]
    for key in raw:
        assert key in event
        assert event[key] is raw[key]
        assert event.get(key) is raw[key]
    assert "missing" not in event
    assert event.get("missing") is None
    assert event.get("missing", 7) == 7
    with pytest.raises(KeyError):
        event["missing"]
    assert event == raw
    assert raw == event
    assert event == LambdaEvent(sample(name))
    assert event != {**raw, "more": 1}
    assert copy.deepcopy(event) == pickle.loads(pickle.dumps(event)) == event


def test_the_event_may_be_a_list_as_pipes_send_them() -> None:
    event = LambdaEvent([{"body": "a"}, {"body": "b"}])
    assert [record["body"] for record in event] == ["a", "b"]
    assert event[1]["body"] == "b"
