"""The kinds of event that Lambda functions get, by name: for those that no source takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .types import Event

ACCEPTED = (
    "REST API, HTTP API (payload 1.0 and 2.0), function URL, Application Load Balancer, VPC Lattice (V1 and V2) "
    "and Lambda@Edge (viewer-request and origin-request)"
)
UNKNOWN = "none of them"


def complaint(event: object) -> str:
    """What to say of an event that Bridge has no answer to. It names the keys that came."""
    if not isinstance(event, dict):
        return f"Bridge takes events of {ACCEPTED}, as dicts; this one is a {type(event).__name__}."
    return (
        f"Bridge takes events of {ACCEPTED}; this one is {_name(event)}. "
        f"Its keys: {', '.join(map(str, event)) or 'none'}."
    )


def is_known(event: object) -> bool:
    """Whether an event that no source takes is of a kind that has a name here."""
    return isinstance(event, dict) and _name(event) != UNKNOWN


def _name(event: Event) -> str:
    if "routeArn" in event or "methodArn" in event:
        return "a request to an authorizer, which wants a policy"
    context = event.get("requestContext")
    if isinstance(context, dict) and "connectionId" in context:
        return "of a WebSocket API"
    records = event.get("Records")
    if records and isinstance(records, list) and isinstance(records[0], dict):
        if "cf" in records[0]:
            return _edge_name(records[0]["cf"])
        return f"of {records[0].get('eventSource') or records[0].get('EventSource') or 'records'}"
    if "detail-type" in event:
        return f"of EventBridge ({event['detail-type']})"
    return UNKNOWN


def _edge_name(cf: object) -> str:
    if not isinstance(cf, dict) or not isinstance(cf.get("request"), dict):
        return "of Lambda@Edge, without a request"
    event_type = (cf.get("config") or {}).get("eventType") or "a response trigger"
    return (
        f"of Lambda@Edge, {event_type}, where the response is there already: "
        "associate the function with viewer-request or origin-request instead"
    )
