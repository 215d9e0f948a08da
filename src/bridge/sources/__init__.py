"""The event formats that Bridge knows, and how to tell them apart."""

from __future__ import annotations

from ..errors import EventError
from . import alb, v1, v2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Event, Source

ACCEPTED = "REST API, HTTP API (payload 1.0 and 2.0), function URL and Application Load Balancer"


def detect(event: Event) -> Source:
    """The format of an event, by the keys that only that format has.

    Neither `version` nor `rawPath` decides: VPC Lattice events say `version: "2.0"` too, Lambda destinations say "1.0",
    and REST APIs behind a base path mapping send `rawPath`.

    Raises:
        EventError: the event is none of these. The message names the keys that came.
    """
    try:
        context = event["requestContext"]
        if "http" in context:
            # An authorizer's event looks like a request, but wants a policy for an answer.
            if "routeArn" not in event:
                return v2
        elif "elb" in context:
            return alb
        elif "httpMethod" in event and "path" in event and "methodArn" not in event and "routeArn" not in event:
            return v1
    except (KeyError, TypeError):
        # Console test events and emulators may leave requestContext null or out.
        if isinstance(event, dict) and _rest_without_context(event):
            return v1
    raise EventError(_complaint(event))


def _rest_without_context(event: Event) -> bool:
    return event.get("requestContext") is None and "httpMethod" in event and "path" in event and "resource" in event


def _complaint(event: object) -> str:
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
