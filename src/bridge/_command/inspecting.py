"""What `bridge serve --inspect` adds to a server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..runtime._import_string import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ..gateway._inspector import Inspector
    from ..gateway._template.model import Stack


def add(parser: argparse.ArgumentParser) -> None:
    """Add the option to the command."""
    parser.add_argument(
        "--inspect",
        action="store_true",
        help="show the last requests, with events, results and log lines, at /_bridge/, to this machine only",
    )


def set_up(target: str, stack: Callable[[], Stack] | None = None) -> Inspector:
    """Return an inspector that watches this process from now on, and set up its log.

    Args:
        target: what is served: "app:handler", or a template's path.
        stack: of a template, returns what it deploys.
    """
    from ..gateway import _local_log
    from ..gateway._inspector import Inspector
    from ..gateway._watch import said, teed

    inspector = Inspector(target, stack)
    inspector.start()
    output = teed(sys.stdout, said)
    _local_log.set_up(output)
    sys.stdout, sys.stderr = output, teed(sys.stderr, said)
    return inspector


def told(options: argparse.Namespace, server: str) -> None:
    """Print where the inspector of a server is, or how to get one; and, to a person, how to end it all.

    Raises:
        UsageError: the server listens where the inspector does not answer.
    """
    if options.inspect:
        from ..gateway._inspector import PATH, is_local

        for every, loopback in (("//0.0.0.0:", "//127.0.0.1:"), ("//[::]:", "//[::1]:")):
            server = server.replace(every, loopback)
        if not is_local(urlsplit(server).netloc):
            raise UsageError(f"--inspect answers this machine only, at 127.0.0.1, and --host {options.host} is not it")
        print(f"inspector: {server}{PATH}")
    if sys.stdout.isatty():
        print(f"{'' if options.inspect else '--inspect shows requests in a browser; '}Ctrl+C ends")
