"""Apps that answer as many quotation marks as the query says. Each is two bytes of JSON."""

from collections.abc import Callable, Iterable
from typing import Any

from bridge import Bridge

HEADERS = [("content-type", "text/plain")]


async def asgi_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    headers = [(name.encode(), value.encode()) for name, value in HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'"' * int(scope["query_string"])})


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [b'"' * int(environ["QUERY_STRING"])]


asgi = Bridge(asgi_app, lifespan="off")
wsgi = Bridge(wsgi_app)
