"""Bridge: any ASGI or WSGI app as a Lambda handler.

from bridge import Bridge

handler = Bridge(app)
"""

from .errors import (
    AppError,
    AttachmentError,
    BridgeError,
    ConfigurationError,
    ConnectionGoneError,
    DeadlineError,
    EventError,
    EventFailedError,
    LifespanError,
    LostUpdateError,
    ManagementError,
    MessageTooLargeError,
    RateLimitError,
    ResultTooLargeError,
    RunningLoopError,
    StaleWebSocketError,
    StatusError,
)
from .handler import Bridge

__all__ = [
    "AppError",
    "AttachmentError",
    "Bridge",
    "BridgeError",
    "ConfigurationError",
    "ConnectionGoneError",
    "DeadlineError",
    "EventError",
    "EventFailedError",
    "LifespanError",
    "LostUpdateError",
    "ManagementError",
    "MessageTooLargeError",
    "RateLimitError",
    "ResultTooLargeError",
    "RunningLoopError",
    "StaleWebSocketError",
    "StatusError",
]

__version__ = "0.1.0"
