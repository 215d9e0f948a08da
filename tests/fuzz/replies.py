"""Bytes that come instead of a Runtime API's replies."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

from bridge.runtime._reply import MalformedError, Reply

from .mutation import text

PARTS = [
    *(
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 204 X\r\n",
        "HTTP/2 200\r\n",
    ),
    *("Content-Length: 3\r\n", "Content-Length: -1\r\n", "content-length: 99999999999999\r\n", "Content-Length: 0\r\n"),
    *("Transfer-Encoding: chunked\r\n", "transfer-encoding: gzip, chunked\r\n", "Connection: close\r\n", "a: b\r\n"),
    *(
        "\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "0x3\r\n",
        "ffffffffffffffff\r\n",
        "-1\r\n",
        "3;x=y\r\nabc\r\n",
        "abc",
        "\n",
        ":",
    ),
    *("\xff", "HTTP/1.1 \xb2\xb3\xb9\r\n", "HTTP/1.1 2\r\n", "x: y\r\n" * 50),
]


def make(random: Random) -> Any:
    """Return bytes, as latin-1 text, and where they are cut."""
    data = "".join(random.choice(PARTS) for _ in range(random.randrange(8)))
    if random.randrange(2):
        at = random.randrange(len(data) + 1)
        odd = text(random).encode("utf-8", "surrogatepass").decode("latin-1")
        data = data[:at] + odd + data[at + random.randrange(5) :]
    return {"data": data, "cuts": sorted(random.randrange(len(data) + 1) for _ in range(random.randrange(5)))}


def check(given: Any) -> None:
    """Feed the bytes as a whole and in pieces: the same reply, or the same refusal."""
    data = given["data"].encode("latin-1")
    cuts = [0, *given["cuts"], len(data)]
    whole = outcome([data])
    assert outcome([data[start:end] for start, end in pairwise(cuts)]) == whole


def outcome(pieces: list[bytes]) -> object:
    """Return what a reply is, once the connection has ended."""
    reply = Reply()
    try:
        for piece in pieces:
            reply.feed(piece)
    except MalformedError:
        return "malformed"
    complete = reply.end()
    return complete, complete and (reply.status, reply.headers, bytes(reply.body))
