"""The X-Ray trace that a request is a part of.

The header `X-Amzn-Trace-Id` of an event names the segment of whoever sent it: the API's, or one that the client
made up. In Lambda an app goes on from the function's own segment, so that what it calls hangs below the function.
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

from . import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .front import Adjustment
    from .types import HeaderItems, Request

NAME = "x-amzn-trace-id"
_SPELLINGS = (NAME, "X-Amzn-Trace-Id")
_ITEMS: type = type({}.items())


def adjustment(adjust: Adjustment | None) -> Adjustment:
    """What adjusts requests, after `adjust`, to Lambda's own segment, if the invocation has one."""

    def adjusted(request: Request) -> Request:
        if adjust is not None:
            request = adjust(request)
        segment = current.trace_id()
        if not segment:
            return request
        method, scheme, host, path, raw_path, root_path, query, protocol, lines, cookie, client, text, is_base64 = (
            request
        )
        lines = _traced(lines, segment)
        return method, scheme, host, path, raw_path, root_path, query, protocol, lines, cookie, client, text, is_base64

    return adjusted


def _traced(lines: HeaderItems, segment: str) -> HeaderItems:
    if type(lines) is _ITEMS:
        # To copy a dict costs a tenth of what a look at every name does.
        headers: dict[str, str] = lines.mapping.copy()  # type: ignore[attr-defined]
        for spelling in _SPELLINGS:
            if spelling in headers:
                headers[spelling] = segment
                return headers.items()
    return [*(line for line in lines if line[0].lower() != NAME), (NAME, segment)]
