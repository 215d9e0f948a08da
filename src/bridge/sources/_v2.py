"""Payload 2.0: HTTP APIs and function URLs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from .._http import COOKIES, SINGLE, body as bodies, url
from .._http.url import PLAIN_PATH
from ..errors import ResultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Event, Request, ResponseHeaders, Result, Wire
    from ._client_request import ClientRequest

LIMIT = bodies.PAYLOAD
"""Lambda's limit for a buffered response, in bytes of JSON."""


FORM = {
    "requestContext requestContext.http": "object",
    "rawPath rawQueryString body requestContext.stage requestContext.domainName": "text",
    "requestContext.http.method requestContext.http.path requestContext.http.protocol": "text",
    "requestContext.http.sourceIp": "text",
    "headers": "texts",
    "cookies": "list",
    "isBase64Encoded": "flag",
}
"""What `request` reads, and of what type it is."""

_PROTOCOL = "x-forwarded-proto"


def request(event: Event) -> Request:
    """Return the request that a payload 2.0 event carries.

    Raises:
        Exception: a field is not of its type. `+ ""` is where text is made sure of.
    """
    try:
        context = event["requestContext"]
        http = context["http"]
        path = event["rawPath"] or http["path"] or "/"
        try:
            raw_path = path.encode()
        except UnicodeEncodeError:
            raw_path = path.encode("utf-8", "surrogatepass")
        if path != http["path"] or raw_path.translate(PLAIN_PATH) != raw_path or path[0] != "/":
            path, raw_path = _paths(path, http["path"], context)
        headers = event["headers"] or {}
        host = headers.get("host")
        if not host:
            # AWS sends names in lower case, emulators (SAM CLI) as the client or their server writes them.
            headers = {name.lower(): value for name, value in headers.items()}
            host = headers.get("host") or (context["domainName"] or "") + ""
        root_path = ""
        if context["stage"] != "$default":
            domain = context["domainName"] or host
            path, raw_path, root_path = url.http_api_stage(path, raw_path, context["stage"], domain)
        cookies = event.get("cookies")
        cookie = None
        if cookies:
            if type(cookies) is not list:
                raise TypeError("cookies")  # text would be joined too, letter by letter
            cookie = "; ".join(cookies)
            # HTTP APIs move the cookies out of `headers`, function URLs leave them there as well.
            if "cookie" in headers:
                headers = _with_cookie(headers, cookie)
                cookie = None
        source_ip = http["sourceIp"]
        return (
            (http["method"] or "GET") + "",
            "https" if headers.get(_PROTOCOL) == "https" else url.scheme_of(headers.get(_PROTOCOL), host),
            host + "",
            path,
            raw_path,
            root_path,
            (event["rawQueryString"] or "") + "",
            (http["protocol"] or "HTTP/1.1") + "",
            headers.items(),
            cookie,
            (source_ip + "", 0) if source_ip else None,
            event.get("body"),
            event["isBase64Encoded"] or False,
        )
    except KeyError:
        completed = _completed(event)
    return request(completed)


def _with_cookie(headers: dict[str, str], cookie: str) -> dict[str, str]:
    # Where list and header differ, it is an emulator (serverless-offline), and the header has lost some.
    return headers if headers["cookie"] == cookie else {**headers, "cookie": cookie}


_ALWAYS = dict.fromkeys(("headers", "rawPath", "rawQueryString", "isBase64Encoded"))
_ALWAYS_IN_CONTEXT = dict.fromkeys(("domainName", "stage"))
_ALWAYS_IN_HTTP = dict.fromkeys(("method", "path", "protocol", "sourceIp"))


def _completed(event: Event) -> Event:
    """Return an event with null for each field it lacks that AWS always sends: emulators and tests leave fields out."""
    context = event["requestContext"]
    http = {**_ALWAYS_IN_HTTP, **context["http"]}
    return {**_ALWAYS, **event, "requestContext": {**_ALWAYS_IN_CONTEXT, **context, "http": http}}


