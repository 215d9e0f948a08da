"""Bodies up to the largest that Lambda carries: time and memory, beside one pass over the bytes."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pybase64

from . import apps
from .contender import ASGI, BRIDGE, WSGI, Contender, adapter
from .request import Request, payload
from .rounds import Effort, check, race, said, thread_loop

SIZES = (10_000, 1_000_000, 4_400_000)
"""4.4 MB of bytes are nearly 6 MB of base64, which is Lambda's limit."""

SOURCE = "HTTP API 2.0"
FLOOR = {"binary": "one pass of base64", "text": "one pass of UTF-8"}
PEERS = {
    "asgi": (BRIDGE, "Mangum, lifespan off", "asgi-aws"),
    "wsgi": (BRIDGE, "apig-wsgi", "serverless-wsgi", "Mangum + a2wsgi, lifespan off"),
}

Row = dict[str, Any]
"""direction, kind, size, interface, figures (with `memory`, the most bytes that one call held at a time), errors."""


def measure(effort: Effort, say: Callable[[str], None] = print, sizes: tuple[int, ...] = SIZES) -> list[Row]:
    """Run every direction, kind and size for both interfaces."""
    effort = replace(effort, rounds=max(1, effort.rounds // 2), calls=min(50, effort.calls))
    rows = []
    for direction in ("response", "request"):
        for kind in ("binary", "text"):
            for size in sizes:
                say(f"bodies: {direction}, {kind}, {size:,} bytes")
                rows += [row(direction, kind, size, interface, effort) for interface in ("asgi", "wsgi")]
    return rows


def row(direction: str, kind: str, size: int, interface: str, effort: Effort) -> Row:
    """One body through everyone of an interface."""
    body = _body(kind, size)
    app, request, answer = _served(direction, kind, interface, body)
    sent = payload(SOURCE, request)
    ready = [_floor(direction, kind, body)]
    errors = {}
    with thread_loop() as loop:
        for name in PEERS[interface]:
            try:
                contender = adapter(name, (ASGI if interface == "asgi" else WSGI)[name](app))
                check(contender, sent, answer)
            except Exception as error:
                errors[name] = said(error)
                continue
            ready.append(contender)
        figures = race(ready, sent, effort, loop)
        for contender in ready:
            figures[contender.name]["memory"] = _memory(contender, sent)
    found = {"direction": direction, "kind": kind, "size": size, "interface": interface}
    return found | {"figures": figures, "errors": errors}


def _body(kind: str, size: int) -> bytes:
    if kind == "binary":
        return random.Random(0).randbytes(size)
    line = b'{"name": "lamp", "price": 9.5, "tags": ["a", "b"]},\n'
    return (line * (size // len(line) + 1))[:size]


def _served(direction: str, kind: str, interface: str, body: bytes) -> tuple[Any, Request, Any]:
    content_type = "application/octet-stream" if kind == "binary" else "application/json"
    if direction == "response":
        app = (apps.sends_asgi if interface == "asgi" else apps.sends_wsgi)(body, content_type)
        return app, Request(), body
    app = apps.asgi_counts if interface == "asgi" else apps.wsgi_counts
    request = Request(method="POST", body=body, binary=kind == "binary")
    return app, request, {"bytes": len(body)}


def _floor(direction: str, kind: str, body: bytes) -> Contender:
    passes: dict[tuple[str, str], Callable[[Any], Any]] = {
        ("response", "binary"): pybase64.b64encode_as_string,
        ("response", "text"): bytes.decode,
        ("request", "binary"): lambda text: pybase64.b64decode(text, validate=True),
        ("request", "text"): str.encode,
    }

    def prepare(sent: bytes) -> tuple[Any, ...]:
        return (body if direction == "response" else json.loads(sent)["body"],)

    return Contender(FLOOR[kind], prepare, passes[direction, kind], lambda _: (200, b"", 0))


def _memory(contender: Contender, sent: bytes) -> int:
    tracemalloc.start()
    arguments = contender.prepare(sent)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    contender.call(*arguments)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before
