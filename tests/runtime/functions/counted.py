"""Bridges that say which statuses are errors, around apps that answer with a page of their own."""

import os
from collections.abc import Iterable
from typing import Any

from litestar import Litestar, get
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bridge import Bridge


async def boom(request: Request) -> PlainTextResponse:
    raise ZeroDivisionError("boom")


async def said(request: Request) -> PlainTextResponse:
    return PlainTextResponse("said", request.path_params["status"])


@get("/boom")
async def litestar_boom() -> None:
    raise ZeroDivisionError("boom")


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response(f"{environ['PATH_INFO'].rpartition('/')[2]} Said", [("content-type", "text/plain")])
    return [b"said"]


streaming: Any = os.environ["STREAMING"]
app = Starlette(routes=[Route("/boom", boom), Route("/status/{status:int}", said)])
starlette = Bridge(app, errors=range(500, 600), streaming=streaming)
starlette_raises = Bridge(app, errors="raise", streaming=streaming)
litestar = Bridge(Litestar([litestar_boom], logging_config=None), errors=range(500, 600), streaming=streaming)
flask_like = Bridge(wsgi, errors=lambda status: status >= 500, streaming=streaming)
