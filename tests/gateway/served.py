"""The apps that the end-to-end tests serve."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response, UploadFile
from fastapi.responses import PlainTextResponse, RedirectResponse

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    note("started")
    yield
    note("stopped")


def note(word: str) -> None:
    """Write a word down, where the environment says."""
    if "NOTES" in os.environ:
        with Path(os.environ["NOTES"]).open("a") as notes:
            notes.write(word + "\n")


app = FastAPI(lifespan=lifespan)


@app.post("/json")
async def post_json(request: Request) -> Any:
    return {"got": await request.json()}


@app.get("/png")
async def get_png() -> Response:
    return Response(PNG, media_type="image/png")


@app.post("/upload")
async def upload(files: list[UploadFile]) -> dict[str, str]:
    return {file.filename or "": (await file.read()).hex() for file in files}


@app.get("/cookies")
async def cookies(request: Request) -> Response:
    response = PlainTextResponse(f"{request.cookies}")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


@app.get("/slash/")
async def slash() -> str:
    return "here"


@app.get("/redirect")
async def redirect(request: Request) -> RedirectResponse:
    return RedirectResponse(request.url_for("slash"))


@app.api_route("/head", methods=["GET", "HEAD"])
async def head() -> Response:
    return PlainTextResponse("body", headers={"x-head": "yes"})


@app.get("/mistake")
async def mistake() -> None:
    raise KeyError("mistake")


@app.get("/query/{name:path}")
async def query(name: str, request: Request) -> dict[str, Any]:
    return {"name": name, "query": request.query_params.multi_items()}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A Lambda handler that is no Bridge."""
    return {"statusCode": 200, "body": f"{context.aws_request_id == event['requestContext']['requestId']}"}


def hangs(event: dict[str, Any], context: Any) -> None:
    """A Lambda handler that never ends."""
    while True:
        pass
