import time
from typing import Any

from flask import Flask, Response, request

from bridge import Bridge

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = True


@app.get("/books/cover")
def cover() -> Response:
    return Response(b"\x89PNG\xff", mimetype="image/png")


@app.get("/books/page")
def page() -> str:
    return "<!doctype html><html lang=en><title>Books</title><p>A page of the library's"


@app.get("/books/slow")
def slow() -> str:
    time.sleep(30)
    return "late"


@app.get("/books/broken")
def broken() -> str:
    raise RuntimeError("broken")


@app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT"])
@app.route("/<path:path>", methods=["GET", "POST", "PUT"])
def event(path: str) -> Any:
    return {"path": path, "root": request.root_path, "event": request.environ["aws.event"].raw_event}


handler = Bridge(app, errors="raise", base_path="/lib")
