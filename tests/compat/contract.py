"""What every framework has to do behind every API, and which of them there are."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from bridge import Bridge

from ..frameworks.client import Client
from ..frameworks.events import SOURCES, Source
from .apps import BINARY

if TYPE_CHECKING:
    from collections.abc import Callable

APIS = {
    "REST API with a stage": "rest",
    "HTTP API": "http-2.0",
    "HTTP API with a stage": "http-2.0-stage",
    "function URL": "function-url",
    "load balancer": "alb-multi",
}
"""The names in the page of those sources of the tests of frameworks that stand in it."""


def source_of(name: str) -> Source:
    """Return the source of an API."""
    return next(source for source in SOURCES if source.name == APIS[name])


@dataclass(frozen=True)
class Framework:
    """A framework, spoken to by one interface.

    Attributes:
        name: what people call it.
        package: the distribution whose version the page names.
        interface: "ASGI" or "WSGI".
        target: where the app is, in `apps`.
        lifespan: whether the app runs something when it starts up, and `/state` says so.
        links: whether it makes absolute URLs with the stage in them.
    """

    name: str
    package: str
    interface: str
    target: str
    lifespan: bool = False
    links: bool = True

    @cached_property
    def app(self) -> Any:
        """The app, imported when it is first needed."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(f"{__package__}.apps.{module}"), name or "app")

    @cached_property
    def handler(self) -> Bridge:
        """The function: one for all APIs, as one serves all requests in Lambda."""
        return Bridge(self.app)


FRAMEWORKS = [
    Framework("FastAPI", "fastapi", "ASGI", "fastapi_app", lifespan=True),
    Framework("Starlette", "starlette", "ASGI", "starlette_app", lifespan=True),
    Framework("Litestar", "litestar", "ASGI", "litestar_app", lifespan=True),
    Framework("Quart", "quart", "ASGI", "quart_app", lifespan=True),
    Framework("Django", "django", "ASGI", "django_app:asgi"),
    Framework("Django", "django", "WSGI", "django_app:wsgi"),
    Framework("Flask", "flask", "WSGI", "flask_app"),
    Framework("Falcon", "falcon", "ASGI", "falcon_asgi", lifespan=True),
    Framework("Falcon", "falcon", "WSGI", "falcon_wsgi"),
    Framework("Sanic", "sanic", "ASGI", "sanic_app", lifespan=True, links=False),
    Framework("BlackSheep", "blacksheep", "ASGI", "blacksheep_app", lifespan=True),
    Framework("Bottle", "bottle", "WSGI", "bottle_app"),
    Framework("Pyramid", "pyramid", "WSGI", "pyramid_app"),
    Framework("Connexion", "connexion", "ASGI", "connexion_asgi"),
    Framework("a2wsgi (Flask)", "a2wsgi", "ASGI", "mixed:flask_as_asgi"),
    Framework("a2wsgi (Starlette)", "a2wsgi", "WSGI", "mixed:starlette_as_wsgi"),
]


def routing(client: Client, framework: Framework) -> None:
    """A path is decoded once, a query is there, what is missing is a 404."""
    for wire, text in {"a": "a", "two%20words": "two words", "caf%C3%A9/x": "caf\u00e9/x", "100%25": "100%"}.items():
        assert client.get(f"/items/{wire}", "q=x+%26").json == {"name": text, "q": "x &"}, wire
    assert client.get("/missing").status == 404


def links(client: Client, framework: Framework) -> None:
    """Absolute URLs are the client's, with the stage."""
    told = client.get("/link").json
    assert told["url"] == client.url("/items/a")
    assert told.get("request", client.url("/link")) == client.url("/link")


def redirects(client: Client, framework: Framework) -> None:
    """A redirect leads where the client has to go."""
    reply = client.get("/redirect")
    assert 301 <= reply.status <= 308
    assert urljoin(client.url("/redirect"), reply.headers["location"]) == client.url("/items/a")


def cookies(client: Client, framework: Framework) -> None:
    """Cookies arrive, and two are set one by one."""
    reply = client.get("/cookies", headers=[("Cookie", "a=1; b=two")])
    assert reply.json == {"a": "1", "b": "two"}
    assert [cookie.partition("=")[0] for cookie in reply.cookies] == ["session", "theme"]


def uploads(client: Client, framework: Framework) -> None:
    """Files keep their bytes."""
    reply = client.post_files("/upload", "files", {"one.bin": BINARY * 100, "two.bin": BINARY})
    sizes = reply.json["sizes"] if isinstance(reply.json, dict) else reply.json
    assert sizes == [25_600, 256]


def downloads(client: Client, framework: Framework) -> None:
    """So do downloads."""
    assert client.get("/download").body == BINARY


def errors(client: Client, framework: Framework) -> None:
    """An exception is a 500, without its text."""
    reply = client.get("/error")
    assert reply.status == 500
    assert "boom" not in reply.text


def lifespan(client: Client, framework: Framework) -> None:
    """What runs at startup has run, once, before the first request."""
    assert json.loads(client.get("/state").body) == ["up"]


FEATURES: dict[str, Callable[[Client, Framework], None]] = {
    check.__name__: check for check in (routing, links, redirects, cookies, uploads, downloads, errors, lifespan)
}


def has(framework: Framework, feature: str) -> bool:
    """Return whether a framework has a feature of its own accord."""
    return {"lifespan": framework.lifespan, "links": framework.links}.get(feature, True)
