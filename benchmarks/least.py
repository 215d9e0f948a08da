"""The least that an adapter in Python can take which gives each request a task and real coroutines, as Bridge does.

One function for one kind of event, payload 2.0. It makes the scope or the environ, runs the app and makes the result.
It checks nothing, forgives nothing, knows no other event, no error, no thread and no app that waits. It cannot be
deployed. What stands between it and Bridge is what all of that costs.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import Task, _set_running_loop
from collections.abc import Callable
from io import BytesIO
from typing import Any
from weakref import finalize

from .contender import Handler

LEAST = "the least in Python"

SOURCES = ("HTTP API 2.0", "function URL")
"""The kinds of event that it knows."""


class _Names(dict[str, Any]):
    """Names of headers, made once."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make

    def __missing__(self, name: str) -> Any:
        made = self[name] = self._make(name)
        return made


def asgi(app: Any) -> Handler:
    """A handler for an ASGI app, which must not wait for anything.

    Raises:
        RuntimeError: this Python has no eager tasks.
    """
    if sys.version_info < (3, 12):
        raise RuntimeError("eager tasks came with CPython 3.12")
    loop: Any = asyncio.new_event_loop()
    names = _Names(str.encode)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        http = event["requestContext"]["http"]
        headers = event["headers"]
        lines = [(names[name], value.encode()) for name, value in headers.items()]
        if "cookie" not in headers:
            lines.append((b"cookie", "; ".join(event["cookies"]).encode()))
        path = event["rawPath"]
        text = event.get("body")
        body = text.encode() if text else b""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "method": http["method"],
            "scheme": headers["x-forwarded-proto"],
            "path": path,
            "raw_path": path.encode(),
            "query_string": event["rawQueryString"].encode(),
            "root_path": "",
            "headers": lines,
            "client": (http["sourceIp"], 0),
            "server": (headers["host"], 443),
            "state": {},
            "aws.event": event,
            "aws.context": context,
        }
        _set_running_loop(loop)
        loop._thread_id = 1  # eager tasks ask whether the loop runs
        task: Any = Task(app(scope, receive, send), loop=loop, eager_start=True)
        loop._thread_id = None
        _set_running_loop(None)
        if not task.done():
            loop.run_until_complete(task)
            raise RuntimeError("the app waits")
        start, end = sent
        single = {}
        cookies = []
        for name, value in start["headers"]:
            if name == b"set-cookie":
                cookies.append(value.decode("latin-1"))
            else:
                single[name.decode()] = value.decode("latin-1")
        return {
            "statusCode": start["status"],
            "headers": single,
            "body": end["body"].decode(),
            "isBase64Encoded": False,
            "cookies": cookies,
        }

    finalize(handler, loop.close)
    return handler


def wsgi(app: Any) -> Handler:
    """A handler for a WSGI app."""
    keys = _Names(_key)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        http = event["requestContext"]["http"]
        headers = event["headers"]
        text = event.get("body")
        environ = {
            "REQUEST_METHOD": http["method"],
            "SCRIPT_NAME": "",
            "PATH_INFO": event["rawPath"],
            "QUERY_STRING": event["rawQueryString"],
            "SERVER_NAME": headers["host"],
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": http["protocol"],
            "REMOTE_ADDR": http["sourceIp"],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": headers["x-forwarded-proto"],
            "wsgi.input": BytesIO(text.encode() if text else b""),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "aws.event": event,
            "aws.context": context,
        }
        for name, value in headers.items():
            environ[keys[name]] = value
        if "cookie" not in headers:
            environ["HTTP_COOKIE"] = "; ".join(event["cookies"])
        started: list[Any] = []

        def start_response(*status_and_headers: Any) -> None:
            started.append(status_and_headers)

        chunks = app(environ, start_response)
        body = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        status, response = started[0]
        single = {}
        cookies = []
        for name, value in response:
            if name == "set-cookie":
                cookies.append(value)
            else:
                single[name] = value
        return {
            "statusCode": int(status[:3]),
            "headers": single,
            "body": body.decode(),
            "isBase64Encoded": False,
            "cookies": cookies,
        }

    return handler


def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key


MAKERS: dict[str, Callable[[Any], Handler]] = {"asgi": asgi, "wsgi": wsgi}
"""By interface."""


RUNTIME = """
import json, os, socket
host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
connection = socket.create_connection((host, int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
result = {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "{}", "isBase64Encoded": False}
while True:
    connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    head, _, body = connection.recv(65536).partition(b"\\r\\n\\r\\n")
    at = head.index(b"Request-Id: ") + 12
    json.loads(body)
    answer = json.dumps(result).encode()
    path = b"/2018-06-01/runtime/invocation/%b/response" % head[at : at + 36]
    connection.sendall(
        b"POST %b HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (path, len(answer), answer)
    )
    connection.recv(65536)
"""
"""A runtime that takes events in one piece, reads their JSON, runs nothing and posts the same answer as JSON."""
