from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from connexion import AsyncApp

started: list[str] = []


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    started.append("up")
    yield


app = AsyncApp(__name__, specification_dir=Path(__file__).parent, lifespan=lifespan)
app.add_api("connexion_spec.yaml")
