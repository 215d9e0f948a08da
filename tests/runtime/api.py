"""A Runtime API on loopback: it hands out events, and notes what is posted, chunk by chunk."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict, deque
from contextlib import suppress
from queue import Queue, SimpleQueue
from typing import Any, BinaryIO

SECONDS = 30
"""After which a test that waits has failed."""

Headers = dict[str, str]


class Post:
    """What the runtime posts, while it does."""

    def __init__(self, path: str, headers: Headers) -> None:
        self.path = path
        self.headers = headers
        self.trailers: Headers = {}
        self._body = bytearray()
        self._chunks: Queue[bytes | None] = Queue()
        self._ended = threading.Event()

    def add(self, chunk: bytes) -> None:
        self._body += chunk
        self._chunks.put(chunk)

    def end(self) -> None:
        self._chunks.put(None)
        self._ended.set()

    def chunk(self) -> bytes | None:
        """The next chunk, when it has arrived; None: there is none."""
        return self._chunks.get(timeout=SECONDS)

    @property
    def body(self) -> bytes:
        """The whole, when it has arrived."""
        assert self._ended.wait(SECONDS)
        return bytes(self._body)

    def json(self) -> Any:
        return json.loads(self.body)


class RuntimeApi:
    """The server.

    Attributes:
        address: HOST:PORT.
        requests: connection, method and path of each request, in their order.
        replies: what posts to a path are answered, by the path's last part; 202 where there is none left. A status, or
            bytes that go out as they are, before the body is read, and end the connection.
        reading: while it is clear, chunks are not read.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[int, str, str]] = []
        self.replies: defaultdict[str, deque[int | bytes]] = defaultdict(deque)
        self.reading = threading.Event()
        self.reading.set()
        self.posts: Queue[Post] = Queue()
        self._events: SimpleQueue[bytes | None] = SimpleQueue()
        self._gates: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._arrivals: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        self._count = 0
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def invoke(self, event: Any = None, request_id: str = "id-1", **headers: str) -> None:
        """Give an event to whoever asks for the next one. Header names have _ for -."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        all_headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + SECONDS * 1000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:f",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items() if value)
        self.reply_to_next(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body)

    def reply_to_next(self, raw: bytes | None) -> None:
        """Answer `/next` (or `/restore/next`) with these bytes; None: close the connection."""
        self._events.put(raw)

    def post(self) -> Post:
        """The next thing that the runtime posts."""
        return self.posts.get(timeout=SECONDS)

    def open(self, gate: str) -> None:
        """Let who waits at a gate go on."""
        self._gates[gate].set()

    def arrived(self, gate: str) -> None:
        """Return when somebody waits at a gate."""
        assert self._arrivals[gate].wait(SECONDS)

    def hang_up(self) -> None:
        """Close the first connection: the runtime's, as a rule."""
        self._connections[0].shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every connection, and accept no more."""
        self._closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # where closing alone does not wake who accepts
        self._listener.close()
        for _ in range(16):
            self._events.put(None)
        for gate in [*self._gates.values()]:
            gate.set()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                self._connections.append(connection)
                self._count += 1
                threading.Thread(target=self._serve, args=(connection, self._count), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                method, path, _ = line.decode().split(" ")
                headers = fields(reader)
                self.requests.append((number, method, path))
                reply = self._get(path, headers) if method == "GET" else self._post(path, headers, reader, connection)
                if reply is None:
                    return
                connection.sendall(reply)

    def _get(self, path: str, headers: Headers) -> bytes | None:
        kind, _, name = path.removeprefix("/").partition("/")
        if kind == "gate":
            self._arrivals[name].set()
            self._gates[name].wait()
            return status(200)
        if "extension" in path:
            assert headers["lambda-extension-identifier"] == "an-extension"
            self._arrivals["extension"].set()
            self._gates["extension"].wait()
        return self._events.get()

    def _post(self, path: str, headers: Headers, reader: BinaryIO, connection: socket.socket) -> bytes | None:
        replies = self.replies[path.rpartition("/")[2]]
        reply = replies.popleft() if replies else 200 if path.endswith("/register") else 202
        post = Post(path, headers)
        self.posts.put(post)
        if isinstance(reply, bytes):
            connection.sendall(reply)
            return None
        if "content-length" in headers:
            post.add(reader.read(int(headers["content-length"])))
        else:
            while size := int(reader.readline() or b"-1", 16):
                if size < 0:
                    return None  # broken off
                self.reading.wait()
                post.add(reader.read(size))
                assert reader.readline() == b"\r\n"
            post.trailers = fields(reader)
            assert sum(len(name) + len(value) + 4 for name, value in post.trailers.items()) < 4_094  # Go's limit
        post.end()
        return status(reply, "Lambda-Extension-Identifier: an-extension\r\n" if path.endswith("/register") else "")


def fields(reader: BinaryIO) -> Headers:
    """Headers, or trailers, up to the empty line."""
    found = {}
    while line := reader.readline().decode().rstrip("\r\n"):
        name, _, value = line.partition(": ")
        found[name.lower()] = value
    return found


def status(code: int, headers: str = "") -> bytes:
    """A reply without much in it."""
    body = f'{{"status":"{code}"}}'
    return f"HTTP/1.1 {code} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode()
