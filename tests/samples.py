"""The sample events in `events`, by name."""

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent / "events"

HTTP = {
    "rest": "v1",
    "rest_custom_domain": "v1",
    "rest_console_test": "v1",
    "rest_upload": "v1",
    "http_api_1_0": "v1",
    "http_api": "v2",
    "http_api_stage": "v2",
    "http_api_custom_domain": "v2",
    "http_api_post": "v2",
    "function_url": "v2",
    "function_url_nulls": "v2",
    "alb": "alb",
    "alb_multi": "alb",
    "alb_health_check": "alb",
}
"""Requests, with the module of `bridge.sources` that reads each."""

OTHER = sorted(file.stem for file in EVENTS.glob("other_*.json"))
"""What a function may get besides. Bridge refuses all but those of WebSocket APIs."""


def sample(name: str) -> dict[str, Any]:
    """A fresh copy of a sample event."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))["event"]
    return event


FIELDS = (
    "method",
    "scheme",
    "host",
    "path",
    "raw_path",
    "root_path",
    "query",
    "protocol",
    "headers",
    "cookie",
    "client",
    "body",
    "is_base64",
)


def named(request: tuple[Any, ...]) -> dict[str, Any]:
    """The fields of what `request` of a source returns, by name."""
    return dict(zip(FIELDS, request, strict=True))
