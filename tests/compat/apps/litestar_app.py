from typing import Annotated, Any

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from . import BINARY

started: list[str] = []


async def start() -> None:
    started.append("up")


@get("/items/a", name="first")
async def first(q: str | None = None) -> dict[str, Any]:
    return {"name": "a", "q": q}


@get("/items/{name:path}")
async def items(name: str, q: str | None = None) -> dict[str, Any]:
    return {"name": str(name).lstrip("/"), "q": q}


@get("/link")
async def link(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {"url": request.url_for("first"), "request": str(request.url)}


@get("/redirect")
async def redirect(request: Request[Any, Any, Any]) -> Redirect:
    return Redirect(request.url_for("first"))


@get("/cookies")
async def cookies(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    response = Response(dict(request.cookies))
    response.set_cookie("session", "abc")
    response.set_cookie("theme", "dark")
    return response


@post("/upload", status_code=200)
async def upload(data: Annotated[list[UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)]) -> list[int]:
    return [len(await file.read()) for file in data]


@get("/download", media_type="application/octet-stream")
async def download() -> bytes:
    return BINARY


@get("/error")
async def error() -> None:
    raise ValueError("boom")


@get("/state")
async def state() -> list[str]:
    return started


app = Litestar([first, items, link, redirect, cookies, upload, download, error, state], on_startup=[start])
