"""VPC Lattice: a service whose target is a function, with event structure V1 or V2.

https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html

V1 is the event of Envoy's AWS Lambda filter, key by key, so what AWS leaves unsaid is done as Envoy does it: the query
string is in the path, and a result may have `cookies`.
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/aws_lambda_filter
"""

from __future__ import annotations

from .._http import body as bodies, first, items, joined, url
from ..errors import ResultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Event, Request, ResponseHeaders, Result, Wire
    from ._client_request import ClientRequest

LIMIT = bodies.PAYLOAD
"""Lambda's limit for a buffered response, in bytes of JSON; Lattice has the same 6 MB."""


FORM = {
    "method raw_path path body": "text",
    "headers query_string_parameters queryStringParameters": "texts or lists",
    "is_base64_encoded isBase64Encoded": "flag",
}
"""What `request` reads, and of what type it is."""


def request(event: Event) -> Request:
    """Return the request that a Lattice event carries. Who sent it, `requestContext.identity`, stays in `aws.event`.

    Raises:
        Exception: a field is not of its type. `+ ""` is where text is made sure of.
    """
    if "raw_path" in event:
        target, parameters = event["raw_path"], event.get("query_string_parameters")
        is_base64 = event.get("is_base64_encoded")
    else:
        target, parameters = event.get("path"), event.get("queryStringParameters")
        is_base64 = event.get("isBase64Encoded")
    path, has_query, query = (target or "/").partition("?")
    if path[:1] != "/":
        path = "/" + path
    headers = event.get("headers")
    host = first(headers, "host")
    # AWS documents X-Forwarded-Proto for Lattice's HTTP targets, and not for functions.
    protocol = (joined(headers, "x-forwarded-proto") or "").rpartition(",")[2].strip()
    return (
        (event.get("method") or "GET") + "",
        url.scheme_of(protocol, host),
        host,
        url.decode_path(path),
        url.escape(path),
        "",
        query if has_query else url.encode_form(_lines(parameters)),
        "HTTP/1.1",
        items(_lists(headers), None),
        None,
        url.client_of(joined(headers, "x-forwarded-for")),
        event.get("body"),
        is_base64 or False,
    )


def _lists(values: dict[str, Any] | None) -> dict[str, list[Any]]:
    # V2 has lists, V1 text, and early V2 events text as well.
    return {name: value if isinstance(value, list) else [value] for name, value in (values or {}).items()}


def _lines(parameters: dict[str, Any] | None) -> list[tuple[str, str]]:
    return [(name, value or "") for name, values in _lists(parameters).items() for value in values or ("",)]


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """Return the result that carries a response: one string per header, and cookies after the first apart.

    How a result says a header twice, AWS leaves open. The first cookie goes where AWS's own example has it, so one
    arrives whatever becomes of the others.
    """
    single, cookies, _ = headers
    made: Result = {"statusCode": status, "headers": single, "body": body, "isBase64Encoded": is_base64}
    if cookies:
        single["set-cookie"] = cookies[0]
        if len(cookies) > 1:
            made["cookies"] = cookies[1:]
    return made


_ARN = "arn:aws:vpc-lattice:us-east-1:123456789012:"
_NOT_DELIVERED = frozenset(["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"])


def event(call: ClientRequest, *, version: str = "2.0") -> Event:
    """Return the event that Lattice makes of a call.

    Args:
        call: the call.
        version: of the event structure: "2.0" or "1.0".
    """
    from ._client_request import joined, last, multi

    lines = [line for line in call.headers if line[0] not in _NOT_DELIVERED and line[0] != "x-amzn-trace-id"]
    target = f"{call.raw_path}?{call.query_string}" if call.query_string else call.raw_path
    text, is_base64 = bodies.carried(call) if call.body else ("", False)
    if version == "1.0":
        return {
            "raw_path": target,
            "method": call.method,
            "headers": joined(lines, ", "),
            "query_string_parameters": last(call.query),
            "body": text,
            "is_base64_encoded": is_base64,
        }
    made: Event = {
        "version": "2.0",
        "path": target,
        "method": call.method,
        "headers": multi(lines),
        "queryStringParameters": multi(call.query),
        "body": text,
        "requestContext": {
            "serviceNetworkArn": _ARN + "servicenetwork/sn-0123456789abcdef0",
            "serviceArn": _ARN + "service/svc-0123456789abcdef0",
            "targetGroupArn": _ARN + "targetgroup/tg-0123456789abcdef0",
            "identity": {"sourceVpcArn": "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0123456789abcdef0"},
            "region": "us-east-1",
            "timeEpoch": str(int(call.seconds * 1_000_000)),
        },
    }
    if is_base64:
        made["isBase64Encoded"] = True
    return made


def response(result: object) -> Wire:
    """Return the response that Lattice makes of a result.

    Raises:
        ResultError: the result breaks the format.
    """
    if not isinstance(result, dict):
        raise ResultError(f"the result must be an object, not a {type(result).__name__}")
    status = result.get("statusCode")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ResultError(f"statusCode must be an int from 200 to 599, not {status!r}")
    headers = result.get("headers") or {}
    cookies = result.get("cookies") or []
    text = result.get("body") or ""
    if not isinstance(headers, dict) or not isinstance(cookies, list) or not isinstance(text, str):
        raise ResultError("headers must be an object, cookies a list and body a string")
    lines = [*headers.items(), *(("set-cookie", cookie) for cookie in cookies)]
    for name, value in lines:
        if not isinstance(value, str):
            raise ResultError(f"header values must be strings; {name!r} has a {type(value).__name__}")
    return status, lines, bodies.uncarried(text, bool(result.get("isBase64Encoded")))
