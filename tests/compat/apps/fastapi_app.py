from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse

from . import BINARY, COOKIES

started: list[str] = []


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    started.append("up")
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/items/{name:path}")
async def items(name: str, q: str | None = None) -> dict[str, Any]:
    return {"name": name, "q": q}


@app.get("/link")
def link(request: Request) -> dict[str, str]:
    return {"url": str(request.url_for("items", name="a")), "request": str(request.url)}


@app.get("/redirect")
async def redirect(request: Request) -> Response:
    return RedirectResponse(request.url_for("items", name="a"))


@app.get("/cookies")
async def cookies(request: Request) -> Response:
    response = JSONResponse(request.cookies)
    for cookie in COOKIES:
        response.headers.append("set-cookie", cookie)
    return response


@app.post("/upload")
async def upload(files: list[UploadFile]) -> list[int]:
    return [len(await file.read()) for file in files]


@app.get("/download")
def download() -> Response:
    return Response(BINARY, media_type="application/octet-stream")


@app.get("/error")
async def error() -> None:
    raise ValueError("boom")


@app.get("/state")
async def state() -> list[str]:
    return started
