from urllib.parse import unquote

from sanic import HTTPResponse, Request, Sanic, raw, redirect as redirect_to
from sanic.response import json

from . import BINARY

app = Sanic("compat")
started: list[str] = []


@app.before_server_start
async def start(app: Sanic) -> None:
    started.append("up")


@app.get("/items/<name:path>", name="items")
async def items(request: Request, name: str) -> HTTPResponse:
    return json({"name": unquote(name), "q": request.args.get("q")})


@app.get("/link")
async def link(request: Request) -> HTTPResponse:
    return json({"url": request.url_for("items", name="a"), "request": request.url})


@app.get("/redirect")
async def redirect(request: Request) -> HTTPResponse:
    return redirect_to("items/a")


@app.get("/cookies")
async def cookies(request: Request) -> HTTPResponse:
    response = json({name: request.cookies.get(name) for name in request.cookies})
    response.add_cookie("session", "abc")
    response.add_cookie("theme", "dark")
    return response


@app.post("/upload")
async def upload(request: Request) -> HTTPResponse:
    return json([len(file.body) for files in request.files.values() for file in files])


@app.get("/download")
async def download(request: Request) -> HTTPResponse:
    return raw(BINARY)


@app.get("/error")
async def error(request: Request) -> HTTPResponse:
    raise ValueError("boom")


@app.get("/state")
async def state(request: Request) -> HTTPResponse:
    return json(started)
