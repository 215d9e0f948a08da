"""The same requests to an app behind uvicorn and behind each local gateway: equal, but for what is written here.

`python -m tests.fuzz.differential --requests 1000`
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from bridge import Bridge
from bridge.gateway import Gateway, Server
from bridge.gateway._listener import listener
from bridge.gateway._server import serving
from bridge.types import Receive, Scope, Send

GATEWAYS: dict[str, dict[str, Any]] = {
    "http": {"api": "http"},
    "http 1.0": {"api": "http", "payload": "1.0"},
    "rest": {"api": "rest"},
    "url": {"api": "url"},
    "alb": {"api": "alb"},
    "alb multi": {"api": "alb", "multi_value": True},
    "lattice": {"api": "lattice"},
    "lattice 1.0": {"api": "lattice", "payload": "1.0"},
    "edge": {"api": "edge"},
    "edge viewer": {"api": "edge", "trigger": "viewer-request"},
}

JOINED = {"http": ",", "url": ",", "lattice 1.0": ", "}
"""Request: several lines of a header are one, with this between them."""

LAST_LINE = {"alb"}
"""Request: of several lines of a header, the last arrives."""

LAST_PARAMETER = {"alb"}
"""Request: of several values of a query parameter, the last arrives."""

RESPELT = {"http 1.0", "rest", "alb", "alb multi"}
"""Request: the query has the same parameters, written in another way."""

BY_NAME = {"http 1.0", "rest", "alb multi"}
"""Request: the query's parameters stand by name; the order of different names may be another."""

DECODED = {"http", "http 1.0"}
"""Request: the path arrives decoded, so that `raw_path` is written anew."""

ONE_LINE = {"http", "url", "lattice", "lattice 1.0", "alb"}
"""Response: several lines of a header are one."""

TYPED = {"http 1.0", "rest"}
"""Response: without a Content-Type, it is `application/json`."""

OF_THE_SERVER = frozenset(
    ("date", "server", "connection", "content-length", "transfer-encoding", "x-amzn-remapped-date")
)
"""Response headers that are the server's own business."""


