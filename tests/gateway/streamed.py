"""The apps that the end-to-end tests of streaming serve: each part of a stream waits until its client asks for it."""

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator

from flask import Flask, Response
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from bridge import Bridge

TICKS = ["tick 0\n", "tick 1\n", "tick 2\n", "tick 3\n"]
SECONDS = 20

asked = asyncio.Queue[None]()
notes: list[str] = []


async def ticks() -> AsyncIterator[str]:
    try:
        for tick in TICKS:
            yield tick
            await asyncio.wait_for(asked.get(), SECONDS)
    finally:
        notes.append("ended")


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(ticks(), media_type="text/event-stream")


async def broken(request: Request) -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"part"
        await asyncio.wait_for(asked.get(), SECONDS)
        raise ZeroDivisionError

    return StreamingResponse(parts())


async def then(request: Request) -> PlainTextResponse:
    """Answers, and goes on when it is asked to."""

    async def work() -> None:
        await asyncio.wait_for(asked.get(), SECONDS)
        notes.append("worked")

    return PlainTextResponse("answered", background=BackgroundTask(work))


async def ask(request: Request) -> PlainTextResponse:
    asked.put_nowait(None)
    return PlainTextResponse("")


async def noted(request: Request) -> PlainTextResponse:
    return PlainTextResponse(" ".join(notes))


app = Starlette(
    routes=[
        Route("/stream", stream),
        Route("/broken", broken),
        Route("/then", then),
        Route("/ask", ask),
        Route("/noted", noted),
    ]
)
buffered = Bridge(app)

flask = Flask(__name__)
asked_in_threads = queue.SimpleQueue[None]()


@flask.get("/stream")
def flask_stream() -> Response:
    def parts() -> Iterator[str]:
        for tick in TICKS:
            yield tick
            asked_in_threads.get(timeout=SECONDS)

    return Response(parts(), mimetype="text/event-stream")


@flask.get("/ask")
def flask_ask() -> str:
    asked_in_threads.put(None)
    return ""
