"""Which route takes a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .api_model import Route

_STATIC, _VARIABLE, _GREEDY = range(3)


def match(
    routes: Iterable[Route], method: str, raw_path: str, *, rest: bool
) -> tuple[Route, dict[str, str], list[str]] | None:
    """Return the route that takes a request, with its path's variables, and why the others do not.

    A route is chosen by path and method together: of those that fit, the one whose path is the most specific, from the
    left; then the method itself before ANY. That REST APIs do the same, and do not stop at a path that lacks the
    method, has been measured: https://github.com/ministackorg/ministack/pull/1423

    Args:
        routes: of the API.
        method: of the request.
        raw_path: percent-encoded, without the stage.
        rest: whether it is a REST API, which ignores a slash at the end and hands on variables encoded.
    """
    path = raw_path.partition("?")[0]
    if rest and len(path) > 1:
        path = path.rstrip("/") or "/"
    parts = path.split("/")[1:] if rest else [unquote(part) for part in path.split("/")[1:]]
    best: tuple[tuple[int, ...], bool, Route, dict[str, str]] | None = None
    default: Route | None = None
    misses: list[str] = []
    for route in routes:
        if route.path == "$default":
            default = route
            continue
        found = _fit(route.path, parts)
        if found is None:
            misses.append(f"{route.key}: another path")
        elif route.method not in (method, "ANY"):
            misses.append(f"{route.key}: another method")
        else:
            rank = found[0], route.method == "ANY"
            beaten = route if best is not None and best[:2] <= rank else best and best[2]
            if beaten:
                misses.append(f"{beaten.key}: less specific")
            if beaten is not route:
                best = *rank, route, found[1]
    if best is not None:
        return best[2], best[3], misses
    return None if default is None else (default, {}, misses)


def _fit(pattern: str, parts: list[str]) -> tuple[tuple[int, ...], dict[str, str]] | None:
    """Return how specific a path is, part by part, and its variables, if it fits."""
    ranks: list[int] = []
    variables: dict[str, str] = {}
    wanted = pattern.split("/")[1:]
    for number, part in enumerate(wanted):
        if number >= len(parts):
            return None
        if part.startswith("{") and part.endswith("+}"):
            rest = "/".join(parts[number:])
            if not rest:
                return None
            variables[part[1:-2]] = rest
            return (*ranks, _GREEDY), variables
        if part.startswith("{") and part.endswith("}"):
            if not parts[number]:
                return None
            variables[part[1:-1]] = parts[number]
            ranks.append(_VARIABLE)
        elif part == parts[number]:
            ranks.append(_STATIC)
        else:
            return None
    return (tuple(ranks), variables) if len(wanted) == len(parts) else None
