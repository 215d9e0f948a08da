"""A Runtime API that freezes the function as Lambda does: the moment it asks for the next event, its process stops."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..runtime.api import SECONDS, Headers, RuntimeApi


class FreezingApi(RuntimeApi):
    """A Runtime API for one process.

    SIGSTOP comes before `/next` is answered, SIGCONT with the event: nothing runs in between, neither threads nor what
    is left on a loop. What a tool has not sent by then, it has not sent.
    """

    def __init__(self) -> None:
        self._pid: int | None = None
        self._known = threading.Event()
        self._frozen = threading.Semaphore(0)
        super().__init__()

    def watch(self, pid: int) -> None:
        """Freeze this process."""
        self._pid = pid
        self._known.set()

    def wait_until_frozen(self) -> None:
        """Return when the process has been frozen, once more than when this was asked last."""
        assert self._frozen.acquire(timeout=SECONDS), "the function has not asked for the next event"

    def _get(self, path: str, headers: Headers) -> bytes | None:
        if not path.endswith("/invocation/next"):
            return super()._get(path, headers)
        assert self._known.wait(SECONDS)
        self._send(signal.SIGSTOP)
        self._frozen.release()
        event = self._events.get()
        self._send(signal.SIGCONT)
        return event

    def close(self) -> None:
        self._send(signal.SIGCONT)
        super().close()

    def _send(self, number: signal.Signals) -> None:
        if self._pid is not None:
            with suppress(ProcessLookupError):  # it has ended
                os.kill(self._pid, number)


class HttpSink:
    """Takes what tools send by HTTP: path and body of each request, in their order."""

    def __init__(self) -> None:
        taken: list[tuple[str, bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                taken.append((self.path, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        self.taken = taken
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class UdpSink:
    """Takes what tools send to a daemon by UDP. What has been sent is here at once: it is all on this machine."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self._taken: list[bytes] = []

    @property
    def taken(self) -> list[bytes]:
        with suppress(BlockingIOError):
            while True:
                self._taken.append(self._socket.recv(65_536))
        return self._taken

    def close(self) -> None:
        self._socket.close()
