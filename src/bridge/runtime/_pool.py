"""Several processes that serve one function side by side: Lambda Managed Instances.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-python-runtime.html
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def serve(count: int, work: Callable[[], int], log_socket: str | None) -> int:
    """Fork, and wait until all children have ended; the exit code. A child returns its own.

    The parent has imported nothing of the function, so each child is as a process of its own.

    Args:
        count: children.
        work: what a child does; its exit code.
        log_socket: the path of the socket that has a log for each child, if Lambda gave one.
    """
    children: set[int] = set()
    for _ in range(count):
        child = os.fork()
        if not child:
            if log_socket:
                _redirect(log_socket)
            return work()
        children.add(child)

    def end(number: int, _: object) -> None:
        for child in children:
            with suppress(ProcessLookupError):  # it has ended just now
                os.kill(child, number)

    signal.signal(signal.SIGTERM, end)
    code = 0
    while children:
        child, status = os.wait()
        if child not in children:  # as process 1 of a container, this one inherits the children of others
            continue
        children.remove(child)
        ended = os.waitstatus_to_exitcode(status)
        sys.stderr.write(f"bridge.runtime: worker {child} has ended with {ended}; {len(children)} go on\n")
        code = code or (ended if ended >= 0 else 128 - ended)
    return code


def _redirect(path: str) -> None:
    for stream in (sys.stdout, sys.stderr):
        with socket.socket(socket.AF_UNIX) as log:
            log.connect(path)
            os.dup2(log.fileno(), stream.fileno())
