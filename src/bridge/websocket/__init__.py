"""WebSocket APIs of API Gateway: what an app on Lambda may use beside its own framework.

from bridge.websocket import Connections, connection, suspending
"""

from ._connection import Connection
from ._connections import Connections
from ._current import connection, suspending
from ._dynamodb import DynamoDBStore
from ._errors import (
    AttachmentError,
    ConnectionGoneError,
    LostUpdateError,
    ManagementError,
    MessageTooLargeError,
    RateLimitError,
    StaleWebSocketError,
)
from ._store import FileStore, Item, MemoryStore, Store
from ._sync import Broadcast

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
