"""WebSocket APIs of API Gateway: what an app on Lambda may use beside its own framework.

from bridge.websocket import Connections, connection, suspending
"""

from .connection import Connection
from .connections import Broadcast, Connections
from .current import connection, suspending
from .dynamodb import DynamoDBStore
from .errors import (
    AttachmentError,
    ConnectionGoneError,
    LostUpdateError,
    ManagementError,
    MessageTooLargeError,
    RateLimitError,
    StaleWebSocketError,
)
from .store import FileStore, Item, MemoryStore, Store

__all__ = [
    "AttachmentError",
    "Broadcast",
    "Connection",
    "ConnectionGoneError",
    "Connections",
    "DynamoDBStore",
    "FileStore",
    "Item",
    "LostUpdateError",
    "ManagementError",
    "MemoryStore",
    "MessageTooLargeError",
    "RateLimitError",
    "StaleWebSocketError",
    "Store",
    "connection",
    "suspending",
]
