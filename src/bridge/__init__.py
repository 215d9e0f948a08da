"""Bridge: any ASGI or WSGI app as a Lambda handler.

from bridge import Bridge

handler = Bridge(app)
"""

from .errors import (
    AppError,
    BridgeError,
    ConfigurationError,
    ConnectionGoneError,
    DeadlineError,
    EventError,
    LifespanError,
    ManagementError,
    MessageTooLargeError,
    RateLimitError,
    ResultTooLargeError,
    RunningLoopError,
)
from .handler import Bridge

__all__ = [
    "AppError",
    "Bridge",
    "BridgeError",
    "ConfigurationError",
    "ConnectionGoneError",
    "DeadlineError",
    "EventError",
    "LifespanError",
    "ManagementError",
    "MessageTooLargeError",
    "RateLimitError",
    "ResultTooLargeError",
    "RunningLoopError",
]

__version__ = "0.1.0"
