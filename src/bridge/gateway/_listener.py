"""A socket that listens."""

from __future__ import annotations

import socket

from ..errors import ConfigurationError


def listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 is any that is free.

    Raises:
        ConfigurationError: it cannot.
    """
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
