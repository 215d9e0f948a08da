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
    "rest_cognito": "v1",
    "rest_iam": "v1",
    "rest_lambda_authorizer": "v1",
    "http_api_1_0": "v1",
    "http_api": "v2",
    "http_api_stage": "v2",
    "http_api_custom_domain": "v2",
    "http_api_post": "v2",
    "http_api_jwt": "v2",
    "http_api_iam": "v2",
    "http_api_lambda_authorizer": "v2",
    "function_url": "v2",
    "function_url_iam": "v2",
    "function_url_nulls": "v2",
    "alb": "alb",
    "alb_multi": "alb",
    "alb_health_check": "alb",
    "lattice_1": "lattice",
    "lattice_2": "lattice",
    "lattice_2_post": "lattice",
    "edge_viewer": "edge",
    "edge_origin": "edge",
}
"""Requests, with the module of `bridge.sources` that reads each."""

CUT = ["edge_truncated"]
"""Requests whose body AWS has cut: Bridge answers them itself."""

OTHER = sorted(file.stem for file in EVENTS.glob("other_*.json"))
"""What a function may get besides. Without an option, Bridge refuses all but those of WebSocket APIs."""


def sample(name: str) -> dict[str, Any]:
    """A fresh copy of a sample event. Some of those that are no requests are lists."""
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
