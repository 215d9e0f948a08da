"""A Flask app that fails, in the ways that the log has to tell of."""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask

from bridge import Bridge

from .failing import read

app = Flask("shop")


@app.get("/boom")
def boom() -> str:
    read()
    return ""


@app.get("/exit")
def leave() -> str:
    sys.exit(3)


def leave_by_event(event: Any, context: Any) -> None:
    sys.exit(3)


def raw(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/boom":
        read()
    start_response("404 Not Found", [])
    return []


class Unclosable:
    """An iterable of a WSGI app that cannot be closed."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"all of it"

    def close(self) -> None:
        raise ConnectionError("the pool is gone")


def unclosable_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("content-type", "text/plain")])
    return Unclosable()


options: Any = {"fold_frames": True} if os.environ.get("FOLD") else {}
handler = Bridge(app, **options)
streamed = Bridge(app, streaming="auto", **options)
raising = Bridge(raw, errors="raise")
raising_streamed = Bridge(raw, errors="raise", streaming="auto")
counting = Bridge(app, errors=range(500, 600))
counting_streamed = Bridge(app, errors=range(500, 600), streaming="auto")
on_event = Bridge(app, accepts="url", on_event=leave_by_event)
unclosable = Bridge(unclosable_app)
unclosable_streamed = Bridge(unclosable_app, streaming="auto")
