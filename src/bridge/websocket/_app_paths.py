"""The paths that an app has WebSocket endpoints at, as far as its framework tells."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..types import WebSocketPath

DEFAULT = "/"


def websocket_paths(app: Any) -> list[str]:
    """Return the paths of an app's WebSocket endpoints: of FastAPI, Starlette, Litestar and Quart."""
    return [*_of_routes(getattr(app, "routes", ())), *_of_rules(getattr(app, "url_map", None))]


def path_for(app: Any, chosen: WebSocketPath) -> WebSocketPath:
    """Return the path for connections: the deployer's, or else that of the app's only WebSocket endpoint.

    Args:
        app: an ASGI app.
        chosen: the option. "/" is its default, and stands for nothing if the app has no endpoint there.
    """
    paths = websocket_paths(app) if chosen == DEFAULT else []
    return paths[0] if len(paths) == 1 and "{" not in paths[0] and "<" not in paths[0] else chosen


def _of_routes(routes: Any, prefix: str = "") -> Iterator[str]:
    for route in routes if isinstance(routes, (list, tuple)) else ():
        path = prefix + (getattr(route, "path", None) or "")
        if "WebSocketRoute" in type(route).__name__:
            yield path or DEFAULT
        elif type(route).__name__ == "Mount":
            yield from _of_routes(getattr(route, "routes", ()), path)


def _of_rules(rules: Any) -> Iterator[str]:
    if rules is not None:
        yield from (rule.rule for rule in rules.iter_rules() if getattr(rule, "websocket", False))
