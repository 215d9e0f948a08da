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
    """Return the format of an HTTP event, by what every event of that format has; None: it is no HTTP request of these.

    Types count as well as keys: `{"requestContext": "text with http in it"}` is somebody else's event. `rawPath` says
    nothing, because REST APIs behind a base path mapping send it. Nor does `version` alone: VPC Lattice has "2.0" too,
    and Lambda destinations have "1.0".
    """
    try:
        context = event["requestContext"]
        if "http" in context:
            # "type" is an authorizer's: its event looks like a request, and wants a policy for an answer.
            if context["http"]["method"] and event["version"] == "2.0" and "type" not in event:
                return v2
        elif "elb" in context:
            if context["elb"]["targetGroupArn"] and "httpMethod" in event:
                return _loaded_alb or _load_alb()
        elif (
            "resource" in event
            and "httpMethod" in event
            and "methodArn" not in event
            and type(context) is dict
            # Some hand-made events of WebSocket APIs have all the keys of a REST API's, and a connection besides.
            and "connectionId" not in context
            and type(event["path"]) is str
        ):
            return _loaded_v1 or _load_v1()
    except (KeyError, TypeError):
        pass
    return _unusual(event)


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


def _unusual(event: Any) -> Source | None:
    """Return the format of an event that lacks something of what AWS sends, or is of a format that few functions get.

    Emulators, consoles and tests leave things out.
    """
    event = getattr(event, "raw_event", event)  # the event classes of AWS Lambda Powertools
    if not isinstance(event, dict):
        return None
    context = event.get("requestContext")
    if isinstance(context, dict):
        if _is_v2(event, context):
            return v2
        if isinstance(context.get("elb"), dict) and _are_text(event, "httpMethod", "path"):
            return _loaded_alb or _load_alb()
        if "serviceArn" in context or "serviceNetworkArn" in context:
            from . import _lattice as lattice

            return lattice
    if _is_v1(event, context):
        return _loaded_v1 or _load_v1()
    if _are_text(event, "raw_path", "method"):
        from . import _lattice as lattice

        return lattice
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict) and "cf" in records[0]:
        from . import _edge as edge

        return edge.trigger(records[0]["cf"])
    return None


def _is_v2(event: Event, context: dict[str, Any]) -> bool:
    http = context.get("http")
    if not isinstance(http, dict) or ("type" in event and ("routeArn" in event or "methodArn" in event)):
        return False
    # Events of Alibaba's Function Compute look alike, say "v1", and have their query where Bridge would not look.
    return event.get("version") in (None, "2.0") and (_are_text(http, "method") or _are_text(event, "rawPath"))


def _is_v1(event: Event, context: object) -> bool:
    if not _are_text(event, "httpMethod", "path") or "methodArn" in event or not _QUERIES.isdisjoint(event):
        return False
    if context is None:
        # Test events of the console, and of the test suites of many an app.
        return "resource" in event or any(
            isinstance(event.get(name), dict) for name in ("headers", "multiValueHeaders")
        )
    return isinstance(context, dict) and "connectionId" not in context and "elb" not in context


_QUERIES = frozenset(("queryParameters", "queryString", "pathParams"))
"""Keys of gateways of Alibaba, Tencent and Yandex, whose events look like payload 1.0 and are read otherwise."""


def _are_text(holder: dict[str, Any], *names: str) -> bool:
    return all(isinstance(holder.get(name), str) for name in names)


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
