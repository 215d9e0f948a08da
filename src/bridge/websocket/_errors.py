"""What can go wrong with WebSocket connections, and whose fault it is."""

from ..errors import BridgeError


class ManagementError(BridgeError):
    """API Gateway's connection management refused a call, or gave no answer. The message says what to do."""


class ConnectionGoneError(ManagementError, ConnectionError):
    """The client's: its WebSocket connection is not open (410). An OSError, as ASGI has it for a client that left."""


class MessageTooLargeError(ManagementError):
    """The app's: a WebSocket message of more than 131,072 bytes (413)."""


class RateLimitError(ManagementError):
    """The app's: it sends faster than the account may, or than the client reads (429, again and again)."""


class StaleWebSocketError(BridgeError, RuntimeError):
    """The app's: it used a WebSocket object after the event that it belongs to. `Connections` reaches the client."""


class AttachmentError(BridgeError, ValueError):
    """The app's: a connection's attachment that is no JSON, or is too large."""


class LostUpdateError(BridgeError, RuntimeError):
    """Another event of the same connection has changed the attachment meanwhile. Nothing was written."""
