"""Several processes that serve one function side by side: Lambda Managed Instances.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-python-runtime.html
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


REPLACEMENTS = 3
"""Workers that are replaced within SECONDS, at most: one that cannot start would be replaced for ever."""

SECONDS = 60.0


def serve(count: int, work: Callable[[], int], log_socket: str | None) -> int:
    """Fork, and wait until all children have ended; return the exit code. A child returns its own.

    A child that ends though nobody has asked it to is replaced: an instance lives for days, and Lambda goes on to count
    on all of them. The parent has imported nothing of the function, so each child is as a process of its own.

    Args:
        count: children.
        work: what a child does; its exit code.
        log_socket: the path of the socket that has a log for each child, if Lambda gave one.
    """
    children: set[int] = set()
    replaced: list[float] = []
    ending = False

    def end(number: int, _: object) -> None:
        nonlocal ending
        ending = True
        for child in children:
            with suppress(ProcessLookupError):  # it has ended just now
                os.kill(child, number)

    signal.signal(signal.SIGTERM, end)
    code, wanted = 0, count
    while wanted or children:
        if wanted:
            wanted -= 1
            # Held back until the child is known here, and has its own way with it: in between nobody would hear it.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            child = os.fork()
            if not child:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
                if log_socket:
                    _redirect(log_socket)
                return work()
            children.add(child)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
            if ending:  # the signal has come before this one was made
                os.kill(child, signal.SIGTERM)
            continue
        child, status = os.wait()
        if child not in children:  # as process 1 of a container, this one inherits the children of others
            continue
        children.remove(child)
        ended = os.waitstatus_to_exitcode(status)
        code = code or (ended if ended >= 0 else 128 - ended)
        now = monotonic()
        replaced = [time for time in replaced if now - time < SECONDS]
        told = f"bridge.runtime: worker {child} has ended with {ended}; {len(children)} go on"
        if ending:
            sys.stderr.write(f"{told}\n")
        elif len(replaced) < REPLACEMENTS:
            sys.stderr.write(f"{told}, and another takes its place\n")
            replaced.append(now)
            wanted = 1
        else:
            sys.stderr.write(f"{told}; none takes its place: {REPLACEMENTS} did within {SECONDS:g} s\n")
    return code


def _redirect(path: str) -> None:
    for stream in (sys.stdout, sys.stderr):
        with socket.socket(socket.AF_UNIX) as log:
            log.connect(path)
            os.dup2(log.fileno(), stream.fileno())
