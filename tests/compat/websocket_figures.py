"""Makes the table of apps in docs/websockets.md: python -m tests.compat.websocket_figures.

It needs the packages of the group `compat`. tests/websocket/figures.py says what is measured. Each app has a process of
its own, so that no app has the threads of the one before, and a store: a subprotocol is known to later events by it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bridge import Bridge
from bridge.websocket import Connections, FileStore

from ..websocket.api import RefusedError, api_of
from ..websocket.figures import HEADING, Dialogue, renew, row
from .websocket_apps import APPS, socket_io

if TYPE_CHECKING:
    from collections.abc import Iterable

BEGIN, END = "<!-- apps -->\n", "<!-- end of apps -->\n"
NUMBER, FILE = "WEBSOCKET_APP", "WEBSOCKET_FILE"


def _one(number: int) -> str:
    app = APPS[number]
    dialogue = Dialogue(app.message, app.answer, app.key, tuple(app.subprotocols))
    return row(app.name, api_of(app.make([]), lifespan="auto"), f"{__spec__.name}:handler", dialogue)


def _rows() -> Iterable[str]:
    for number in range(len(APPS)):
        with TemporaryDirectory() as folder:
            environment = {**os.environ, NUMBER: str(number), FILE: str(Path(folder, "connections.db"))}
            command = [sys.executable, "-m", __spec__.name]
            made = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = made.splitlines(keepends=True)[-1]  # a framework may have said something before
        sys.stderr.write(found)
        yield found
    yield f"| python-socketio: {refusal_of_socket_io()} | | | | | |\n"


def refusal_of_socket_io() -> str:
    """How python-socketio answers the handshake of its own clients, in an event of API Gateway's."""
    try:
        api_of(socket_io(), websocket_path="/socket.io/").connect(query=[("EIO", "4"), ("transport", "websocket")])
    except RefusedError as refused:
        return f"refused with {refused.status}, [see above](#what-cannot-work)"
    raise AssertionError("it is not refused any more")


def main() -> None:
    """Renew the table; or print one row, where a variable says which."""
    if NUMBER in os.environ:
        sys.stdout.write(_one(int(os.environ[NUMBER])))
    else:
        renew(BEGIN, END, "| the app " + HEADING, _rows())


if __name__ == "__main__":
    main()
elif NUMBER in os.environ:  # in each of the three processes
    handler = Bridge(APPS[int(os.environ[NUMBER])].make([]), connections=Connections(FileStore(os.environ[FILE])))
