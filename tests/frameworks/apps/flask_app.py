from collections.abc import Iterator

from flask import Flask, Response, jsonify, redirect as redirect_to, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from . import CHUNKS, COOKIES, described

app = Flask(__name__)


@app.get("/json")
def json() -> dict[str, str]:
    return {"hello": "world"}


@app.post("/json")
def post_json() -> Response:
    return jsonify(request.json)


@app.get("/path/<path:rest>")
def path(rest: str) -> dict[str, str]:
    return {"rest": rest}


@app.get("/query")
def query() -> dict[str, list[str]]:
    return request.args.to_dict(flat=False)


@app.get("/cookies")
def cookies() -> Response:
    return jsonify(request.cookies)


@app.get("/set-cookies")
def set_cookies() -> Response:
    response = Response()
    for cookie in COOKIES:
        response.headers.add("set-cookie", cookie)
    return response


@app.get("/redirect")
def redirect() -> BaseResponse:
    return redirect_to(url_for("json"))


@app.get("/url")
def url() -> dict[str, str]:
    return {"url": url_for("json", _external=True), "request": request.url}


@app.get("/binary")
def binary() -> Response:
    return Response(bytes(range(256)), mimetype="application/octet-stream")


@app.post("/form")
def form() -> dict[str, list[str]]:
    return request.form.to_dict(flat=False)


@app.post("/upload")
def upload() -> Response:
    return jsonify([described(file.filename, file.read()) for file in request.files.getlist("files")])


@app.get("/latin1")
def latin1() -> Response:
    return Response(headers={"x-name": "café"})


@app.get("/stream")
def stream() -> Response:
    def chunks() -> Iterator[bytes]:
        yield from CHUNKS

    return Response(chunks(), mimetype="text/plain")


@app.get("/slash/")
def slash() -> str:
    return "ok"


@app.get("/error")
def error() -> str:
    raise ValueError("boom")


@app.get("/event")
def event() -> dict[str, list[str]]:
    carrier = request.environ.get("asgi.scope", request.environ)  # a2wsgi hands the scope on
    return {"keys": sorted({"aws.event", "aws.context"} & carrier.keys())}
