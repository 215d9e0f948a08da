"""Payload 1.0: REST APIs, and HTTP APIs that are set to it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from .. import percent, stage
from ..headers import first, items, to_lists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types import Event, Request, ResponseHeaders, Result

LIMIT = 6_291_556
"""Lambda's limit for a buffered response, in bytes of JSON."""


def request(event: Event) -> Request:
    """The request that a payload 1.0 event carries. The console's test events leave most fields null."""
    context = event.get("requestContext") or {}
    multi = event.get("multiValueHeaders")
    single = event.get("headers")
    headers = multi or single
    domain = context.get("domainName")
    if event.get("version") == "1.0":
        path = event.get("path") or "/"
        path, raw_path, root_path = stage.of_http_api(path, percent.encoded(path), context.get("stage"), domain)
    else:
        raw = event.get("path") or "/"
        path, raw_path, root_path = stage.of_rest_api(
            percent.decoded(raw), percent.wire(raw), context.get("stage"), domain, context.get("path")
        )
    source_ip = (context.get("identity") or {}).get("sourceIp")
    return (
        event.get("httpMethod") or "GET",
        "http" if first(headers, "X-Forwarded-Proto") == "http" else "https",
        first(headers, "Host") or domain,
        path,
        raw_path,
        root_path,
        _query_string(event),
        context.get("protocol") or "HTTP/1.1",
        items(multi, single),
        None,
        (source_ip, 0) if source_ip else None,
        event.get("body"),
        event.get("isBase64Encoded") or False,
    )


def _query_string(event: Event) -> str:
    # The parameters arrive decoded by form rules; how the client had encoded them, and the order of names, is lost.
    multi = event.get("multiValueQueryStringParameters")
    if multi:
        return percent.form([(name, value or "") for name, values in multi.items() for value in values or ("",)])
    single = event.get("queryStringParameters")
    return percent.form([(name, value or "") for name, value in single.items()]) if single else ""


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """The result that carries a response. A REST API answers 502 to any key but these."""
    return {
        "statusCode": status,
        "multiValueHeaders": to_lists(headers),
        "body": body,
        "isBase64Encoded": is_base64,
    }
