"""Bridge: any ASGI or WSGI app as a Lambda handler.

from bridge import Bridge

handler = Bridge(app)
"""

from .errors import (
    AppError,
    BridgeError,
    ConfigurationError,
    DeadlineError,
    EventError,
    EventFailedError,
    FailedResponseError,
    LifespanError,
    RequestTooLargeError,
    ResultTooLargeError,
    RunningLoopError,
    StatusError,
)
from .handler import Bridge

__all__ = [
    "AppError",
    "Bridge",
    "BridgeError",
    "ConfigurationError",
    "DeadlineError",
    "EventError",
    "EventFailedError",
    "FailedResponseError",
    "LifespanError",
    "RequestTooLargeError",
    "ResultTooLargeError",
    "RunningLoopError",
    "StatusError",
]

__version__ = "0.1.0"
