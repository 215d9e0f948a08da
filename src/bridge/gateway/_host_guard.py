"""Who may talk to a local server: browsers must not be tricked into it.

A page of any site can have its own name point to 127.0.0.1 (DNS rebinding), and is then of the same origin as what
listens there. It cannot choose the Host header: that says the page's name. And a page may open a WebSocket to any
address, but the browser says where the page is from, in Origin. https://www.rfc-editor.org/rfc/rfc6455#section-10.2
"""

from __future__ import annotations

import logging
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ._incoming import target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..types import ASGIApp, Receive, Scope, Send

log = logging.getLogger("bridge.gateway")


class HostGuard:
    """An ASGI app that refuses requests whose Host, or whose WebSocket's Origin, is a name that nobody has allowed.

    IP addresses and `localhost` are always allowed: no site can take them for its name.

    Args:
        app: what it stands before.
        hosts: further names: "shop.example.com", "*.example.com" (all below it), "*" (any).
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection, or refuse it with 403."""
        complaint = None if scope["type"] == "lifespan" else self._complaint(scope)
        if complaint is None:
            await self._app(scope, receive, send)
            return
        if complaint not in self._told and len(self._told) < 100:
            self._told.add(complaint)
            log.warning("%s", complaint)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": f"bridge serve: {complaint}\n".encode()})

    def _complaint(self, scope: Scope) -> str | None:
        headers = dict(scope["headers"])
        asked = target(scope)[1]
        host = _name(b"//" + (headers.get(b"host", b"") if asked is None else asked))
        if not self._is_allowed(host):
            return f"the host {host!r} was refused. If it is yours: --allow-host {host}"
        if scope["type"] == "websocket" and b"origin" in headers:
            origin = _name(headers[b"origin"]) or "no host"
            if not self._is_allowed(origin):
                return f"a page of {origin!r} may not connect. If it is yours: --allow-host {origin}"
        return None

    def _is_allowed(self, name: str) -> bool:
        if "*" in self._hosts or name in self._hosts or name in ("", "localhost") or name.endswith(".localhost"):
            return True
        try:
            ip_address(name)
        except ValueError:
            _, *parents = name.split(".")
            below = (".".join(parents[start:]) for start in range(len(parents)))
            return any(f"*.{parent}" in self._hosts for parent in below)
        return True


def _name(url: bytes) -> str:
    """Return the host that a URL names, in lower case. "null" and what is no URL count as names that nobody allows."""
    text = url.decode("latin-1").lower()
    try:
        return (urlsplit(text).hostname or "").rstrip(".") if "//" in text else text
    except ValueError:
        return text
