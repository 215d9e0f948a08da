"""HTTP responses as they leave the gateway."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from .._http import NOT_FORWARDED
from ..errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Container

    from ..types import Wire

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def outward(wire: Wire, remapped: Container[str], method: str = "GET", *, streamed: bool = False) -> Response:
    """Return the response that a function has asked for.

    Args:
        wire: what the function has asked for.
        remapped: lower-case names of headers that go out as `x-amzn-Remapped-` and the name.
        method: the request's.
        streamed: whether the body is still to come, so that its length is not known.

    Raises:
        ResultError: HTTP has no such headers.
    """
    status, lines, body = wire
    response = Response(status_code=status)
    bodiless = status in (204, 304)
    response.body = b"" if bodiless else body
    # Lengths and connections are the gateway's own business, whatever the function says of them. Only what a GET would
    # have got, where this is no GET, nobody but the function knows (RFC 9110 section 8.6).
    told = next((value for name, value in lines if name.lower() == "content-length" and value.isdecimal()), None)
    if told and "content-length" not in remapped and (method == "HEAD" or status == 304):
        response.raw_headers = [(b"content-length", told.encode())]
    else:
        response.raw_headers = [] if bodiless or streamed else [(b"content-length", str(len(body)).encode())]
    for name, value in lines:
        if not _TOKEN.fullmatch(name) or _CONTROL.search(value):
            raise ResultError(f"HTTP has no such name, or no such value, of a header: {name!r}")
        lower = name.lower()
        if lower in remapped:
            lower = "x-amzn-remapped-" + lower
        if lower not in NOT_FORWARDED:
            response.raw_headers.append((lower.encode(), _bytes(value.strip(" \t"))))
    return response


def plain(status: int, text: str) -> Response:
    """Return a response of the gateway's own."""
    kind = {"{": "application/json", "<": "text/html"}.get(text[0], "text/plain")
    return Response(text, status, media_type=kind)


def error(status: int, kind: str, text: str) -> Response:
    """Return an answer of one of AWS's own endpoints, which its SDKs raise as an exception of this kind."""
    return JSONResponse({"message": text}, status, {"x-amzn-ErrorType": kind})


def _bytes(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")
