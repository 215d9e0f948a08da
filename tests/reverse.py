"""The sources run backwards: what makes the event of a call, in each form, and the source that reads it."""

from collections.abc import Callable

from bridge.sources import _alb as alb, _edge as edge, _lattice as lattice, _v1 as v1, _v2 as v2
from bridge.sources._client_request import ClientRequest
from bridge.types import Event, Source

EVENTS: dict[str, tuple[Callable[[ClientRequest], Event], Source]] = {
    "rest": (v1.event, v1),
    "http 1.0": (lambda call: v1.event(call, http_api=True), v1),
    "http 2.0": (v2.event, v2),
    "url": (lambda call: v2.event(call, function_url=True), v2),
    "alb": (alb.event, alb),
    "alb multi": (lambda call: alb.event(call, multi_value=True), alb),
    "lattice 1": (lambda call: lattice.event(call, version="1.0"), lattice),
    "lattice 2": (lattice.event, lattice),
    "edge viewer": (edge.VIEWER_REQUEST.event, edge.VIEWER_REQUEST),
    "edge origin": (edge.ORIGIN_REQUEST.event, edge.ORIGIN_REQUEST),
}
