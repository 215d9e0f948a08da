"""A function that sees to SIGTERM itself."""

import os
import signal
from typing import Any

from ..gates import gate


def on_sigterm(number: int, frame: object) -> None:
    gate("signalled")


signal.signal(signal.SIGTERM, on_sigterm)


def handler(event: Any, context: Any) -> Any:
    return os.getpid()
