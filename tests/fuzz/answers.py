"""Bytes that come instead of the Management API's answers."""

from __future__ import annotations

import socket
from random import Random
from typing import Any
from unittest.mock import patch

from bridge.websocket import ManagementError, _api as api
from bridge.websocket._api.wire import Line

from .mutation import text
from .replies import PARTS

MORE = [
    *("HTTP/1.1 410 Gone\r\n", "HTTP/1.1 429 X\r\n", "HTTP/1.1 403 X\r\n", "HTTP/1.1 500 X\r\n", "HTTP/1.1 302 X\r\n"),
    *("x-amzn-ErrorType: GoneException:http://x/\r\n", "x-amzn-ErrorType: \xff\r\n", "Location: http://x/\r\n"),
    *("Content-Length: 2\r\n\r\n{}", "Content-Length: 2\r\n\r\n[]", "Content-Length: 4\r\n\r\nnull"),
    *('Content-Length: 18\r\n\r\n{"message": "said"}', 'Content-Length: 15\r\n\r\n{"message": [1]}', "[" * 3000),
]


def make(random: Random) -> Any:
    """Return a call and the bytes of its answers, as latin-1 text."""
    answers = []
    for _ in range(3):
        data = "".join(random.choice([*PARTS, *MORE]) for _ in range(random.randrange(8)))
        if random.randrange(3):
            data = random.choice(["HTTP/1.1 200 OK\r\n", *MORE[:5]]) + data
        if random.randrange(3) == 0:
            at = random.randrange(len(data) + 1)
            data = data[:at] + text(random).encode("utf-8", "surrogatepass").decode("latin-1") + data[at:]
        answers.append(data)
    return {"call": random.choice(["post", "get", "delete"]), "answers": answers}


def check(given: Any) -> None:
    """Make the call twice, on connections that bring those bytes and end: it is done, or a ManagementError says why."""
    answers = iter([*given["answers"], "", "", "", "", "", ""])

    class Canned(Line):
        """A connection whose other side has said all that it will say."""

        def _open(self, seconds: float) -> socket.socket:
            self._socket, other = socket.socketpair()
            other.sendall(next(answers, "").encode("latin-1"))
            other.shutdown(socket.SHUT_WR)
            others.append(other)
            return self._socket

    others: list[socket.socket] = []
    said: list[str] = []
    client = api.ManagementAPI("http://localhost:1/dev")
    with patch.object(client, "_new", lambda: Canned("localhost", 1, None)), patch.object(api, "sleep"):
        for _ in range(2):
            arguments = ["hi"] if given["call"] == "post" else []
            try:
                answer = getattr(client, given["call"])("AAAAAAAAAAAAAAA=", *arguments)
            except ManagementError as error:
                said.append(str(error))
            else:
                assert given["call"] != "get" or type(answer) is dict
    client.close()
    for other in others:
        other.close()
    assert [text for text in said if not text.isprintable()] == []
