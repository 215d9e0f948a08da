"""An extension that does nothing. A function that has one gets SIGTERM before its environment ends.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

from ._connection import BlockingConnection, RuntimeApiError, run
from ._reply import head

NAME = "bridge-graceful-shutdown"
"""Names are unique among a function's extensions."""

BASE = "/2020-01-01/extension"


def register(address: str) -> BlockingConnection:
    """Register within the init phase, and ask for an event. None comes, since the extension subscribes to none.

    Returns:
        The connection that waits. To be kept open.

    Raises:
        RuntimeApiError: the registration has failed.
    """
    connection = BlockingConnection(address)
    body = b'{"events": []}'
    lines = f"Lambda-Extension-Name: {NAME}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    reply = run(connection.exchange(head("POST", f"{BASE}/register", address, lines), body))
    identifier = reply.headers.get("lambda-extension-identifier")
    if reply.status != 200 or not identifier:
        raise RuntimeApiError(f"the Runtime API answered {reply.status} to the extension's registration")
    run(connection.begin())
    run(connection.write(head("GET", f"{BASE}/event/next", address, f"Lambda-Extension-Identifier: {identifier}\r\n")))
    return connection
