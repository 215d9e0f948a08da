"""The log of a function on this machine: as in Lambda, so that a line which vanishes there vanishes here.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..runtime import _logs as logs

if TYPE_CHECKING:
    from typing import TextIO

OWN = "bridge.gateway"


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
    handler.setFormatter(logging.Formatter("%(message)s"))
    own.addHandler(handler)
