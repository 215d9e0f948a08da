from typing import Any

from bottle import Bottle, HTTPResponse, redirect as redirect_to, request

from . import BINARY, COOKIES

app = Bottle()


@app.get("/items/<name:path>", name="items")
def items(name: str) -> dict[str, Any]:
    return {"name": name, "q": request.query.get("q")}


@app.get("/link")
def link() -> dict[str, str]:
    scheme, host, *_ = request.urlparts
    return {"url": f"{scheme}://{host}{app.get_url('items', name='a')}", "request": request.url}


@app.get("/redirect")
def redirect() -> None:
    redirect_to("items/a")


@app.get("/cookies")
def cookies() -> HTTPResponse:
    response = HTTPResponse(dict(request.cookies))
    for cookie in COOKIES:
        response.add_header("Set-Cookie", cookie)
    return response


@app.post("/upload")
def upload() -> dict[str, list[int]]:
    return {"sizes": [len(file.file.read()) for file in request.files.getall("files")]}


@app.get("/download")
def download() -> HTTPResponse:
    return HTTPResponse(BINARY, content_type="application/octet-stream")


@app.get("/error")
def error() -> None:
    raise ValueError("boom")
