from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from django.core.signals import request_finished, request_started

from bridge import Bridge

from .apps import django_app
from .client import Client
from .conftest import function
from .events import HTTP_V2, REST, Source


@pytest.fixture(params=["django-asgi", "django-wsgi"])
def handler(request: pytest.FixtureRequest) -> Bridge:
    return function(request.param)


@pytest.fixture
def signals() -> Iterator[list[str]]:
    seen: list[str] = []

    def started(**_: object) -> None:
        seen.append("started")

    def finished(**_: object) -> None:
        seen.append("finished")

    request_started.connect(started)
    request_finished.connect(finished)
    yield seen
    request_started.disconnect(started)
    request_finished.disconnect(finished)


@pytest.mark.parametrize("path", ["/json", "/stream", "/error", "/missing"])
def test_request_finished_is_sent_once_so_that_connections_are_closed(
    handler: Bridge, signals: list[str], path: str
) -> None:
    client = Client(handler, HTTP_V2)
    client.get(path)
    assert signals == ["started", "finished"]
    client.get(path)
    assert signals == ["started", "finished"] * 2


def test_an_upload_without_content_length(handler: Bridge) -> None:
    """REST APIs take Content-Length out. 3 MB go through a temporary file."""
    content = random.randbytes(3_000_000)
    reply = Client(handler, REST).post_files("/upload", "files", {"big.bin": content})
    assert reply.json == [["big.bin", 3_000_000, sha256(content).hexdigest()]]


def test_a_cookie_as_django_5_writes_it() -> None:
    """With a space in front, which HTTP/2 forbids."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Set-Cookie", " a=1; Path=/"), ("Set-Cookie", " b=2; Path=/")])
        return []

    assert Client(Bridge(app), HTTP_V2).get("/").cookies == ["a=1; Path=/", "b=2; Path=/"]


def test_both_interfaces_answer_alike(source: Source) -> None:
    asgi, wsgi = (Client(function(name), source) for name in ("django-asgi", "django-wsgi"))
    for path in ("/json", "/path/caf%C3%A9%20%25", "/query", "/url", "/redirect", "/slash", "/binary", "/missing"):
        assert asgi.get(path, "a=%C3%A9&a=+") == wsgi.get(path, "a=%C3%A9&a=+")


def test_the_app_in_the_ways_django_makes_it() -> None:
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    for app in (get_asgi_application(), get_wsgi_application()):
        assert Client(Bridge(app), HTTP_V2).get("/json").json == {"hello": "world"}
    assert django_app.urlpatterns
