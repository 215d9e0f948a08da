"""The connection scope of an HTTP request.

https://asgi.readthedocs.io/en/stable/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from ... import current
from ..._http import ASGI_NAMES, TRACE, to_asgi, url
from ..._http.url import PORTS
from ...current import LambdaEvent, UnvouchedEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...types import Event, Request, Scope

# By this, and not by a call of the class, an event enters no Python code.
_new = object.__new__

_HTTP_VERSIONS = {"HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2.0": "2", "HTTP/2": "2", "HTTP/3.0": "3", "HTTP/3": "3"}


def scope_of(
    request: Request, body: bytes, event: Event, context: Any, state: dict[str, Any], traced: bool = False
) -> Scope:
    """Return the HTTP connection scope of a request, with the event and context in `aws.event` and `aws.context`.

    Args:
        request: the request.
        body: its body, decoded.
        event: as Lambda gave it.
        context: as Lambda gave it.
        state: the lifespan's, which is copied.
        traced: whether the invocation's own segment of the trace takes the place of the sender's, if there is one.
    """
    method, scheme, host, path, raw_path, root_path, query, protocol, headers, cookie, client, _, _ = request
    segment = current.trace_id() if traced else ""
    if not path.isascii():
        # Surrogate escapes stand for bytes that are not UTF-8; ASGI's path is UTF-8.
        path = url.utf8(path).decode("utf-8", "replace")
    try:
        if segment:
            lines = [(key, value.encode()) for name, value in headers if (key := ASGI_NAMES[name]) is not TRACE]
        else:
            lines = [(ASGI_NAMES[name], value.encode()) for name, value in headers]
    except (AttributeError, KeyError, UnicodeEncodeError):
        lines = [line for line in to_asgi(headers) if not segment or line[0] is not TRACE]
    if segment:
        lines.append((TRACE, segment.encode("utf-8", "replace")))
    if cookie is not None:
        lines.append((b"cookie", cookie.encode("utf-8", "replace")))
    if body:
        known, length = dict(lines), b"%d" % len(body)
        if known.get(b"content-length") != length or len(known) != len(lines):
            # REST APIs leave Content-Length out, and Django reads no upload without it.
            lines = [*(line for line in lines if line[0] != b"content-length"), (b"content-length", length)]
    elif method != "GET" and dict(lines).get(b"content-length", b"0") != b"0":
        lines = [*(line for line in lines if line[0] != b"content-length"), (b"content-length", b"0")]
    shown = _new(LambdaEvent if type(request) is tuple else UnvouchedEvent)
    shown.raw_event = event
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": _HTTP_VERSIONS.get(protocol, "1.1"),
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": raw_path,
        "query_string": query.encode("utf-8", "replace"),
        "root_path": root_path,
        "headers": lines,
        "client": client,
        "server": (host, PORTS[scheme]) if host and ":" not in host else url.server_of(host, scheme),
        "state": state.copy(),
        "aws.event": shown,
        "aws.context": context,
    }
