"""A Flask app behind a REST API with a stage: JSON, an image, an error that clients understand."""

import base64
import logging
import os

from flask import Flask, Response, request, url_for
from werkzeug.exceptions import HTTPException, NotFound

from bridge import Bridge

logger = logging.getLogger(__name__)
app = Flask(__name__)

USERS = {"1": "Ada", "2": "Grace"}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@app.get("/")
def start() -> dict[str, object]:
    """Links that have the API's stage in front of the path, and the trace that X-Ray has of this request."""
    return {
        "users": [url_for("user", number=number) for number in USERS],
        "trace": request.headers.get("x-amzn-trace-id"),
    }


@app.get("/user/<number>")
def user(number: str) -> dict[str, str]:
    """A user, or an error that says which user there is not."""
    if number not in USERS:
        raise NotFound(f"there is no user {number}")
    logger.info("somebody has asked for %s", USERS[number])
    return {"number": number, "name": USERS[number]}


@app.get("/pixel.png")
def pixel() -> Response:
    """Bytes: the API's binaryMediaTypes let them through."""
    return Response(PIXEL, mimetype="image/png")


@app.errorhandler(HTTPException)
def failed(error: HTTPException) -> tuple[dict[str, str], int, dict[str, str]]:
    """Errors in the form that clients of AWS's own APIs know: a type in a header, and a message."""
    kind = type(error).__name__
    return {"message": error.description or error.name}, error.code or 500, {"x-amzn-ErrorType": kind}


handler = Bridge(app, accepts={"rest"}, metrics=os.environ.get("METRICS"))
