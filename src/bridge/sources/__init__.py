"""The event formats that Bridge knows, and how to tell them apart."""

from __future__ import annotations

from . import v2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Event, Source

# Imported by their first event: a function behind a function URL has no use for them.
_alb: Source | None = None
_v1: Source | None = None


def detect(event: Event) -> Source | None:
    """The format of an HTTP event, by the keys that only that format has; None: it is no HTTP request of these.

    Neither `version` nor `rawPath` decides: VPC Lattice events say `version: "2.0"` too, Lambda destinations say "1.0",
    and REST APIs behind a base path mapping send `rawPath`.
    """
    try:
        context = event["requestContext"]
        if "http" in context:
            # An authorizer's event looks like a request, but wants a policy for an answer.
            if "routeArn" not in event:
                return v2
        elif "elb" in context:
            return _alb or _load_alb()
        elif "httpMethod" in event and "path" in event and "methodArn" not in event and "routeArn" not in event:
            return _v1 or _load_v1()
    except (KeyError, TypeError):
        # Console test events and emulators may leave requestContext null or out.
        if isinstance(event, dict) and _rest_without_context(event):
            return _v1 or _load_v1()
    return _rare(event)


def _load_alb() -> Source:
    global _alb
    from . import alb

    _alb = alb
    return alb


def _load_v1() -> Source:
    global _v1
    from . import v1

    _v1 = v1
    return v1


def _rest_without_context(event: Event) -> bool:
    return event.get("requestContext") is None and "httpMethod" in event and "path" in event and "resource" in event


def _rare(event: Event) -> Source | None:
    """The format of an event whose module only the functions import that get such events."""
    if not isinstance(event, dict):
        return None
    context = event.get("requestContext")
    if isinstance(context, dict) and ("serviceArn" in context or "serviceNetworkArn" in context):
        from . import lattice

        return lattice
    if "raw_path" in event and "method" in event:
        from . import lattice

        return lattice
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict) and "cf" in records[0]:
        from . import edge

        return edge.trigger(records[0]["cf"])
    return None
