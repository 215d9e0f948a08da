"""Uses of Bridge that type checkers have to refuse: each line that ends with `# E`, and no other. It is not run."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from flask import Flask

from bridge import Bridge
from bridge.sources import CustomIntegration, http_request

Bridge()  # E
Bridge(42)  # E
Bridge("app:app")  # E
Bridge(None)  # E
Bridge(app=None)  # E


def no_arguments() -> None: ...


def asgi_without_async(scope: Any, receive: Any, send: Any) -> None: ...


def wsgi_of_text(environ: Any, start_response: Any) -> Iterable[str]:
    return [""]


Bridge(no_arguments)  # E
Bridge(asgi_without_async)  # E
Bridge(wsgi_of_text)  # E

app = FastAPI()
Bridge(app, "asgi")  # E
Bridge(app, "on", "auto")  # E
Bridge(app, interface="http")  # E
Bridge(app, lifespan="sometimes")  # E
Bridge(app, lifespan=True)  # E
Bridge(app, errors="ignore")  # E
Bridge(app, streaming=True)  # E
Bridge(app, base_path=1)  # E
Bridge(app, exclude_headers=[b"server"])  # E
Bridge(app, is_text=[7])  # E
Bridge(app, is_text=lambda: True)  # E
Bridge(app, loop_factory="uvloop")  # E
Bridge(app, text_mime_types=["text/plain"])  # E
Bridge(app, sources=[42])  # E
Bridge(app, sources=CustomIntegration())  # E
CustomIntegration("velocity")  # E
http_request(method=b"GET")  # E
http_request("GET", "/")  # E
Bridge(app, on_event=lambda event: None)  # E
Bridge(app, on_event="handle")  # E
Bridge(app, events_path=["/events"])  # E
Bridge(app, warm_up="yes")  # E
Bridge(app, forwarded_hosts=True)  # E
Bridge(app, forwarded_host_header=["x-viewer-host"])  # E

handler = Bridge(Flask(__name__))
handler()  # E
handler("event", None)  # E
handler([], None)  # E
handler.handle({}, None)  # E
status: str = handler({}, None)  # E
handler.close(timeout=1)  # E


async def in_a_loop() -> None:
    handler.handle_async({}, None)["statusCode"]  # E


Bridge(FastAPI(), websocket_binary="hex")  # E
Bridge(FastAPI(), websocket_path=7)  # E
Bridge(FastAPI(), connections="table")  # E
