"""A server for gateways, on a socket of its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import ChangeReload

from ._environment import lent
from ._frames import WebSocketProtocol
from ._host_guard import HostGuard
from ._listener import listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator
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

    Attributes:
        url: "http://127.0.0.1:8000".
        hosts: names by which clients may ask for it.

    Raises:
        ConfigurationError: the socket cannot listen there.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, hosts: Iterable[str] = ()) -> None:
        self._socket = listener(host, port)
        self.hosts = {host, *hosts}
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"

    def run(self, app: Any, *, reload: bool = False) -> None:
        """Serve until the process is interrupted.

        Args:
            app: a gateway; with `reload`, the import string of a function that makes one, in its `HostGuard`.
            reload: whether to start again when a file changes.
        """
        settings = config(app if reload else HostGuard(app, self.hosts), reload=reload)
        run = uvicorn.Server(settings).run
        with suppress(KeyboardInterrupt):
            if reload:
                ChangeReload(settings, target=run, sockets=[self._socket]).run()
            else:
                run(sockets=[self._socket])

    @contextmanager
    def serving(self, app: Any) -> Iterator[str]:
        """Serve in a thread, and give the URL. A WebSocket gateway's environment is the process's as long."""
        environment = getattr(app, "environment", None)
        with lent(environment(self.url) if environment else {}), serving([self._socket], HostGuard(app, self.hosts)):
            yield self.url

    def close(self) -> None:
        """Listen no more: for a server that has served nothing."""
        self._socket.close()


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
