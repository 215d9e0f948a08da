"""A real HTTP server that notes what it is asked and answers what it is told."""

import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    port: int  # of the client: the same for all requests of one TCP connection


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    then: str = "keep"
    """What follows: "keep" the connection, "say" that it closes, or "close" it without a word."""


class Raw(NamedTuple):
    """What goes out in place of an answer, before the connection is closed."""

    content: bytes


class Silence(NamedTuple):
    """No answer, until the test sets the event."""

    over: threading.Event


class Server(ThreadingHTTPServer):
    """
    Attributes:
        answers: for the next requests; after them, 200.
        requests: what came.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: deque[Answer | Raw | Silence] = deque()
        self.requests: list[Request] = []
        self.scheme = "http"

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that leave without reading are what some tests are about."""

    def url(self, path: str = "/prod") -> str:
        return f"{self.scheme}://localhost:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.command, self.path, headers, body, self.client_address[1]))
        answer = self.server.answers.popleft() if self.server.answers else Answer()
        if isinstance(answer, Silence):
            answer.over.wait(60)
            answer = Raw(b"")
        if isinstance(answer, Raw):
            self.wfile.write(answer.content)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.then == "say":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.then == "close":
            self.close_connection = True

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """A server that runs, with TLS if there is a certificate (and its key, in one file)."""
    with Server() as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.scheme = "https"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
