"""Payload 2.0: HTTP APIs and function URLs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from .. import percent, stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Event, Request, ResponseHeaders, Result

LIMIT = 6_291_556
"""Lambda's limit for a buffered response, in bytes of JSON."""


def request(event: Event) -> Request:
    """The request that a payload 2.0 event carries."""
    context = event["requestContext"]
    http = context["http"]
    headers = event.get("headers") or {}
    path = event.get("rawPath") or http.get("path") or "/"
    raw_path = path.encode("utf-8", "surrogatepass")
    if path != http.get("path") or raw_path.translate(None, percent.PATH):
        path, raw_path = _paths(path, http.get("path"))
    root_path = ""
    if context.get("stage") != "$default":
        path, raw_path, root_path = stage.of_http_api(path, raw_path, context.get("stage"), context.get("domainName"))
    # HTTP APIs move the cookies out of `headers`; function URLs leave them there as well.
    cookies = event.get("cookies") if "cookie" not in headers else None
    source_ip = http.get("sourceIp")
    return (
        http.get("method") or "GET",
        "http" if headers.get("x-forwarded-proto") == "http" else "https",
        headers.get("host") or context.get("domainName"),
        path,
        raw_path,
        root_path,
        event.get("rawQueryString") or "",
        http.get("protocol") or "HTTP/1.1",
        headers.items(),
        "; ".join(cookies) if cookies else None,
        (source_ip, 0) if source_ip else None,
        event.get("body"),
        event.get("isBase64Encoded") or False,
    )


def _paths(raw: str, decoded: str | None) -> tuple[str, bytes]:
    # A function URL sends rawPath as it came and http.path decoded; an HTTP API sends both decoded.
    if decoded is None or raw == decoded:
        return raw, percent.encoded(raw)
    path = percent.decoded(raw)
    if path != decoded and decoded.endswith(raw):
        # Both decoded, and only http.path has a custom domain's mapping in front.
        return raw, percent.encoded(raw)
    return path, percent.wire(raw)


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """The result that carries a response: one string per header, and cookies apart, one line each."""
    result: Result = {"statusCode": status, "headers": headers[0], "body": body, "isBase64Encoded": is_base64}
    if headers[1]:
        result["cookies"] = headers[1]
    return result
