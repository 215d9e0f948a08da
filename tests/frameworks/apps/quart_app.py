from collections.abc import AsyncIterator

from quart import Quart, Response, jsonify, redirect as redirect_to, request, url_for, websocket
from werkzeug.wrappers import Response as BaseResponse

from . import CHUNKS, COOKIES, described

app = Quart(__name__)


@app.get("/json")
async def json() -> dict[str, str]:
    return {"hello": "world"}


@app.post("/json")
async def post_json() -> Response:
    return jsonify(await request.json)


@app.get("/path/<path:rest>")
async def path(rest: str) -> dict[str, str]:
    return {"rest": rest}


@app.get("/query")
async def query() -> dict[str, list[str]]:
    return request.args.to_dict(flat=False)


@app.get("/cookies")
async def cookies() -> Response:
    return jsonify(request.cookies)


@app.get("/set-cookies")
async def set_cookies() -> Response:
    response = Response("")
    for cookie in COOKIES:
        response.headers.add("set-cookie", cookie)
    return response


@app.get("/redirect")
async def redirect() -> BaseResponse:
    return redirect_to(url_for("json"))


@app.get("/url")
async def url() -> dict[str, str]:
    return {"url": url_for("json", _external=True), "request": request.url}


@app.get("/binary")
async def binary() -> Response:
    return Response(bytes(range(256)), mimetype="application/octet-stream")


@app.post("/form")
async def form() -> dict[str, list[str]]:
    return (await request.form).to_dict(flat=False)


@app.post("/upload")
async def upload() -> Response:
    files = await request.files
    return jsonify([described(file.filename, file.read()) for file in files.getlist("files")])


@app.get("/latin1")
async def latin1() -> Response:
    return Response("", headers={"x-name": "café"})


@app.get("/stream")
async def stream() -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    return Response(chunks(), mimetype="text/plain")


@app.get("/slash/")
async def slash() -> str:
    return "ok"


@app.get("/error")
async def error() -> str:
    raise ValueError("boom")


@app.get("/event")
async def event() -> dict[str, list[str]]:
    return {"keys": sorted({"aws.event", "aws.context"} & request.scope.keys())}


@app.websocket("/socket")
async def socket() -> None:
    await websocket.accept()
