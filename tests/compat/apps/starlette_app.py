from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from . import BINARY, COOKIES

started: list[str] = []


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    started.append("up")
    yield


async def items(request: Request) -> Response:
    return JSONResponse({"name": request.path_params["name"], "q": request.query_params.get("q")})


async def link(request: Request) -> Response:
    return JSONResponse({"url": str(request.url_for("items", name="a")), "request": str(request.url)})


async def redirect(request: Request) -> Response:
    return RedirectResponse(request.url_for("items", name="a"))


async def cookies(request: Request) -> Response:
    response = JSONResponse(request.cookies)
    for cookie in COOKIES:
        response.headers.append("set-cookie", cookie)
    return response


async def upload(request: Request) -> Response:
    async with request.form() as fields:
        return JSONResponse([len(await file.read()) for file in fields.getlist("files")])  # type: ignore[union-attr]


async def download(_: Request) -> Response:
    return Response(BINARY, media_type="application/octet-stream")


async def error(_: Request) -> Response:
    raise ValueError("boom")


async def state(_: Request) -> Response:
    return JSONResponse(started)


routes = [
    Route("/items/{name:path}", items),
    Route("/link", link),
    Route("/redirect", redirect),
    Route("/cookies", cookies),
    Route("/upload", upload, methods=["POST"]),
    Route("/download", download),
    Route("/error", error),
    Route("/state", state),
]
app = Starlette(routes=routes, lifespan=lifespan)
