"""A server for gateways, on a socket of its own."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import ChangeReload

from ._callers import Callers
from ._environment import lent
from ._frames import WebSocketProtocol
from ._host_guard import HostGuard
from ._listener import listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

END_SECONDS = 3
"""How long the server's end, or its reload, waits for responses: a stream may have none."""


class Server:
    """A socket that listens, and what serves a gateway on it, once.

    Args:
        host: address to listen on.
        port: 0 for any that is free.
        hosts: names by which clients may ask for it, beside IP addresses and `localhost`: "shop.example.com",
            "*.example.com", "*" for any. Other Hosts, and WebSockets of pages from elsewhere, are refused.
        any_signature: whether Invoke and `@connections` take requests whoever has signed them, and not only those that
            are signed with keys which this process or its functions have: BRIDGE_LOCAL_SECRET, for the access key id
            "local", AWS_SECRET_ACCESS_KEY, or those in AWS's shared files.

    Attributes:
        url: "http://127.0.0.1:8000".
        hosts: names by which clients may ask for it.
        any_signature: as above.

    Raises:
        ConfigurationError: the socket cannot listen there.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, hosts: Iterable[str] = (), any_signature: bool = False
    ) -> None:
        self._socket = listener(host, port)
        self.hosts = {host, *hosts}
        self.any_signature = any_signature
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"

    def run(self, app: Any, *, reload: bool = False) -> None:
        """Serve until the process is interrupted.

        Args:
            app: a gateway; with `reload`, the import string of a function that makes one, `guarded`.
            reload: whether to start again when a file changes.
        """
        if not reload:
            run_until_interrupted(self._guarded(app), [self._socket])
            return
        settings = config(app, reload=True)
        with suppress(KeyboardInterrupt):
            ChangeReload(settings, target=uvicorn.Server(settings).run, sockets=[self._socket]).run()

    @contextmanager
    def serving(self, app: Any) -> Iterator[str]:
        """Serve in a thread, and give the URL. A WebSocket gateway's environment is the process's as long."""
        environment = getattr(app, "environment", None)
        with lent(environment(self.url) if environment else {}), serving([self._socket], self._guarded(app)):
            yield self.url

    def close(self) -> None:
        """Listen no more: for a server that has served nothing."""
        self._socket.close()

    def _guarded(self, app: Any) -> HostGuard:
        return guarded(app, self.hosts, any_signature=self.any_signature)


def guarded(
    app: Any,
    hosts: Iterable[str],
    *,
    any_signature: bool,
    environments: Callable[[], Iterable[Mapping[str, str]]] = tuple,
) -> HostGuard:
    """Return an ASGI app behind what looks at who calls it; arguments as of `HostGuard`, `Server` and `Callers`."""
    return HostGuard(app if any_signature else Callers(app, environments), hosts)


def run_until_interrupted(app: Any, sockets: list[socket.socket]) -> None:
    """Serve an ASGI app on sockets that listen, until the process gets SIGINT or SIGTERM."""
    with suppress(KeyboardInterrupt):
        server = uvicorn.Server(config(app))
        # uvicorn takes signals when its loop runs. One that comes before would be a KeyboardInterrupt amid its start.
        before = signal.signal(signal.SIGINT, server.handle_exit)
        try:
            server.run(sockets=sockets)
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def serving(sockets: list[socket.socket], app: Any) -> Iterator[None]:
    """Serve an ASGI app on sockets that listen, in a thread, for as long as the block lasts."""
    server = uvicorn.Server(config(app))
    thread = threading.Thread(target=server.run, args=(sockets,), name="bridge-server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def config(app: Any, *, reload: bool = False) -> uvicorn.Config:
    """Return how uvicorn serves a gateway."""
    return uvicorn.Config(
        app,
        lifespan="on",
        factory=reload,
        reload=reload,
        ws=WebSocketProtocol,
        ws_ping_interval=None,
        proxy_headers=False,  # what a client says of itself is not to become its address
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=END_SECONDS,
        server_header=False,
    )
