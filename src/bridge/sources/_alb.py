"""Application Load Balancers, with single-value and with multi-value headers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from .._http import body as bodies, first, items, joined, listed, to_lists, url
from ..errors import ResultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Event, Request, ResponseHeaders, Result, Wire
    from ._client_request import ClientRequest

LIMIT = 1_048_576
"""The load balancer's limit for a result, in bytes of JSON; over it the client gets 502."""


FORM = {
    "httpMethod path body": "text",
    "headers queryStringParameters": "texts",
    "multiValueHeaders multiValueQueryStringParameters": "lists",
    "isBase64Encoded": "flag",
}
"""What `request` reads, and of what type it is."""


def request(event: Event) -> Request:
    """Return the request that a load balancer's event carries. A health check has a User-Agent and no other header.

    Raises:
        Exception: a field is not of its type. `+ ""` is where text is made sure of.
    """
    multi = event.get("multiValueHeaders")
    single = event.get("headers")
    headers = multi or single
    raw = event.get("path") or "/"
    if raw[0] != "/":
        raw = "/" + raw
    return (
        (event.get("httpMethod") or "GET") + "",
        "https" if first(headers, "x-forwarded-proto") == "https" else "http",
        first(headers, "host") or first(single, "host"),
        url.decode_path(raw),
        url.escape(raw),
        "",
        _query_string(event),
        "HTTP/1.1",
        items(multi, single),
        None,
        url.client_of(joined(headers, "x-forwarded-for")),
        event.get("body"),
        event.get("isBase64Encoded") or False,
    )


def _query_string(event: Event) -> str:
    # Names and values arrive as the client encoded them.
    multi = event.get("multiValueQueryStringParameters")
    if multi:
        return "&".join(
            [
                name + "=" + (value or "")
                for name, values in multi.items()
                for value in (values if type(values) is list else listed(values)) or ("",)
            ]
        )
    single = event.get("queryStringParameters")
    return "&".join([name + "=" + (value or "") for name, value in single.items()]) if single else ""


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """Return the result that carries a response, with the kind of headers that the event had."""
    answer: Result = {
        "statusCode": status,
        "statusDescription": DESCRIPTIONS[status],
        "isBase64Encoded": is_base64,
        "body": body,
    }
    if event.get("multiValueHeaders") is not None:
        answer["multiValueHeaders"] = to_lists(headers)
    else:
        single, cookies, _ = headers
        answer["headers"] = single
        for number, cookie in enumerate(cookies):
            single[_spellings[number % 512]] = cookie
    return answer


class _Descriptions(dict[int, str]):
    """The texts of status lines, `200 OK`, by status. One that HTTP does not name is called after its class."""

    def __missing__(self, status: int) -> str:
        from http import HTTPStatus

        names = {known.value: known.phrase for known in HTTPStatus}
        text = self[status] = f"{status} {names.get(status) or names.get(status // 100 * 100, 'Unknown')}"
        return text


class _Spellings(dict[int, str]):
    """`set-cookie`, `Set-cookie`, `sEt-cookie`: one spelling for each cookie of a response, by its number.

    One value per name is all that a single-value header map holds, but the load balancer passes on names that differ
    only in case, so each can carry a cookie of its own. There are 512.
    """

    def __missing__(self, number: int) -> str:
        letters = [letter.upper() if number >> position & 1 else letter for position, letter in enumerate("setcookie")]
        text = self[number] = "".join([*letters[:3], "-", *letters[3:]])
        return text


DESCRIPTIONS = _Descriptions()
_spellings = _Spellings()


def event(call: ClientRequest, *, multi_value: bool = False) -> Event:
    """Return the event that a load balancer makes of a call.

    Args:
        call: the call.
        multi_value: the target group's attribute `lambda.multi_value_headers.enabled`.
    """
    from ._client_request import last, multi

    pairs = [pair.partition("=") for pair in call.query_string.split("&") if pair]
    query = [(name, value) for name, _, value in pairs]
    text, is_base64 = bodies.carried(call) if call.body else ("", False)
    target_group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/local/0123456789abcdef"
    made: Event = {
        "requestContext": {"elb": {"targetGroupArn": target_group}},
        "httpMethod": call.method,
        "path": call.raw_path,
        "body": text,
        "isBase64Encoded": is_base64,
    }
    if multi_value:
        return {**made, "multiValueQueryStringParameters": multi(query), "multiValueHeaders": multi(call.headers)}
    return {**made, "queryStringParameters": last(query), "headers": last(call.headers)}


def response(result: object, *, multi_value: bool = False) -> Wire:
    """Return the response that a load balancer makes of a result.

    Raises:
        ResultError: the result breaks the format.
    """
    if not isinstance(result, dict):
        raise ResultError(f"the result must be an object, not a {type(result).__name__}")
    status = result.get("statusCode")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ResultError(f"statusCode must be an int from 200 to 599, not {status!r}")
    wanted, other = ("multiValueHeaders", "headers") if multi_value else ("headers", "multiValueHeaders")
    if other in result and wanted not in result:
        raise ResultError(f"the target group wants {wanted}, not {other}")
    headers = result.get(wanted) or {}
    if not isinstance(headers, dict):
        raise ResultError(f"{wanted} must be an object, not a {type(headers).__name__}")
    lines: list[tuple[str, str]] = []
    for name, given in headers.items():
        values = given if multi_value else [given]
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ResultError(f"{wanted} has a {type(given).__name__} for {name!r} that is not of the right form")
        lines += [(name, value) for value in values]
    text = result.get("body") or ""
    if not isinstance(text, str):
        raise ResultError(f"body must be a string, not a {type(text).__name__}")
    return status, lines, bodies.uncarried(text, bool(result.get("isBase64Encoded")))
