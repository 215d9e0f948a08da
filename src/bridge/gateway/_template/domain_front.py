"""A custom domain name of the template, as an ASGI app: the APIs behind it, by base path."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from .._outward import plain
from .._session import deny
from .._websocket import FORBIDDEN
from .answering import answer
from .http_front import HttpFront
from .web_socket_front import WebSocketFront

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...types import Receive, Scope, Send
    from .model import Domain

log = logging.getLogger("bridge.gateway")


class DomainFront:
    """A custom domain name, ready for requests.

    Args:
        domain: what the template says.
        fronts: the APIs, by logical id.
    """

    def __init__(self, domain: Domain, fronts: Mapping[str, HttpFront | WebSocketFront]) -> None:
        self.domain = domain
        # The longest base path that fits is taken.
        self._mappings = sorted(domain.mappings, key=lambda mapping: -len(mapping[0]))
        self._fronts = fronts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection."""
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").partition("?")[0]
        for base, logical_id, stage in self._mappings:
            if base and not (path + "/").startswith(f"/{base}/"):
                continue
            front = self._fronts[logical_id]
            if scope["type"] == "websocket" and isinstance(front, WebSocketFront):
                await front.connected(scope, receive, send)
                return
            if scope["type"] == "http" and isinstance(front, HttpFront):
                await answer(
                    partial(front.mapped, domain=self.domain.name, base=base, stage=stage), scope, receive, send
                )
                return
        log.warning("%s %s: no API is mapped to this path", self.domain.name, path)
        if scope["type"] == "websocket":
            await deny(send, 403, FORBIDDEN)
        else:
            await plain(403, FORBIDDEN)(scope, receive, send)
