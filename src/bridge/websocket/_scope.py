"""The scope of a WebSocket connection.

https://asgi.readthedocs.io/en/stable/specs/www.html#websocket-connection-scope
"""

from __future__ import annotations

from .._http import HEADERS, HOST, QUERY, to_asgi, url
from ..current import LambdaEvent
from ..errors import ConfigurationError
from ..sources import _v1 as v1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Event, Scope, WebSocketPath
    from ._store import Value

# What the opening handshake says to the server alone (RFC 6455, section 4.1).
_HANDSHAKE = frozenset(
    ["connection", "sec-websocket-extensions", "sec-websocket-key", "sec-websocket-version", "upgrade"]
)


def snapshot(event: Event, path: WebSocketPath) -> Value:
    """Return what a $connect event says of a connection, as JSON; or what any later event of it still does.

    Later events have neither the client's headers nor its query string, only `requestContext`.
    """
    request_context = event["requestContext"]
    request = v1.request(event if request_context["eventType"] == "CONNECT" else {"requestContext": request_context})
    host, query, headers = request[HOST], request[QUERY], request[HEADERS]
    chosen = path(event) if callable(path) else path
    if not isinstance(chosen, str) or not chosen.startswith("/"):
        raise ConfigurationError(
            f"Bridge(websocket_path=...) has to return a path that starts with '/', not {chosen!r}."
        )
    lines = [[name, value] for name, value in headers if name.lower() not in _HANDSHAKE]
    names = {name.lower() for name, _ in lines}
    agent = (request_context.get("identity") or {}).get("userAgent")
    lines += [[name, value] for name, value in (("host", host), ("user-agent", agent)) if value and name not in names]
    return {"path": chosen, "query": query, "headers": lines}


def scope_of(snap: Value, event: Event, context: Any, state: dict[str, Any]) -> Scope:
    """Return the connection scope of a snapshot, with the event and context in `aws.event` and `aws.context`."""
    headers = to_asgi([(name, value) for name, value in snap["headers"]])
    lines = dict(headers)
    offered = b",".join(value for name, value in headers if name == b"sec-websocket-protocol").decode("latin-1")
    source_ip = (event["requestContext"].get("identity") or {}).get("sourceIp")
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": snap["path"],
        "raw_path": url.encode_path(snap["path"]),
        "query_string": snap["query"].encode("utf-8", "replace"),
        "root_path": "",
        "headers": headers,
        "client": (source_ip, 0) if source_ip else None,
        "server": url.server_of(lines.get(b"host", b"").decode("latin-1"), "https"),
        "subprotocols": [name.strip() for name in offered.split(",") if name.strip()],
        "state": state.copy(),
        "extensions": {"websocket.http.response": {}},
        "aws.event": LambdaEvent(event),
        "aws.context": context,
    }
