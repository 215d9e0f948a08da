"""What is served: an app, a request to it, and the answer that has to come."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from . import apps
from .request import HEADERS, Request

_ITEM = {"name": "lamp", "price": 9.5, "tags": ["a", "b"]}
_PLAIN = Request()
_CROWDED = replace(
    _PLAIN,
    headers=HEADERS + tuple((f"x-header-{number}", f"value {number}") for number in range(40 - len(HEADERS))),
    cookies=tuple(f"cookie{number}=value{number}" for number in range(20)),
)
_POST = replace(_PLAIN, method="POST", body=json.dumps({"text": "x" * (1000 - len('{"text": ""}'))}).encode())
_COUNT = {"bytes": len(_POST.body)}


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Attributes:
        name: for `--only`.
        title: for tables and charts.
        interface: "asgi" or "wsgi".
        make: makes the app.
        request: what is sent to it.
        answer: the JSON that it sends back.
        cookies: how many Set-Cookie lines it sends.
        by_hand: whether the app runs without an event loop, as long as somebody resumes it.
        every_source: whether it is measured with every kind of event.
    """

    name: str
    title: str
    interface: Literal["asgi", "wsgi"]
    make: Callable[[], Any]
    request: Request = _PLAIN
    answer: Any = field(default_factory=lambda: apps.ANSWER)
    cookies: int = 0
    by_hand: bool = True
    every_source: bool = False


CASES = [
    Case("asgi", "ASGI app", "asgi", lambda: apps.asgi, cookies=apps.COOKIES, every_source=True),
    Case("asgi-awaits", "ASGI app that awaits", "asgi", lambda: apps.asgi_awaits, cookies=apps.COOKIES),
    Case("asgi-headers", "ASGI app, 40 headers, 20 cookies", "asgi", lambda: apps.asgi, _CROWDED, cookies=apps.COOKIES),
    Case("asgi-post", "ASGI app, POST of 1 kB", "asgi", lambda: apps.asgi_counts, _POST, _COUNT, apps.COOKIES),
    Case("starlette", "Starlette", "asgi", apps.starlette),
    Case(
        "fastapi",
        "FastAPI, pydantic body",
        "asgi",
        apps.fastapi,
        replace(_PLAIN, method="POST", body=json.dumps(_ITEM).encode()),
        _ITEM,
        every_source=True,
    ),
    Case("fastapi-thread", "FastAPI, sync endpoint", "asgi", apps.fastapi_thread, by_hand=False),
    Case("wsgi", "WSGI app", "wsgi", lambda: apps.wsgi, cookies=apps.COOKIES, every_source=True),
    Case("wsgi-headers", "WSGI app, 40 headers, 20 cookies", "wsgi", lambda: apps.wsgi, _CROWDED, cookies=apps.COOKIES),
    Case("wsgi-post", "WSGI app, POST of 1 kB", "wsgi", lambda: apps.wsgi_counts, _POST, _COUNT, apps.COOKIES),
    Case("flask", "Flask", "wsgi", apps.flask, every_source=True),
]
