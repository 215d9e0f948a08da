"""A FastAPI app to be observed."""

import asyncio
import logging
from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse

app = FastAPI()
log = logging.getLogger("shop")


@app.get("/ok")
async def ok() -> PlainTextResponse:
    log.warning("at work")
    return PlainTextResponse("ok")


@app.get("/boom")
async def boom() -> PlainTextResponse:
    log.warning("at work")
    raise ZeroDivisionError("division by zero")


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        for part in "abc":
            await asyncio.sleep(0.01)
            yield part

    log.warning("at work")
    return StreamingResponse(parts(), media_type="text/plain")


@app.get("/late")
async def late(tasks: BackgroundTasks) -> PlainTextResponse:
    tasks.add_task(asyncio.sleep, 0.3)
    return PlainTextResponse("first")
