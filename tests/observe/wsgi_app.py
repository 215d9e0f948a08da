"""A Flask app to be observed."""

import logging
import sys
from collections.abc import Iterator

from flask import Flask, Response

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = None
log = logging.getLogger("shop")


def work() -> None:
    log.warning("at work")
    if "structlog" in sys.modules:
        sys.modules["structlog"].get_logger().warning("seen")


@app.get("/ok")
def ok() -> str:
    work()
    return "ok"


@app.get("/boom")
def boom() -> str:
    work()
    raise ZeroDivisionError("division by zero")


@app.get("/stream")
def stream() -> Response:
    def parts() -> Iterator[str]:
        yield from "abc"

    work()
    return Response(parts(), mimetype="text/plain")
