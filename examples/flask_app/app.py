"""A Flask app on Lambda. Bridge sees that it is WSGI; the last line is the same as for any other app."""

import hashlib
import io

from flask import Flask, Response, jsonify, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from bridge import Bridge

app = Flask(__name__)


@app.get("/")
def start() -> str:
    """Links to everything. `url_for` knows the stage: they work on every address the function has."""
    names = ["hello", "items", "cookies", "download", "old", "event", "fails"]
    links = "".join(f'<li><a href="{url_for(name)}">{name}</a>' for name in names)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Flask on Lambda</title>
<h1>Flask on Lambda</h1>
<ul>{links}<li><a href="{url_for("item", name="naïve café / 100 %")}">item</a></ul>
<form method="post" enctype="multipart/form-data" action="{url_for("upload")}">
<input type="file" name="files" multiple> <button>Upload</button>
</form>
</html>
"""


@app.get("/hello")
def hello() -> dict[str, str]:
    """JSON."""
    return {"hello": "world"}


@app.get("/items")
def items() -> dict[str, object]:
    """Query parameters; `tag` may come more than once."""
    return {"tags": request.args.getlist("tag"), "limit": request.args.get("limit", 10, int)}


@app.get("/items/<path:name>")
def item(name: str) -> dict[str, str]:
    """A path parameter; with `path:` it may have slashes in it."""
    return {"name": name}


@app.post("/upload")
def upload() -> Response:
    """Files from a form. On a REST API, set its `BinaryMediaTypes` to `*/*`, or it damages them on the way in."""
    uploaded = []
    for file in request.files.getlist("files"):
        content = file.read()
        uploaded.append(
            {"name": file.filename, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        )
    return jsonify(uploaded)


@app.get("/cookies")
def cookies() -> Response:
    """Answers with the cookies that came, and sets two."""
    response = jsonify(request.cookies)
    response.set_cookie("visited", "yes", max_age=3600, httponly=True, secure=True)
    response.set_cookie("theme", "dark")
    return response


@app.get("/download")
def download() -> BaseResponse:
    """Bytes, under a name of their own."""
    return send_file(io.BytesIO(bytes(range(256))), download_name="bytes.bin", as_attachment=True)


@app.get("/old")
def old() -> BaseResponse:
    """A redirect to `/hello`."""
    return redirect(url_for("hello"))


@app.get("/event")
def event() -> dict[str, object]:
    """The event as Lambda gave it, with all that HTTP has no place for, and who called."""
    context = request.environ["aws.context"]
    return {
        "event": request.environ["aws.event"].raw_event,
        "request_id": getattr(context, "aws_request_id", None),
        "client": request.remote_addr,
    }


@app.get("/fails")
def fails() -> str:
    """The client gets a plain 500, and the function's log the traceback."""
    raise RuntimeError("this endpoint always fails")


handler = Bridge(app)
