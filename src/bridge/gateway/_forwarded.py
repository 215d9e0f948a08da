"""A request as it goes on to a function: with the headers that AWS adds on the way, and without those it takes off."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from .._http import HOP_BY_HOP, url
from ..sources._client_request import ClientRequest
from . import _incoming as incoming

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..types import Scope


def client_request(scope: Scope, body: bytes, *, stage: str, domain: Callable[[str], str]) -> ClientRequest:
    """Return the call that a request is: for `serve`, which has a client, and for `event`, which makes one up.

    Args:
        scope: of the HTTP request.
        body: of it.
        stage: the API's.
        domain: gives the domain name in the event, by the client's Host.
    """
    raw_path, host = incoming.target(scope)
    own = added(scope)
    if host is not None:
        own["host"] = host.decode("latin-1")
    headers = [(name.lower(), value) for name, value in lines(scope)]
    if any(name == "transfer-encoding" for name, _ in headers):
        # What came in chunks goes on in one piece.
        headers = [line for line in headers if line[0] != "content-length"]
        headers.append(("content-length", str(len(body))))
    kept = [line for line in headers if line[0] not in own and line[0] not in HOP_BY_HOP]
    sent = [*kept, *own.items()]
    return ClientRequest(
        method=scope["method"],
        raw_path=_ascii(raw_path),
        query_string=_ascii(scope["query_string"]),
        headers=sent,
        body=body,
        client=client(scope),
        stage=stage,
        domain=domain(dict(sent).get("host", "")),
        request_id=str(uuid.uuid4()),
        seconds=time.time(),
    )


def lines(scope: Scope) -> list[tuple[str, str]]:
    """Return the client's header lines as text, names as the server gives them."""
    return [(name.decode("latin-1"), _text(value)) for name, value in scope["headers"]]


def added(scope: Scope) -> dict[str, str]:
    """Return what AWS adds, by lower-case names. A client's own lines of these names must not go on beside them."""
    theirs = [_text(value) for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    scheme: str = scope.get("scheme", "http")
    return {
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}",
        "x-forwarded-for": ", ".join([*theirs, client(scope)]),
        "x-forwarded-port": str(scope["server"][1] if scope.get("server") else 80),
        "x-forwarded-proto": {"ws": "http", "wss": "https"}.get(scheme, scheme),
    }


def client(scope: Scope) -> str:
    """Return the IP address of the peer."""
    return scope["client"][0] if scope.get("client") else "127.0.0.1"


def _ascii(raw: bytes) -> str:
    """Return a part of a URL; bytes that should have been percent-encoded are."""
    return url.escape(raw.decode("utf-8", "surrogateescape")).decode()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
