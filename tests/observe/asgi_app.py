"""A FastAPI app to be observed."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse

app = FastAPI()
log = logging.getLogger("shop")


def work() -> None:
    log.warning("at work")
    if "structlog" in sys.modules:
        sys.modules["structlog"].get_logger().warning("seen")


@app.get("/ok")
async def ok() -> PlainTextResponse:
    work()
    return PlainTextResponse("ok")


@app.get("/boom")
async def boom() -> PlainTextResponse:
    work()
    raise ZeroDivisionError("division by zero")


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        for part in "abc":
            await asyncio.sleep(0.01)
            yield part

    work()
    return StreamingResponse(parts(), media_type="text/plain")


@app.get("/late")
async def late(tasks: BackgroundTasks) -> PlainTextResponse:
    async def later() -> None:
        await asyncio.sleep(0.3)
        log.warning("background work was done")

    tasks.add_task(later)
    return PlainTextResponse("first")
