"""A Flask app to be observed."""

import logging
from collections.abc import Iterator

from flask import Flask, Response

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = None
log = logging.getLogger("shop")


@app.get("/ok")
def ok() -> str:
    log.warning("at work")
    return "ok"


@app.get("/boom")
def boom() -> str:
    log.warning("at work")
    raise ZeroDivisionError("division by zero")


@app.get("/stream")
def stream() -> Response:
    def parts() -> Iterator[str]:
        yield from "abc"

    log.warning("at work")
    return Response(parts(), mimetype="text/plain")
