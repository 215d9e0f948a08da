"""`bridge event`: print the event that an API makes of a request, a WebSocket API of a connection, or a queue."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ..runtime._import_string import UsageError
from . import api_options, websocket_options

if TYPE_CHECKING:
    import argparse
    from typing import Any
    from urllib.parse import SplitResult

    from ..types import Event, Scope

_CONNECTION = "c2FtcGxlLWZpcnM="
"""The id of the connection: the same in all events that the command prints, so that they are of one connection."""

_HANDSHAKE = (("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13"))
"""What every client's handshake has: RFC 6455 section 1.3."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `event`."""
    from ..gateway._records import KINDS

    parser = commands.add_parser(
        "event", help="print the event that an API makes of a request, or a queue of a message", usage=_USAGE
    )
    parser.add_argument(
        "method", metavar="METHOD", nargs="?", help="of the request; of a WebSocket API: CONNECT, MESSAGE or DISCONNECT"
    )
    parser.add_argument("url", metavar="URL", nargs="?", help="path and query, with or without a host")
    api_options.add(parser)
    parser.add_argument("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'")
    parser.add_argument(
        "-d",
        "--data",
        action="append",
        default=[],
        help="the body, or a message's; @FILE or @- for what is in a file or comes in",
    )
    parser.add_argument("--route", default="$default", metavar="KEY", help="the route that a WebSocket message takes")
    parser.add_argument(
        "--kind",
        choices=[*KINDS],
        type=lambda text: text.removeprefix("aws:"),
        help="no request, but what another service sends: a message or record for each -d",
    )
    parser.add_argument("--source", default="", metavar="ARN", help="of the queue, topic, bucket, table or stream")
    parser.set_defaults(run=run)


_USAGE = """bridge event [options] METHOD URL
       bridge event --api websocket [options] CONNECT|MESSAGE|DISCONNECT [URL]
       bridge event --kind KIND [-d DATA]... [--source ARN]"""


def run(options: argparse.Namespace) -> None:
    """Print the event."""
    bodies = [_data(each) for each in options.data]
    if options.kind is not None:
        made = _sent(options, bodies)
    elif len(bodies) > 1:
        raise UsageError("a request has one body; more than one -d is for --kind")
    else:
        made = _of_connection(options, b"".join(bodies)) if options.api == "websocket" else _of_request(options, bodies)
    print(json.dumps(made, indent=2, ensure_ascii=False))


def _sent(options: argparse.Namespace, bodies: list[bytes]) -> Any:
    from ..gateway import _records as records

    if options.method is not None:
        raise UsageError(f"--kind {options.kind} is no request: {options.method!r} is one word too many")
    texts = [body.decode("utf-8", "replace") for body in bodies]
    if options.kind == "dynamodb":
        texts = [_item(each) for each in texts]
    wants_one = options.kind not in ("schedule", "scheduler", "eventbridge")
    return records.event(records.origin(options.kind, options.source), texts or [{}] if wants_one else texts)


def _item(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise UsageError(f"an item of a table is a JSON object, not {text!r}") from None


def _of_request(options: argparse.Namespace, bodies: list[bytes]) -> Event:
    from ..gateway import _forwarded as forwarded
    from ..gateway._apis import api as api_of

    if options.url is None:
        raise UsageError("say the method and the URL of a request, for example: bridge event GET /items")
    api = api_of(
        options.api,
        stage=options.stage,
        payload=options.payload,
        multi_value=options.multi_value,
        trigger=options.trigger,
    )
    url = _url(options.url)
    headers = _headers(options.header)
    names = {name for name, _ in headers}
    if "host" not in names:
        headers.insert(0, ("host", _host(url) or api.domain(options.stage, "") or "localhost"))
    body = b"".join(bodies)
    if body and "content-length" not in names:
        headers.append(("content-length", str(len(body))))
    path = url.path if url.path.startswith("/") else "/" + url.path
    prefix = api_options.prefix(options.stage)
    if (path + "/").startswith(prefix + "/") and ".execute-api." in url.netloc:
        prefix = ""  # the URL has the stage already
    scope = _scope(url, headers, url.scheme or "https")
    scope["method"] = options.method.upper()
    scope["raw_path"] = (prefix + quote(path, safe="/%!$&'()*+,;=:@~")).encode()
    call = forwarded.client_request(
        scope, body, stage=options.stage, domain=lambda host: api.domain(options.stage, host)
    )
    return api.event(call)


@dataclass(kw_only=True)
class _SampleConnection:
    """A connection of nobody's, as events tell of it."""

    domain: str
    identity: dict[str, str]
    api_id: str = "local"
    id: str = _CONNECTION
    authorizer: dict[str, str] | None = None
    connected: float = field(default_factory=time.time)


def _of_connection(options: argparse.Namespace, body: bytes) -> Event:
    from ..gateway import _routes as routes
    from ..gateway._apis import EXECUTE_API

    what = (options.method or "").upper()
    url = _url(options.url or "/")
    stage = url.path.strip("/") or options.stage
    stage = websocket_options.STAGE if stage == "$default" else stage
    if "/" in stage:
        raise UsageError(f"the path of a WebSocket API's URL is its stage, one segment, unlike {url.path!r}")
    lines = _headers(options.header)
    given = dict(lines)
    host = given.get("host") or _host(url) or EXECUTE_API
    own = [("host", host), *(line for line in _HANDSHAKE if line[0] not in given)]
    agent = {"userAgent": given["user-agent"]} if "user-agent" in given else {}
    connection = _SampleConnection(domain=host, identity={"sourceIp": "127.0.0.1", **agent})
    if ".execute-api." in host:
        connection.api_id = host.partition(".")[0]
    if what == "CONNECT":
        handshake = [*own, *(line for line in lines if line[0] != "host")]
        return routes.connect(connection, stage, _scope(url, handshake, url.scheme or "wss"))
    if what == "MESSAGE":
        return routes.message(connection, stage, options.route, body.decode("utf-8", "replace"))
    if what == "DISCONNECT":
        return routes.disconnect(connection, stage, 1000, "")
    raise UsageError(f"the event of a WebSocket API is CONNECT, MESSAGE or DISCONNECT, not {options.method!r}")


def _scope(url: SplitResult, headers: list[tuple[str, str]], scheme: str) -> Scope:
    return {
        "query_string": quote(url.query, safe="%!$&'()*+,;=:@~/?").encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "scheme": scheme,
        "client": ("127.0.0.1", 0),
        "server": ("", url.port or (80 if scheme in ("http", "ws") else 443)),
    }


def _url(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no URL: {error}") from None


def _host(url: SplitResult) -> str:
    return url.netloc.rpartition("@")[2]


def _headers(given: list[str]) -> list[tuple[str, str]]:
    headers = []
    for line in given:
        name, colon, value = line.partition(":")
        if not colon:
            raise UsageError(f"{line!r} is no header, for example 'Accept: text/html'")
        headers.append((name.strip().lower(), value.strip()))
    return headers


def _data(given: str) -> bytes:
    """Return a body: the text itself, or as curl has it what is in "@FILE", "@-" being standard input."""
    if not given.startswith("@"):
        return os.fsencode(given)
    try:
        return sys.stdin.buffer.read() if given == "@-" else Path(given[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {given[1:]!r}: {error.strerror}") from None
