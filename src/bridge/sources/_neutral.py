"""The neutral request, `bridge.types.Request`, out of what a gateway's event has: for sources of your own."""

from __future__ import annotations

from .._http import first, one_cookie_line, url
from ..errors import EventError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from ..types import Request

    Pairs: TypeAlias = Mapping[str, str | Sequence[str] | None] | Iterable[tuple[str, str | None]]


def http_request(
    *,
    method: str | None = None,
    path: str | None = None,
    raw_path: str | None = None,
    root_path: str | None = None,
    query: str | Pairs | None = None,
    headers: Pairs | None = None,
    cookies: str | Iterable[str] | None = None,
    host: str | None = None,
    scheme: str | None = None,
    protocol: str | None = None,
    client: str | tuple[str, int] | None = None,
    body: str | bytes | None = None,
    is_base64: bool | None = None,
) -> Request:
    """Return a request in the form that `request(event)` of a source returns.

    All is optional, and None is as good as nothing: events leave much null.

    Args:
        method: "GET", the default.
        path: decoded, without `root_path`: "/a b". Either this or `raw_path`; "/" without both.
        raw_path: percent-encoded, as the client sent it: "/a%20b".
        root_path: the part of the URL's path in front of it that is not the app's, decoded: "/stage".
        query: as the client sent it, without "?"; or decoded names and values, as a mapping, whose values may be
            lists, or as pairs.
        headers: names in any case, and values; a mapping, whose values may be lists, or pairs.
        cookies: the request's cookies, "name=value", where the event has them apart from its headers. They count if
            no header is a Cookie.
        host: the Host header, if none is given.
        scheme: "https", the default, or "http".
        protocol: "HTTP/1.1", the default.
        client: IP address, with or without a port. Only from a field that the gateway vouches for.
        body: text, or bytes.
        is_base64: whether a body of text is base64.

    Raises:
        EventError: the scheme is another one.
        TypeError: both `path` and `raw_path` are given.
    """
    if path is not None and raw_path is not None:
        raise TypeError("http_request takes path, which is decoded, or raw_path, which is percent-encoded; not both")
    if scheme and scheme not in ("http", "https"):
        raise EventError(f"a request's scheme is 'http' or 'https', not {scheme!r}")
    wire = url.encode_path(path) if path is not None else url.escape(raw_path or "")
    wire = b"/" + wire.removeprefix(b"/")
    root = "/" + root_path.strip("/") if root_path and root_path.strip("/") else ""
    lines = one_cookie_line([(name, value) for name, value in _pairs(headers) if value is not None])
    single = dict(lines)
    if isinstance(body, bytes):
        from pybase64 import b64encode_as_string

        body, is_base64 = b64encode_as_string(body), True
    return (
        method or "GET",
        "http" if scheme == "http" else "https",
        first(single, "Host") or host,
        root + url.decode_path(wire.decode()),
        url.encode_path(root) + wire,
        root,
        _query_string(query),
        protocol or "HTTP/1.1",
        lines,
        _cookie(cookies) if first(single, "Cookie") is None else None,
        (client, 0) if isinstance(client, str) and client else client or None,
        body,
        is_base64 or False,
    )


def _pairs(given: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in given.items() if hasattr(given, "items") else given or ():
        pairs += [(name, each) for each in value] if isinstance(value, (list, tuple)) else [(name, value)]
    return pairs


def _query_string(query: str | Pairs | None) -> str:
    if isinstance(query, str):
        return url.escape(query.removeprefix("?")).decode()
    return url.encode_form([(name, "" if value is None else str(value)) for name, value in _pairs(query)])


def _cookie(cookies: str | Iterable[str] | None) -> str | None:
    return (cookies if isinstance(cookies, str) else "; ".join(cookies or ())) or None
