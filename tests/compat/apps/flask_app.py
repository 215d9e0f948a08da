from typing import Any

from flask import Flask, Response, jsonify, redirect as redirect_to, request, url_for

from . import BINARY, COOKIES

app = Flask(__name__)


@app.get("/items/<path:name>")
def items(name: str) -> dict[str, Any]:
    return {"name": name, "q": request.args.get("q")}


@app.get("/link")
def link() -> dict[str, str]:
    return {"url": url_for("items", name="a", _external=True), "request": request.url}


@app.get("/redirect")
def redirect() -> Any:
    return redirect_to(url_for("items", name="a"))


@app.get("/cookies")
def cookies() -> Response:
    response = jsonify(request.cookies)
    for cookie in COOKIES:
        response.headers.add("Set-Cookie", cookie)
    return response


@app.post("/upload")
def upload() -> Response:
    return jsonify([len(file.read()) for file in request.files.getlist("files")])


@app.get("/download")
def download() -> Response:
    return Response(BINARY, mimetype="application/octet-stream")


@app.get("/error")
def error() -> str:
    raise ValueError("boom")
