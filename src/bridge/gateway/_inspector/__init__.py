"""The inspector of `bridge serve --inspect`: the last requests with their events, results and log lines, in a browser.

It is under a path of its own, in front of the gateway, for this machine only. What it shows was written by whoever sent
the requests: the page has it as text, never as HTML, and its policy lets no script run but its own.
"""

from __future__ import annotations

import json
import logging
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .. import _watch as watch
from .._incoming import body
from .presenting import detail, served, summary
from .recording import Recorder
from .replaying import ReplayError, Replays

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...types import ASGIApp, Message, Receive, Scope, Send
    from .._template.model import Stack
    from .recording import Record

log = logging.getLogger("bridge.gateway")

PATH = "/_bridge/"
HEADER = "x-bridge-inspector"
"""What changes or sends anything has it: a page from elsewhere cannot send it without a preflight, which is refused."""

_FILES = {
    "": ("page.html", "text/html"),
    "style.css": ("style.css", "text/css"),
    "script.js": ("script.js", "text/javascript"),
}
_BODY = 10_000
"""Bytes of what the page asks for."""

_FORWARDING = frozenset(("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"))

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Inspector:
    """An ASGI app in front of a gateway: it records what goes by, and shows it.

    It is for one process, whose watcher it becomes: see `start`.

    Args:
        target: what is served: "app:handler", or a template's path.
        stack: of a template, returns what it deploys.

    Attributes:
        is_app: whether the target is an app, and no handler.
    """

    def __init__(self, target: str, stack: Callable[[], Stack] | None = None) -> None:
        self.is_app = False
        self._target = target
        self._stack = stack
        self._recorder = Recorder()
        self._app: ASGIApp | None = None

    def start(self) -> None:
        """Begin to watch what is started from now on: functions, and their processes."""
        watch.watcher = self._recorder

    def stop(self) -> None:
        """Stop watching."""
        watch.watcher = None

    def before(self, app: ASGIApp) -> Inspector:
        """Return this, in front of a gateway."""
        self._app = app
        self._replays = Replays(app, self._recorder)
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection: to the inspector itself, or to what is behind it."""
        assert self._app is not None  # noqa: S101
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            await self._replays.close()
        elif scope["type"] == "http" and (scope["path"] + "/").startswith(PATH):
            await (await self._response(Request(scope, receive)))(scope, receive, send)
        else:
            await self._pass(self._app, scope, receive, send)

    async def _pass(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        with self._recorder.request(scope) as record:

            async def received() -> Message:
                message = await receive()
                if message["type"] == "http.request":
                    record.body.add(message.get("body", b""))
                return message

            async def sent(message: Message) -> None:
                self._recorder.sent(record, message)
                await send(message)

            await app(scope, received, sent)

    async def _response(self, request: Request) -> Response:
        why = _refusal(request)
        if why is not None:
            log.warning("the inspector has refused a request: %s", why)
            return Response(f"the inspector refuses this: {why}\n", 403, _HEADERS, "text/plain")
        path = request.scope["path"][len(PATH) :]
        if request.scope["path"] + "/" == PATH:
            return RedirectResponse(PATH, headers=_HEADERS)
        if request.method == "POST":
            return await self._changed(request, path)
        if request.method not in ("GET", "HEAD"):
            return Response("", 405, {**_HEADERS, "allow": "GET, POST"})
        if path in _FILES:
            name, kind = _FILES[path]
            return Response(Path(__file__).with_name(name).read_bytes(), 200, _HEADERS, kind)
        if path == "requests":
            return self._list(request)
        record = self._found(path)
        if record is None:
            return _said(404, "there is no such request any more")
        shown = detail(record, self._target, is_app=self.is_app, is_template=self._stack is not None)
        return JSONResponse(shown, headers=_HEADERS)

    def _list(self, request: Request) -> Response:
        recorder = self._recorder
        if request.query_params.get("version") == str(recorder.version):
            return Response(status_code=204, headers=_HEADERS)
        return JSONResponse(
            {
                "version": recorder.version,
                "target": self._target,
                "served": served(self._stack()) if self._stack is not None else [],
                "requests": [summary(record) for record in reversed(recorder.records)],
            },
            headers=_HEADERS,
        )

    async def _changed(self, request: Request, path: str) -> Response:
        if path == "clear":
            self._recorder.clear()
            return _said(200, "all requests are forgotten")
        record = self._found(path.removesuffix("/replay"))
        if record is None or not path.endswith("/replay"):
            return _said(404, "there is no such request any more")
        try:
            asked = json.loads((await body(request, _BODY)) or b"{}")
            if not isinstance(asked, dict):
                raise ReplayError("a replay is asked for with a JSON object")
            if "invocation" in asked:
                self._replays.invoke(record, int(asked["invocation"]))
            else:
                self._replays.start(record, str(asked.get("api", "")), str(asked.get("payload", "2.0")))
        except (ReplayError, ValueError, TypeError) as error:
            return _said(400, str(error))
        return _said(202, "sent")

    def _found(self, path: str) -> Record | None:
        number = path.removeprefix("requests/")
        return self._recorder.find(int(number)) if number.isdecimal() and len(number) < 10 else None


def _said(status: int, text: str) -> Response:
    return JSONResponse({"message": text}, status, _HEADERS)


def _refusal(request: Request) -> str | None:
    """Return why a request may not reach the inspector; None: it may.

    It comes from this machine, by a name that no site can have, through no proxy or tunnel; what is no plain visit
    comes from the inspector's own page.
    https://www.w3.org/TR/fetch-metadata/
    """
    headers = request.headers
    host = headers.get("host", "")
    client = request.client.host if request.client is not None else ""
    if not _is_loopback(client):
        return f"{client} is not this machine"
    if not is_local(host):
        return f"the host {host!r} is not localhost"
    if _FORWARDING & set(headers):
        return "it has come through a proxy"
    site = headers.get("sec-fetch-site", "none")
    visits = request.method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if site not in ("none", "same-origin") and not visits:
        return "a page from elsewhere has sent it"
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return f"a page of {origin!r} has sent it"
    if request.method != "GET" and headers.get(HEADER) != "1":
        return f"it lacks the header {HEADER}"
    return None


def is_local(host: str) -> bool:
    """Return whether a host, with or without a port, is this machine by a name that no site can have."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return parsed.is_loopback or (mapped is not None and mapped.is_loopback)
