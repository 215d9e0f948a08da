"""A template, served: sockets, the apps on them, and what goes on beside."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigurationError
from .._listener import listener
from .fronts import made, names, shown, urls

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Iterator

    from ...types import ASGIApp, Receive, Scope, Send
    from .deployment import Deployment

log = logging.getLogger("bridge.gateway")


class Desk:
    """All apps of a template on sockets of their own, as one ASGI app which goes by the port.

    Args:
        deployment: what runs the functions. It is started here.
        host: address to listen on.
        port: of the first app; each further one is on the next that is free. 0: any.
        jwks: issuers' keys.
        eager: whether each function gets a process at once.

    Attributes:
        companions: what runs beside the apps, from the server's start to its end.
        sockets: that listen.
        served: URLs by name.
        control: URL of Lambda's Invoke.

    Raises:
        ConfigurationError: a socket cannot listen.
    """

    def __init__(self, deployment: Deployment, host: str, port: int, jwks: dict[str, Any], *, eager: bool) -> None:
        self.deployment = deployment
        self.companions: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._jwks = jwks
        self.sockets: list[socket.socket] = []
        self.served: dict[str, str] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._apps: dict[int, ASGIApp] = {}
        ports = []
        shown_host = f"[{host}]" if ":" in host else host
        for name in [*names(deployment.stack), ""]:
            if self.sockets and port:
                port += 1
            made_socket = self._listening(host, port)
            self.sockets.append(made_socket)
            number = made_socket.getsockname()[1]
            port = number if port else 0
            ports.append(number)
            if name:
                self.served[name] = f"http://{shown_host}:{number}"
        self.control = f"http://{shown_host}:{ports[-1]}"
        self._ports = ports
        deployment.urls = urls(deployment.stack, self.served, self.control)
        deployment.start(eager=eager)

    def lines(self) -> Iterator[str]:
        """Return what is where, in lines for the reader."""
        stack = self.deployment.stack
        for name, url in self.served.items():
            yield shown(stack, name, url)
        yield f"functions ({', '.join(stack.functions)}): {self.control}"

    def prepare(self) -> None:
        """Make the apps."""
        from .control import Control

        fronts = made(self.deployment, self._jwks)
        control = Control(self.deployment)
        self.sender = control.sender
        self.invocations = control.invocations
        self._apps = dict(zip(self._ports, [*fronts.values(), control], strict=True))
        self._by_host = {name.lower(): app for name, app in fronts.items() if name in self.deployment.stack.domains}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection: by a custom domain's name, if the client says it, else by port."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        app = self._by_host.get(host.partition(":")[0].lower()) or self._apps[scope["server"][1]]
        await app(scope, receive, send)

    def renew(self, deployment: Deployment) -> None:
        """Serve what a template says now, at the same URLs.

        Raises:
            ConfigurationError: it shows other APIs.
        """
        if names(deployment.stack) != list(self.served):
            raise ConfigurationError("the template has other APIs now: start again, so that they get their ports")
        before, self.deployment = self.deployment, deployment
        deployment.urls = before.urls
        deployment.start()
        self.prepare()
        ending = asyncio.get_running_loop().create_task(before.close())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        tasks = [asyncio.create_task(companion()) for companion in self.companions]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(error, Exception):
                log.error("what runs beside has failed: %r", error)
        await self.invocations.finish()
        await asyncio.gather(self.deployment.close(), *self._ending)
        await send({"type": "lifespan.shutdown.complete"})

    def close(self) -> None:
        """Listen no more, and end the functions: for what has not been served."""
        for each in self.sockets:
            each.close()
        for environments in self.deployment.environments.values():
            environments.close()

    def _listening(self, host: str, port: int) -> socket.socket:
        """Return a socket on a port; for all but the first, on the next one that is free."""
        for further in range(20 if self.sockets and port else 1):
            with suppress(ConfigurationError):
                return listener(host, port + further)
        return listener(host, port)


def state_file(template: Path) -> Path:
    """Return the file in which a running template says where it is, for `bridge send`."""
    user = getattr(os, "getuid", lambda: 0)()
    name = sha256(str(template.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"bridge-{user}-{name}.json"
