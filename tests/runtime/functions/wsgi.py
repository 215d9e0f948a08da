"""A WSGI app, as it is."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from bridge.handler import Bridge
from bridge.types import SyncResponder

from ..gates import gate


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['aws.context'].aws_request_id} {'asyncio' in sys.modules}".encode()]


def modules(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(list(sys.modules)).encode()]


class Streaming(Bridge):
    def respond_sync(self, event: Any, context: Any, responder: SyncResponder) -> None:
        responder.start("text/plain", b"prelude")
        responder.write(b"one")
        gate("one")
        responder.write(b"")
        responder.write(b"two")
        if event == "fail":
            responder.fail(ValueError("midstream"))
        else:
            responder.end(b"")
        gate("after")


streaming = Streaming(app)
