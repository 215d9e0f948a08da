from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge import Bridge

from .client import Client
from .events import HTTP_V2, SOURCES, Source


def application(name: str) -> Any:
    """The app of a framework in `apps`."""
    app: Any
    match name:
        case "fastapi":
            from .apps.fastapi_app import app
        case "starlette":
            from .apps.starlette_app import app
        case "litestar":
            from .apps.litestar_app import app
        case "quart":
            from .apps.quart_app import app
        case "flask":
            from .apps.flask_app import app
        case "flask-in-fastapi":
            from .apps.mounted_app import app
        case "django-asgi":
            from .apps.django_app import asgi as app
        case "django-wsgi":
            from .apps.django_app import wsgi as app
    return app


@functools.cache
def function(name: str) -> Bridge:
    """The Lambda function of an app in `apps`: one for all tests, as one serves all requests in Lambda."""
    return Bridge(application(name))


FRAMEWORKS = ["fastapi", "starlette", "litestar", "quart", "flask", "flask-in-fastapi", "django-asgi", "django-wsgi"]


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=SOURCES, ids=lambda source: source.name)
def source(request: pytest.FixtureRequest) -> Source:
    source: Source = request.param
    return source


@pytest.fixture
def client(framework: str, source: Source) -> Client:
    return Client(function(framework), source, "/flask" if framework == "flask-in-fastapi" else "")


@pytest.fixture
def serve() -> Iterator[Callable[..., Client]]:
    """Makes a function of a test's own app; the function's instance ends with the test."""
    handlers: list[Bridge] = []

    def serve(app: Any, source: Source = HTTP_V2, **options: Any) -> Client:
        handlers.append(Bridge(app, **options))
        return Client(handlers[-1], source)

    yield serve
    for handler in handlers:
        handler.close()
