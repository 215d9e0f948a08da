"""Options of `bridge serve` that what is served does not have: they are refused, and not ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime._import_string import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection

TEMPLATES = ("parameter", "imports", "config_env", "region", "venv", "jwks", "explain", "run_schedules")
"""What only a template has."""

WEBSOCKETS = ("idle_timeout", "lifetime", "routes", "route_selection_expression", "route_response", "authorizer")
"""What only a WebSocket API has."""

APPS = (
    "api",
    "stage",
    "payload",
    "multi_value",
    "trigger",
    "binary_media_types",
    "timeout",
    "concurrency",
    "processes",
    "routing",
    "streaming",
    "websocket",
    *WEBSOCKETS,
)
"""What a template says itself."""


def refuse(options: argparse.Namespace, names: Collection[str], why: str) -> None:
    """Refuse options that have been given.

    Raises:
        UsageError: one has another value than its default.
    """
    given = [name for name in names if getattr(options, name) != options.parser.get_default(name)]
    if given:
        named = ", ".join(f"--{name.replace('_', '-').replace('imports', 'import')}" for name in given)
        raise UsageError(f"{named}: {why}")
