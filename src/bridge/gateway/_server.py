"""A server for gateways, on a socket of its own."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import ChangeReload

from ..errors import ConfigurationError
from ._environment import lent
from ._frames import WebSocketProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

END_SECONDS = 3
"""How long the server's end, or its reload, waits for responses: a stream may have none."""


class Server:
    """A socket that listens, and what serves a gateway on it, once.

    Args:
        host: address to listen on.
        port: 0 for any that is free.

    Attributes:
        url: "http://127.0.0.1:8000".

    Raises:
        ConfigurationError: the socket cannot listen there.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _listener(host, port)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"

    def run(self, app: Any, *, reload: bool = False) -> None:
        """Serve until the process is interrupted.

        Args:
            app: a gateway; with `reload`, the import string of a function that makes one.
            reload: whether to start again when a file changes.
        """
        config = _config(app, reload=reload)
        run = uvicorn.Server(config).run
        with suppress(KeyboardInterrupt):
            if reload:
                ChangeReload(config, target=run, sockets=[self._socket]).run()
            else:
                run(sockets=[self._socket])

    @contextmanager
    def serving(self, app: Any) -> Iterator[str]:
        """Serve in a thread; the URL. A WebSocket gateway's environment is the process's as long."""
        environment = getattr(app, "environment", None)
        server = uvicorn.Server(_config(app))
        thread = threading.Thread(target=server.run, args=([self._socket],), name="bridge-server", daemon=True)
        with lent(environment(self.url) if environment else {}):
            thread.start()
            try:
                yield self.url
            finally:
                server.should_exit = True
                thread.join()

    def close(self) -> None:
        """Listen no more: for a server that has served nothing."""
        self._socket.close()


def _config(app: Any, *, reload: bool = False) -> uvicorn.Config:
    return uvicorn.Config(
        app,
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


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where a socket says that it is TCP. Without, a response's body waits 40 ms for the
    # client's acknowledgement of its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"cannot listen on {host}, port {port}: {reason}") from None
    return listener
