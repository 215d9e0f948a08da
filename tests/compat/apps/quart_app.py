from typing import Any

from quart import Quart, Response, jsonify, redirect as redirect_to, request, url_for

from . import BINARY, COOKIES

app = Quart(__name__)
started: list[str] = []


@app.before_serving
async def start() -> None:
    started.append("up")


@app.get("/items/<path:name>")
async def items(name: str) -> dict[str, Any]:
    return {"name": name, "q": request.args.get("q")}


@app.get("/link")
async def link() -> dict[str, str]:
    return {"url": url_for("items", name="a", _external=True), "request": request.url}


@app.get("/redirect")
async def redirect() -> Any:
    return redirect_to(url_for("items", name="a"))


@app.get("/cookies")
async def cookies() -> Response:
    response = jsonify(request.cookies)
    for cookie in COOKIES:
        response.headers.add("Set-Cookie", cookie)
    return response


@app.post("/upload")
async def upload() -> Response:
    return jsonify([len(file.read()) for file in (await request.files).getlist("files")])


@app.get("/download")
async def download() -> Response:
    return Response(BINARY, mimetype="application/octet-stream")


@app.get("/error")
async def error() -> str:
    raise ValueError("boom")


@app.get("/state")
async def state() -> Response:
    return jsonify(started)
