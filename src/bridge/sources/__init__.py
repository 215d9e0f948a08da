"""The event formats that Bridge knows, and how to tell them apart.

For a format of your own: `from bridge.sources import CustomIntegration, http_request, to_lists`.
"""

from __future__ import annotations

from . import _v2 as v2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._http import to_lists
    from ..types import Event, Source
    from ._custom import CustomIntegration
    from ._neutral import http_request

__all__ = ["CustomIntegration", "http_request", "to_lists"]

# Imported by their first event: a function behind a function URL has no use for them.
_loaded_alb: Source | None = None
_loaded_v1: Source | None = None


def detect(event: Event) -> Source | None:
    """The format of an HTTP event, by the keys that only that format has; None: it is no HTTP request of these.

    Neither `version` nor `rawPath` decides: VPC Lattice events say `version: "2.0"` too, Lambda destinations say "1.0",
    and REST APIs behind a base path mapping send `rawPath`.
    """
    try:
        context = event["requestContext"]
        if "http" in context:
            # An authorizer's event looks like a request, but wants a policy for an answer.
            if "type" not in event or ("routeArn" not in event and "methodArn" not in event):
                return v2
        elif "elb" in context:
            return _loaded_alb or _load_alb()
        elif "httpMethod" in event and "path" in event and "methodArn" not in event and "connectionId" not in context:
            # Some hand-made events of WebSocket APIs have all the keys of a REST API's, and a connection besides.
            return _loaded_v1 or _load_v1()
    except (KeyError, TypeError):
        # Console test events and emulators may leave requestContext null or out.
        if isinstance(event, dict) and _rest_without_context(event):
            return _loaded_v1 or _load_v1()
    return _rare(event)


def _load_alb() -> Source:
    global _loaded_alb
    from . import _alb as alb

    _loaded_alb = alb
    return alb


def _load_v1() -> Source:
    global _loaded_v1
    from . import _v1 as v1

    _loaded_v1 = v1
    return v1


def _rest_without_context(event: Event) -> bool:
    return event.get("requestContext") is None and "httpMethod" in event and "path" in event and "resource" in event


def _rare(event: Event) -> Source | None:
    """The format of an event whose module only the functions import that get such events."""
    if not isinstance(event, dict):
        return None
    context = event.get("requestContext")
    if isinstance(context, dict) and ("serviceArn" in context or "serviceNetworkArn" in context):
        from . import _lattice as lattice

        return lattice
    if "raw_path" in event and "method" in event:
        from . import _lattice as lattice

        return lattice
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict) and "cf" in records[0]:
        from . import _edge as edge

        return edge.trigger(records[0]["cf"])
    return None


def __getattr__(name: str) -> Any:
    """Import what sources of the user's are made with: no other function needs it."""
    if name == "CustomIntegration":
        from ._custom import CustomIntegration

        return CustomIntegration
    if name == "http_request":
        from ._neutral import http_request

        return http_request
    if name == "to_lists":
        from .._http import to_lists

        return to_lists
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