@dataclass
class Asked:
    """A random request, and what the app is to answer."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int
    reply: list[tuple[str, str]] = field(default_factory=list)


def random_request(random: Random) -> Asked:
    """Return a request of anything that HTTP clients send, as far as all gateways are to carry it."""
    segment = ["a", "B.c", "~x-_", "%20", "%C3%A9", "%E6%97%A5", "+", "a:b", "@", "!$'()*,", "%2B", "%25", "=", "&"]
    parts = ["".join(random.choices(segment, k=random.randrange(1, 4))) for _ in range(random.randrange(4))]
    path = "/" + "/".join(parts) + random.choice(["", "/"] if parts else [""])
    words = ["a", "b", "c d", "é", "日", "x=y", "1&2", "", "%41", "+", "/"]
    query = [(random.choice(["a", "b", "c[]", "n é"]), random.choice(words)) for _ in range(random.randrange(6))]
    spelt = "&".join(f"{quote(name)}={quote(value)}" for name, value in query)
    values = ["1", "a b", "a, b", "é".encode().decode("latin-1"), 'q="1"; x', "=", "x" * 100]
    names = ["X-One", "x-two", "Accept", "X-Three-Four"]
    headers = [(random.choice(names), random.choice(values)) for _ in range(random.randrange(5))]
    if random.randrange(2):
        headers.append(
            ("Cookie", "; ".join(f"c{number}={random.randrange(9)}" for number in range(random.randrange(1, 4))))
        )
    method = random.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    body = random.choice([b"", b'{"a": 1}', "é日".encode(), bytes(range(256)), b"a=b&c=d", b"x" * 5000])
    if method in ("GET", "OPTIONS"):
        body = b""
    elif body:
        headers.append(("Content-Type", random.choice(["application/json", "text/plain", "image/png", "x-y/z"])))
    reply = [
        (random.choice(["x-a", "X-B", "cache-control"]), random.choice(values)) for _ in range(random.randrange(4))
    ]
    reply += [("Set-Cookie", f"s{number}=1; Path=/") for number in range(random.randrange(3))]
    if random.randrange(4):
        reply.append(("content-type", random.choice(["text/html; charset=utf-8", "application/json", "image/png"])))
    status = random.choice([200, 200, 201, 301, 400, 404, 418, 500, 503, 599])
    return Asked(method, path + ("?" + spelt if spelt else ""), headers, body, status, reply)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what has come, as the request's `x-reply` says."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
    asked = json.loads(unquote(dict(headers)["x-reply"]))
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": [line for line in headers if line[0].startswith(("x-o", "x-t", "acc", "cookie", "content-type"))],
        "body": body.decode("latin-1"),
    }
    lines = [(name.encode(), value.encode("latin-1")) for name, value in asked["reply"]]
    await send({"type": "http.response.start", "status": asked["status"], "headers": lines})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


@contextmanager
def servers() -> Iterator[dict[str, http.client.HTTPConnection]]:
    """Serve the app behind uvicorn alone ("") and behind every gateway; connections to them."""
    with ExitStack() as stack:
        bare = listener("127.0.0.1", 0)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await echo(scope, receive, send)
                return
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})

        stack.enter_context(serving([bare], app))
        urls = {"": f"http://127.0.0.1:{bare.getsockname()[1]}"}
        for name, settings in GATEWAYS.items():
            handler = Bridge(echo, lifespan="off")
            urls[name] = stack.enter_context(Server().serving(Gateway(handler, **settings)))
        connections = {name: http.client.HTTPConnection(urlsplit(url).netloc, timeout=30) for name, url in urls.items()}
        for connection in connections.values():
            stack.callback(connection.close)
        yield connections


def exchange(connection: http.client.HTTPConnection, asked: Asked) -> dict[str, Any]:
    """Send a request; return what the app has seen and what the client has got."""
    connection.putrequest(asked.method, asked.target)
    reply = quote(json.dumps({"status": asked.status, "reply": asked.reply}))
    for name, value in [*asked.headers, ("x-reply", reply)]:
        connection.putheader(name, value.encode("latin-1"))
    if asked.body or asked.method not in ("GET", "OPTIONS"):
        connection.putheader("content-length", str(len(asked.body)))
    connection.endheaders(asked.body)
    response = connection.getresponse()
    body = response.read()
    assert body[:1] == b"{", (response.status, body[:200])
    headers = [(name.lower(), value) for name, value in response.getheaders() if name.lower() not in OF_THE_SERVER]
    return {"seen": json.loads(body), "status": response.status, "headers": headers}


def expected(name: str, bare: dict[str, Any]) -> dict[str, Any]:
    """Return what comes of a request behind a gateway, if behind uvicorn it has come to this."""
    seen = dict(bare["seen"])
    if name in DECODED:
        seen["raw_path"] = quote(seen["path"])
    lines = grouped(seen["headers"])
    if name in JOINED:
        lines = {line: values if line == "cookie" else [JOINED[name].join(values)] for line, values in lines.items()}
    elif name in LAST_LINE:
        lines = {line: values[-1:] for line, values in lines.items()}
    parameters = parse_qsl(seen["query"], keep_blank_values=True)
    if name in LAST_PARAMETER:
        parameters = [*dict(parameters).items()]
    headers = grouped(bare["headers"])
    if name in ONE_LINE:
        headers = {line: values if line == "set-cookie" else [", ".join(values)] for line, values in headers.items()}
    if name in TYPED:
        headers.setdefault("content-type", ["application/json"])
    return compared(name, {**seen, "headers": lines}, parameters, bare["status"], headers)


def found(name: str, behind: dict[str, Any]) -> dict[str, Any]:
    """Return what has come of a request behind a gateway, in the same form."""
    seen = {**behind["seen"], "headers": grouped(behind["seen"]["headers"])}
    if name in DECODED:
        seen["raw_path"] = quote(unquote(seen["raw_path"]))
    parameters = parse_qsl(seen["query"], keep_blank_values=True)
    return compared(name, seen, parameters, behind["status"], grouped(behind["headers"]))


def compared(
    name: str, seen: dict[str, Any], parameters: list[tuple[str, str]], status: int, headers: dict[str, list[str]]
) -> dict[str, Any]:
    """Return all that has to be equal."""
    if name in RESPELT:
        seen["query"] = grouped(parameters) if name in BY_NAME else parameters
    return {**seen, "status": status, "response headers": headers}


def grouped(lines: list[Any]) -> dict[str, list[str]]:
    """Return lines by their names."""
    groups: dict[str, list[str]] = {}
    for name, value in lines:
        groups.setdefault(name, []).append(value)
    return groups


Exchanged = dict[str, dict[str, Any]]
"""What has come of one request, by gateway; "" is uvicorn alone."""


def exchanged(count: int, seed: int) -> Iterator[tuple[Asked, Exchanged]]:
    """Send random requests everywhere."""
    with servers() as connections:
        for number in range(count):
            asked = random_request(Random(f"{seed}:{number}"))
            yield asked, {name: exchange(connection, asked) for name, connection in connections.items()}


def differences(outcomes: Iterable[tuple[Asked, Exchanged]]) -> Iterator[str]:
    """Yield what is not as it should be."""
    for asked, outcome in outcomes:
        for name in GATEWAYS:
            wanted, got = expected(name, outcome[""]), found(name, outcome[name])
            for what in wanted:
                if wanted[what] != got[what]:
                    yield f"{name} {what}: {got[what]!r}, not {wanted[what]!r}, of {asked}"


def main() -> None:
    """Read the command line, send the requests, and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.differential", description=__doc__)
    parser.add_argument("--requests", type=int, default=300, help="how many: 300")
    parser.add_argument("--seed", type=int, default=None, help="of the requests; another one each time, if not given")
    options = parser.parse_args()
    seed = SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    lines = [*differences(exchanged(options.requests, seed))]
    for line in lines:
        sys.stderr.write(line + "\n")
    exchanges = options.requests * (1 + len(GATEWAYS))
    print(f"seed {seed}: {options.requests:,} requests, {exchanges:,} exchanges; {len(lines)} differences")
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
