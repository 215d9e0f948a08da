"""A Starlette app that fails, in the ways that the log has to tell of."""

import os
import sys
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge import Bridge

from .failing import read


async def boom(request: Request) -> Response:
    read()
    return Response()


async def leave(request: Request) -> Response:
    sys.exit(3)


def leave_in_a_thread(request: Request) -> Response:
    sys.exit(3)


app = Starlette(routes=[Route("/boom", boom), Route("/exit", leave), Route("/exit-in-a-thread", leave_in_a_thread)])
options: Any = {"lifespan": "off"}
if os.environ.get("FOLD"):
    options["fold_frames"] = True
handler = Bridge(app, **options)
streamed = Bridge(app, streaming="auto", **options)
raising = Bridge(app, errors="raise", **options)
raising_streamed = Bridge(app, errors="raise", streaming="auto", **options)
