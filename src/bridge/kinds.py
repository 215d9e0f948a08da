"""The kinds of event that Lambda functions get, by name: for those that no source takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .types import Event

ACCEPTED = "REST API, HTTP API (payload 1.0 and 2.0), function URL, Application Load Balancer and WebSocket API"

_WEBSOCKET = ("CONNECT", "MESSAGE", "DISCONNECT", "AFTER_CONNECT")  # the last is Bridge's own: websocket/greeting.py


def is_websocket(event: object) -> bool:
    """Whether an event is of a WebSocket API. The route key does not tell: it may be any text."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    return isinstance(context, dict) and "connectionId" in context and context.get("eventType") in _WEBSOCKET


def complaint(event: object) -> str:
    """What to say of an event that Bridge has no answer to. It names the keys that came."""
    if not isinstance(event, dict):
        return f"Bridge takes events of {ACCEPTED}, as dicts; this one is a {type(event).__name__}."
    return (
        f"Bridge takes events of {ACCEPTED}; this one is {_name(event)}. "
        f"Its keys: {', '.join(map(str, event)) or 'none'}."
    )


def _name(event: Event) -> str:
    if "routeArn" in event or "methodArn" in event:
        return "a request to an authorizer, which wants a policy"
    context = event.get("requestContext")
    if isinstance(context, dict):
        if "connectionId" in context:
            return "of a WebSocket API"
        if "serviceArn" in context or "serviceNetworkArn" in context:
            return "of VPC Lattice"
    if "raw_path" in event:
        return "of VPC Lattice"
    records = event.get("Records")
    if records and isinstance(records, list) and isinstance(records[0], dict):
        if "cf" in records[0]:
            return "of Lambda@Edge"
        return f"of {records[0].get('eventSource') or records[0].get('EventSource') or 'records'}"
    if "detail-type" in event:
        return f"of EventBridge ({event['detail-type']})"
    return "none of them"
