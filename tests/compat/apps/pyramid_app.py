import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyramid 2.1 imports pkg_resources
    from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response

from . import BINARY, COOKIES


def items(request: Any) -> dict[str, Any]:
    return {"name": "/".join(request.matchdict["name"]), "q": request.params.get("q")}


def link(request: Any) -> dict[str, str]:
    return {"url": request.route_url("items", name=["a"]), "request": request.url}


def redirect(request: Any) -> Any:
    return HTTPFound(request.route_url("items", name=["a"]))


def cookies(request: Any) -> dict[str, str]:
    for cookie in COOKIES:
        request.response.headers.add("Set-Cookie", cookie)
    return dict(request.cookies)


def upload(request: Any) -> list[int]:
    return [len(part.file.read()) for part in request.POST.values()]


def download(request: Any) -> Any:
    return Response(BINARY, content_type="application/octet-stream")


def error(request: Any) -> None:
    raise ValueError("boom")


with Configurator() as config:
    config.add_route("items", "/items/*name")
    config.add_view(items, route_name="items", renderer="json")
    for view in (link, redirect, cookies, upload, download, error):
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__, renderer="json")
    app = config.make_wsgi_app()
