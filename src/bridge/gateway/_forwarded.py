"""The header lines of a request as they go on to a function, with those that AWS adds on the way."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..types import Scope


def lines(scope: Scope) -> list[tuple[str, str]]:
    """The client's header lines as text, names as the server gives them."""
    return [(name.decode("latin-1"), _text(value)) for name, value in scope["headers"]]


def added(scope: Scope) -> dict[str, str]:
    """What AWS adds, by lower-case names. A client's own lines of these names must not go on beside them."""
    theirs = [_text(value) for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    scheme: str = scope.get("scheme", "http")
    return {
        "x-amzn-trace-id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}",
        "x-forwarded-for": ", ".join([*theirs, client(scope)]),
        "x-forwarded-port": str(scope["server"][1] if scope.get("server") else 80),
        "x-forwarded-proto": {"ws": "http", "wss": "https"}.get(scheme, scheme),
    }


def client(scope: Scope) -> str:
    """IP address of the peer."""
    return scope["client"][0] if scope.get("client") else "127.0.0.1"


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
