"""A Starlette app whose startup raises."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from bridge import Bridge


@asynccontextmanager
async def start(app: Starlette) -> AsyncIterator[None]:
    raise OSError("db down")
    yield


handler = Bridge(Starlette(lifespan=start))
