"""What `bridge serve` and `bridge event` can be told of an API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    from ..gateway._apis import KINDS, TRIGGERS

    titles: dict[str, str] = {**{name: kind.title for name, kind in KINDS.items()}, "websocket": "WebSocket API"}
    described = ", ".join(f"{name}: {title}" for name, title in titles.items())
    parser.add_argument("--api", choices=[*titles], default="http", help=described)
    parser.add_argument("--stage", default="$default", help="an HTTP or REST API's stage, the first part of the path")
    parser.add_argument("--payload", choices=["2.0", "1.0"], default="2.0", help="of HTTP API and VPC Lattice events")
    parser.add_argument("--multi-value", action="store_true", help="a load balancer's multi-value headers")
    default = "origin-request"
    parser.add_argument("--trigger", choices=TRIGGERS, default=default, help="where Lambda@Edge calls the function")


def prefix(stage: str) -> str:
    """Return what the stage puts in front of a path."""
    return "" if stage == "$default" else f"/{stage}"
