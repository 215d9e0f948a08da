"""The `path` and the `root_path` of a scope, for frameworks that do not read them as ASGI has them.

ASGI's `path` begins with `root_path`, the stage for instance, and a framework takes it off to find its route. Falcon,
Sanic and Engine.IO route by the path as it is. FastAPI with a `root_path` of its own puts that into the scope, so that
nothing is taken off a path that begins with another.
https://asgi.readthedocs.io/en/stable/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from ..._http import url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from typing import Any

    from ...types import ASGIApp, Receive, Scope, Send

BY_PATH = frozenset(["falcon", "sanic", "engineio"])
"""Packages whose apps route by `path` as it is."""

BY_ROOT_PATH = frozenset(["a2wsgi", "asgiref", "blacksheep", "connexion", "django", "fastapi", "litestar", "mcp"])
BY_ROOT_PATH |= {"quart", "starlette"}
"""Packages whose apps are known to read `root_path` as ASGI has it."""

_DEPTH = 20
"""Layers of middleware that are looked through."""


def adapted(app: ASGIApp, strip: bool | None) -> tuple[ASGIApp, bool]:
    """Return an app that finds its routes below a root path, and whether that is a guess.

    Args:
        app: the app.
        strip: whether the app's `path` has no root path in it; None: as its framework wants it.
    """
    if strip is not None:
        return (Stripped(app) if strip else app), False
    known = False
    for layer in _layers(app):
        packages = {base.__module__.partition(".")[0] for base in layer.__class__.__mro__}
        if packages & BY_PATH:
            return Stripped(app, layer if "engineio" in packages else None), False
        own = getattr(layer, "root_path", "") if "fastapi" in packages else ""
        if own:
            # Starlette takes it off if a slash follows: from a path that begins with "/api/", never.
            return Stripped(app) if own.endswith("/") else OwnRootPath(app, own), False
        known = known or bool(packages & BY_ROOT_PATH)
    return app, not known


def _layers(app: Any) -> Iterator[Any]:
    """Return the app, and what is below its middleware, as far as that can be seen."""
    for _ in range(_DEPTH):
        yield app
        app = getattr(app, "app", None) or getattr(app, "__wrapped__", None)
        if not callable(app):
            break


class Stripped:
    """An app whose `path` has no root path in it.

    Args:
        app: the app.
        engine: its Engine.IO layer, if it has one, which hands on what is not its own to another app as it has come.
    """

    def __init__(self, app: ASGIApp, engine: Any = None) -> None:
        self._app = app
        self._own: str | None = None
        if getattr(engine, "other_asgi_app", None) is not None:
            self._own = engine.engineio_path

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the app."""
        root_path = scope.get("root_path")
        if root_path:
            path = scope["path"][len(root_path) :] or "/"
            if self._own is None or (path + "/").startswith(self._own):
                scope = {**scope, "path": path, "raw_path": _stripped(scope["raw_path"], root_path) or b"/"}
        return self._app(scope, receive, send)


class OwnRootPath:
    """An app that says by itself what its client sees in front of its paths, whatever Bridge has found there.

    Args:
        app: the app.
        own: its own root path. Where Bridge has found none, the path is left as it is: as a server would leave it.
    """

    def __init__(self, app: ASGIApp, own: str) -> None:
        self._app = app
        self._own = own
        self._raw = url.encode_path(own)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the app."""
        root_path = scope.get("root_path")
        if root_path:
            path, raw_path = scope["path"][len(root_path) :], _stripped(scope["raw_path"], root_path)
            if path != self._own and not path.startswith(self._own + "/"):
                path, raw_path = self._own + path, self._raw + raw_path
            scope = {**scope, "path": path, "raw_path": raw_path, "root_path": self._own}
        return self._app(scope, receive, send)


def _stripped(raw_path: bytes, root_path: str) -> bytes:
    prefix = url.encode_path(root_path)
    if raw_path.startswith(prefix):
        return raw_path[len(prefix) :]
    # The client has encoded it in another way: it ends with as many segments.
    segments = raw_path.split(b"/", root_path.count("/") + 1)
    return b"/" + segments[-1] if len(segments) > root_path.count("/") + 1 else b""


HINT = (
    "%s %r was answered 404. It is the first request below a root path (%r, the stage or a base path), which the "
    "app gets within `path`, as ASGI has it. If it routes by `path` as it is, say Bridge(app, strip_root_path=True); "
    "if the 404 is right, say strip_root_path=False, and this line goes."
)
"""What to say of an app that may not have found its routes."""