def _paths(raw: str, decoded: str | None, context: dict[str, Any]) -> tuple[str, bytes]:
    # AWS always sends the slash. Events of tests and emulators may lack it.
    if raw[0] != "/":
        raw = "/" + raw
    # A function URL sends rawPath as it came and http.path decoded; an HTTP API sends both decoded. The plugin
    # serverless-offline sends both as they came.
    if context.get("apiId") == "offlineContext_apiId":
        return url.decode_path(raw), url.escape(raw)
    # Emulators leave http.path out. Two equal paths are an HTTP API's, or have nothing to decode.
    if decoded is None or raw == decoded:
        return raw, url.encode_path(raw)
    path = url.decode_path(raw)
    if path != decoded and decoded.endswith(raw):
        # Both decoded, and only http.path has a custom domain's mapping in front.
        return raw, url.encode_path(raw)
    return path, url.escape(raw)


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """Return the result that carries a response: one string per header, and cookies apart, one line each."""
    result: Result = {"statusCode": status, "headers": headers[SINGLE], "body": body, "isBase64Encoded": is_base64}
    if headers[COOKIES]:
        result["cookies"] = headers[COOKIES]
    return result


def streams(event: Event) -> bool:
    """Return whether an event is of a function URL, which may be set to RESPONSE_STREAM. HTTP APIs do not stream."""
    return ".lambda-url." in (event["requestContext"].get("domainName") or "")


def prelude(status: int, headers: ResponseHeaders, /) -> dict[str, Any]:
    """Return what a streamed response begins with: what a result has, without its body.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
    """
    head: dict[str, Any] = {"statusCode": status, "headers": headers[SINGLE]}
    if headers[COOKIES]:
        head["cookies"] = headers[COOKIES]
    return head


_TLS = {"x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256", "x-amzn-tls-version": "TLSv1.3"}
"""What a function URL says of the client's connection, which always has TLS."""


def event(call: ClientRequest, *, function_url: bool = False) -> Event:
    """Return the event that an HTTP API, or a function URL, makes of a call."""
    from time import gmtime, strftime

    from ._client_request import joined

    path = call.path.partition("?")[0]  # an HTTP API cuts the path at a "?" that it has decoded
    cookies = [cookie for name, value in call.headers if name == "cookie" for cookie in value.split("; ")]
    headers = joined([line for line in call.headers if line[0] != "cookie"], ",")
    if function_url:
        headers |= {**_TLS, "cookie": "; ".join(cookies)} if cookies else _TLS
    query = joined(call.query, ",")
    made: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": call.raw_path if function_url else path,
        "rawQueryString": call.query_string,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous" if function_url else "123456789012",
            "apiId": call.api_id,
            "domainName": call.domain,
            "domainPrefix": call.domain.partition(".")[0],
            "http": {
                "method": call.method,
                "path": call.path if function_url else path,
                "protocol": "HTTP/1.1",
                "sourceIp": call.client,
                "userAgent": call.user_agent,
            },
            "requestId": call.request_id,
            "routeKey": "$default",
            "stage": call.stage,
            "time": strftime("%d/%b/%Y:%H:%M:%S +0000", gmtime(call.seconds)),
            "timeEpoch": int(call.seconds * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        made["cookies"] = cookies
    if query:
        made["queryStringParameters"] = query
    if call.body:
        made["body"], made["isBase64Encoded"] = bodies.carried(call)
    return made


def response(result: object) -> Wire:
    """Return the response that an HTTP API, or a function URL, makes of a result.

    Whatever has no `statusCode` is the body itself, as JSON.

    Raises:
        ResultError: the result breaks the format.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        from json import dumps

        text = result if isinstance(result, str) else dumps(result, ensure_ascii=False)
        return 200, [("content-type", "application/json")], text.encode("utf-8", "replace")
    status = result["statusCode"]
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ResultError(f"statusCode must be an int from 200 to 599, not {status!r}")
    headers = result.get("headers") or {}
    cookies = result.get("cookies") or []
    text = result.get("body") or ""
    if not isinstance(headers, dict) or not isinstance(cookies, list) or not isinstance(text, str):
        raise ResultError("headers must be an object, cookies a list and body a string")
    lines = [(name, value if isinstance(value, str) else str(value)) for name, value in headers.items()]
    lines += [("set-cookie", str(cookie)) for cookie in cookies]
    return status, lines, bodies.uncarried(text, bool(result.get("isBase64Encoded")))


_PRELUDE_KEYS = frozenset(("statusCode", "headers", "cookies"))


def opening(prelude: object) -> Wire:
    """Return the response, as yet without a body, that a function URL makes of the prelude of a stream.

    Raises:
        ResultError: the prelude breaks the format.
    """
    if not isinstance(prelude, dict) or not _PRELUDE_KEYS.issuperset(prelude):
        raise ResultError(f"the prelude must be an object with {', '.join(sorted(_PRELUDE_KEYS))} only")
    return response({"statusCode": 200, **prelude})
