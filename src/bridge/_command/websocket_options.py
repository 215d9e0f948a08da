"""What `bridge serve --api websocket` and `bridge serve --websocket` can be told beside what all APIs can."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import Any

NAMES = ("idle_timeout", "lifetime", "routes", "route_selection_expression", "route_response")
STAGE = "dev"


def add(parser: argparse.ArgumentParser) -> None:
    """Add them to the command."""
    group = parser.add_argument_group("WebSocket APIs")
    group.add_argument("--websocket", action="store_true", help="beside the other API, at the same address, at /dev")
    group.add_argument("--idle-timeout", type=float, default=600, metavar="SECONDS", help="without a message (600)")
    group.add_argument("--lifetime", type=float, default=7200, metavar="SECONDS", help="of a connection (7200)")
    group.add_argument("--routes", nargs="*", default=[], metavar="KEY", help="routes of the API's own")
    group.add_argument(
        "--route-selection-expression", default="$request.body.action", metavar="EXPRESSION", help="(%(default)s)"
    )
    group.add_argument("--route-response", action="store_true", help="send the client what the handler returns")
    group.add_argument("--authorizer", metavar="MODULE:HANDLER", help="a Lambda authorizer, asked for each connection")


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return what makes the gateway, as JSON."""
    return {
        "stage": STAGE if options.websocket or options.stage == "$default" else options.stage,
        "timeout": options.timeout,
        "concurrency": options.concurrency,
        "authorizer": options.authorizer,
        **{name: getattr(options, name) for name in NAMES},
    }
