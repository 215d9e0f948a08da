"""The log of a function on this machine: as in Lambda, so that a line which vanishes there vanishes here.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

from ..runtime import _logs as logs

if TYPE_CHECKING:
    from typing import TextIO

OWN = "bridge.gateway"

_STATUS = re.compile(r" ([1-5]\d\d)( [\d.]+ ms)")
_COLOURS = {"1": 36, "2": 32, "3": 36, "4": 33, "5": 31}


def set_up(stream: TextIO) -> None:
    """Set up the function's log as in Lambda, and let the gateway say what it does.

    The root logger is at WARNING unless AWS_LAMBDA_LOG_LEVEL says otherwise, and each line has the request id. The
    gateway's own lines are plain, from INFO on. Where there is a root handler already, all is left as it is.

    Args:
        stream: where the lines go.
    """
    if logging.getLogger().handlers:
        return
    logs.set_up(stream)
    own = logging.getLogger(OWN)
    own.setLevel(logging.INFO)
    own.propagate = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Coloured("%(message)s") if _shows_colours(stream) else logging.Formatter("%(message)s"))
    own.addHandler(handler)


def _shows_colours(stream: TextIO) -> bool:
    """Return whether a stream is a terminal with colours, and nobody has said not to use them: https://no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


class _Coloured(logging.Formatter):
    """The gateway's lines: warnings yellow, errors red, statuses by their class."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.levelno >= logging.WARNING:
            return f"\x1b[{31 if record.levelno >= logging.ERROR else 33}m{text}\x1b[0m"
        return _STATUS.sub(lambda found: f" \x1b[{_COLOURS[found[1][0]]}m{found[1]}\x1b[0m{found[2]}", text)
