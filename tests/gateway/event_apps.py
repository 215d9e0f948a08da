"""Apps with a path for events, one for each framework: what reaches it is written down."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI, Request
from flask import Flask, jsonify, request as flask_request
from quart import Quart, request as quart_request
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount

from ..frameworks.apps import django_app

HEADER = "x-bridge-event"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
REACHED: list[str] = []
"""The kinds that the paths for events were told; "" for none."""


def fastapi_app(root_path: str = "") -> FastAPI:
    app = FastAPI()
    app.root_path = root_path  # as its deprecated argument does

    @app.api_route("/events", methods=METHODS)
    async def events(request: Request) -> Any:
        REACHED.append(request.headers.get(HEADER, ""))
        return {"took": await request.json()} if request.method == "POST" else {}

    @app.api_route("/{rest:path}", methods=METHODS)
    async def other(request: Request) -> Any:
        return {"headers": [name for name in request.headers if "bridge" in name]}

    return app


def mounted_app() -> Starlette:
    """An app that has another below a path, which does not look at the rest of it."""

    async def events(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        REACHED.append(request.headers.get(HEADER, ""))
        await JSONResponse({"took": await request.json()} if request.method == "POST" else {})(scope, receive, send)

    async def other(scope: Any, receive: Any, send: Any) -> None:
        names = [name for name in Request(scope).headers if "bridge" in name]
        await JSONResponse({"headers": names})(scope, receive, send)

    return Starlette(routes=[Mount("/events", events), Mount("/", other)])


def flask_app() -> Flask:
    app = Flask(__name__)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False

    @app.route("/events", methods=METHODS)
    def events() -> Any:
        REACHED.append(flask_request.headers.get(HEADER, ""))
        return jsonify({"took": flask_request.get_json()} if flask_request.method == "POST" else {})

    @app.route("/", defaults={"rest": ""}, methods=METHODS)
    @app.route("/<path:rest>", methods=METHODS)
    def other(rest: str) -> Any:
        return jsonify({"headers": [name for name, _ in flask_request.headers if "bridge" in name.lower()]})

    return app


def quart_app() -> Quart:
    app = Quart(__name__)

    @app.route("/events", methods=METHODS)
    async def events() -> Any:
        REACHED.append(quart_request.headers.get(HEADER, ""))
        return {"took": await quart_request.get_json()} if quart_request.method == "POST" else {}

    @app.route("/", defaults={"rest": ""}, methods=METHODS)
    @app.route("/<path:rest>", methods=METHODS)
    async def other(rest: str) -> Any:
        return {"headers": [name for name, _ in quart_request.headers if "bridge" in name.lower()]}

    return app


def raw_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """An app that goes by the last segment, in any case, as some do by hand."""
    start_response("200 OK", [("Content-Type", "application/json")])
    if environ["PATH_INFO"].rstrip("/\n ").lower().endswith("/events"):
        REACHED.append(environ.get("HTTP_X_BRIDGE_EVENT", ""))
        return [b"{}"]
    return [b'{"headers": []}']


@csrf_exempt
def django_events(request: HttpRequest) -> HttpResponse:
    REACHED.append(request.headers.get(HEADER, ""))
    return JsonResponse({"took": json.loads(request.body)} if request.method == "POST" else {})


@csrf_exempt
def django_other(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"headers": [name for name in request.headers if "bridge" in name.lower()]})


urlpatterns = [re_path("^events/?$", django_events), re_path("", django_other)]

APPS: dict[str, Callable[[], Any]] = {
    "fastapi": fastapi_app,
    "fastapi with a root path": lambda: fastapi_app("/api"),
    "starlette with a mount": mounted_app,
    "flask": flask_app,
    "quart": quart_app,
    "django-asgi": lambda: django_app.asgi,
    "django-wsgi": lambda: django_app.wsgi,
    "by hand": lambda: raw_app,
}
