"""A FastAPI app that streams an answer word by word, as a language model does. Its page shows each as it comes."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse

from bridge import Bridge

app = FastAPI(title="Token stream")

PAUSE = float(os.environ.get("TOKEN_PAUSE", "0.05"))
"""Seconds between two words."""


@app.get("/")
async def page() -> FileResponse:
    """The page."""
    return FileResponse(Path(__file__).with_name("page.html"), media_type="text/html")


@app.get("/answer")
async def answer(question: str) -> StreamingResponse:
    """Server-sent events: one for each word, and one at the end."""

    async def events() -> AsyncIterator[str]:
        async for token in tokens(question):
            yield f"data: {json.dumps({'token': token})}\n\n"
        yield "event: done\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})


async def tokens(question: str) -> AsyncIterator[str]:
    """Make an answer, word by word. Put the client of your model here."""
    words = (
        f"You have asked: {question} I only repeat it, but each word has left the function before the next was made."
    )
    for word in words.split():
        yield word + " "
        await asyncio.sleep(PAUSE)


handler = Bridge(app, accepts={"url"}, streaming="on")  # the URL is set to RESPONSE_STREAM: the two go together
