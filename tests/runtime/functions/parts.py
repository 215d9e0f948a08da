"""Apps that respond in parts, of each interface, as Bridge streams them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bridge import Bridge

from ..gates import gate, gate_async

TEXT = (b"content-type", b"text/plain")


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 201, "headers": [TEXT, (b"set-cookie", b"a=b")]})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await gate_async("one")
    if scope["path"] == "/fails":
        raise LookupError("midstream")
    await send({"type": "http.response.body", "body": b"two"})
    await gate_async("after")


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("201 Created", [("content-type", "text/plain"), ("set-cookie", "a=b")])
    return Parts(environ["PATH_INFO"])


class Parts:
    def __init__(self, path: str) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        yield b"one"
        gate("one")
        if self._path == "/fails":
            raise LookupError("midstream")
        yield b"two"

    def close(self) -> None:
        gate("after")


asgi_handler = Bridge(asgi, lifespan="off", streaming="on")
wsgi_handler = Bridge(wsgi, streaming="on")
