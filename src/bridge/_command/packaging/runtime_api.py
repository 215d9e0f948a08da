"""Lambda's Runtime API for one start of a function: one event, then silence.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_REQUEST_ID = "00000000-0000-4000-8000-000000000001"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:coldstart"
_BROKEN_OFF = "lambda-runtime-function-error-type"
_SECONDS = 60


class OneEventApi:
    """A server on loopback that hands out an event.

    Args:
        event: its JSON.

    Attributes:
        event: the same.
        address: HOST:PORT, for AWS_LAMBDA_RUNTIME_API.
        asked: when the function asked for its first event, by `time.perf_counter`; None: not yet.
        answered: when it had answered, or reported an error.
        answer: what it answered.
        error: what it reported instead, as it reported it.
        ended: set when there is an answer or an error.
        closing: set when nobody is to be kept waiting any more.
    """

    def __init__(self, event: bytes) -> None:
        self.event = event
        self.asked: float | None = None
        self.answered: float | None = None
        self.answer = b""
        self.error = ""
        self.ended = threading.Event()
        self.closing = threading.Event()
        self._server = _Server(self)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> OneEventApi:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop the server."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: OneEventApi) -> None:
        super().__init__(("127.0.0.1", 0), _RequestHandler)
        self.api = api

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where the function's process has been ended."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Hand out the event, and to who asks again nothing."""
        api = self.server.api
        if api.asked is not None:
            api.closing.wait(_SECONDS)
            self.close_connection = True
            return
        api.asked = time.perf_counter()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": _REQUEST_ID,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + _SECONDS * 1000),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
        }
        self._reply(200, api.event, headers)

    def do_POST(self) -> None:
        """Take the answer, or an error."""
        api = self.server.api
        posted = self._body()
        api.answered = time.perf_counter()
        if self.path.endswith("/response"):
            api.answer = posted
        else:
            api.error = _message(posted)
        self._reply(202, b"{}", {})
        api.ended.set()

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while trailer := self.rfile.readline().strip():  # a stream that broke off says so in them
            name, _, value = trailer.decode("latin-1").partition(":")
            if name.lower() == _BROKEN_OFF:
                self.server.api.error = f"the stream broke off: {value.strip()}"
        return b"".join(parts)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def _message(posted: bytes) -> str:
    try:
        return str(json.loads(posted)["errorMessage"])
    except (ValueError, TypeError, LookupError):
        return repr(posted[:200])
