"""WebSocket APIs of API Gateway: what an app on Lambda may use beside its own framework.

from bridge.websocket import Connections, connection, suspending
"""

from .connection import Connection
from .connections import Broadcast, Connections
from .current import connection, suspending
from .dynamodb import DynamoDBStore
from .store import FileStore, Item, MemoryStore, Store

__all__ = [
    "Broadcast",
    "Connection",
    "Connections",
    "DynamoDBStore",
    "FileStore",
    "Item",
    "MemoryStore",
    "Store",
    "connection",
    "suspending",
]
