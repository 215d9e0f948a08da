"""Application Load Balancers, with single-value and with multi-value headers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from .. import address, percent
from ..headers import first, items, to_lists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Event, Request, ResponseHeaders, Result

LIMIT = 1_048_576
"""The load balancer's limit for a result, in bytes of JSON; over it the client gets 502."""


def request(event: Event) -> Request:
    """The request that a load balancer's event carries. A health check has a User-Agent and no other header."""
    multi = event.get("multiValueHeaders")
    single = event.get("headers")
    headers = multi or single
    raw = event.get("path") or "/"
    return (
        event.get("httpMethod") or "GET",
        "https" if first(headers, "x-forwarded-proto") == "https" else "http",
        first(headers, "host"),
        percent.decoded(raw),
        percent.wire(raw),
        "",
        _query_string(event),
        "HTTP/1.1",
        items(multi, single),
        None,
        address.client(first(headers, "x-forwarded-for")),
        event.get("body"),
        event.get("isBase64Encoded") or False,
    )


def _query_string(event: Event) -> str:
    # Names and values arrive as the client encoded them.
    multi = event.get("multiValueQueryStringParameters")
    if multi:
        return "&".join([f"{name}={value}" for name, values in multi.items() for value in values])
    single = event.get("queryStringParameters")
    return "&".join([f"{name}={value}" for name, value in single.items()]) if single else ""


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """The result that carries a response, with the kind of headers that the event had."""
    answer: Result = {
        "statusCode": status,
        "statusDescription": description(status),
        "isBase64Encoded": is_base64,
        "body": body,
    }
    if "multiValueHeaders" in event:
        answer["multiValueHeaders"] = to_lists(headers)
    else:
        single, cookies, _ = headers
        answer["headers"] = single
        for number, cookie in enumerate(cookies):
            single[_spelling("set-cookie", number)] = cookie
    return answer


def description(status: int) -> str:
    """`200 OK`: the status line's text; a status that HTTP does not name is called after its class."""
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} {HTTPStatus(status // 100 * 100).phrase}" if 100 <= status < 600 else f"{status} Unknown"


def _spelling(name: str, number: int) -> str:
    # One value per name is all that a single-value header map holds, but the load balancer passes on names that differ
    # only in case: `set-cookie`, `Set-cookie`, `sEt-cookie`... each carries a cookie of its own.
    letters = [
        letter.upper() if number >> position & 1 else letter for position, letter in enumerate(name.replace("-", ""))
    ]
    letters.insert(3, "-")
    return "".join(letters)
