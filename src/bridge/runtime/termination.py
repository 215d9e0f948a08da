"""The end that SIGTERM asks for, where no event loop sees to it."""

from __future__ import annotations

import selectors
import signal
import socket
from contextlib import suppress


class Termination:
    """Ends the process on SIGTERM by SystemExit, unless the function handles that signal itself.

    It ends where the process waits for the Runtime API, and not before: an exception between any two bytecodes could
    leave a lock that somebody holds, and the end would wait for it. Lambda sends SIGTERM to environments that are idle.

    A signal that comes just before a call that blocks is not seen until the call returns, and a wait for the next
    event may never return. So `wait` wakes up from signals too.
    """

    def __init__(self) -> None:
        self._asked = False
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._ask)
        self._signals, self._writer = socket.socketpair()
        self._signals.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def wait(self, connection: socket.socket) -> None:
        """Return when there is something to read, or the connection has ended.

        Raises:
            SystemExit: SIGTERM has come.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._signals, selectors.EVENT_READ)
            ready: set[object] = set()
            while connection not in ready:
                if self._asked:
                    raise SystemExit(128 + signal.SIGTERM)
                ready = {key.fileobj for key, _ in selector.select()}
                with suppress(BlockingIOError):
                    self._signals.recv(4096)

    def close(self) -> None:
        """Leave signals to others."""
        signal.set_wakeup_fd(-1)
        self._signals.close()
        self._writer.close()

    def _ask(self, _: int, __: object) -> None:
        self._asked = True
