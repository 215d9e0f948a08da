"""A client of the function: what it sends becomes an event, what it gets has been a result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from bridge import Bridge

from .events import Lines, Reply, Source

BOUNDARY = "bridge-7d1f"


@dataclass(frozen=True)
class Client:
    """Requests to one function through one source.

    Attributes:
        handler: the function.
        source: the way to reach it.
        mount: where in the function's app the routes are.
    """

    handler: Bridge
    source: Source
    mount: str = ""

    def request(self, method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"") -> Reply:
        return self.source.reply(self.handler(self.source.event(method, self.mount + path, query, headers, body), None))

    def get(self, path: str, query: str = "", headers: Lines = ()) -> Reply:
        return self.request("GET", path, query, headers)

    def post(self, path: str, content_type: str, body: bytes) -> Reply:
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return self.request("POST", path, "", headers, body)

    def post_json(self, path: str, value: object) -> Reply:
        return self.post(path, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def post_form(self, path: str, fields: Lines) -> Reply:
        return self.post(path, "application/x-www-form-urlencoded", urlencode(fields).encode())

    def post_files(self, path: str, name: str, files: dict[str, bytes]) -> Reply:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n".encode()
            + content
            + b"\r\n"
            for filename, content in files.items()
        ]
        body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
        return self.post(path, f"multipart/form-data; boundary={BOUNDARY}", body)

    def url(self, path: str) -> str:
        """The URL of a route in the client's address bar."""
        return self.source.url(self.mount + path)
