"""Payload 1.0: REST APIs, and HTTP APIs that are set to it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from .._http import body as bodies, first, items, listed, to_lists, url
from ..errors import ResultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Event, Request, ResponseHeaders, Result, Wire
    from ._client_request import ClientRequest

LIMIT = bodies.PAYLOAD
"""Lambda's limit for a buffered response, in bytes of JSON."""


FORM = {
    "requestContext requestContext.identity": "object",
    "httpMethod path body requestContext.stage requestContext.domainName requestContext.path": "text",
    "requestContext.protocol requestContext.identity.sourceIp": "text",
    "headers queryStringParameters": "texts",
    "multiValueHeaders multiValueQueryStringParameters": "lists",
    "isBase64Encoded": "flag",
}
"""What `request` reads, and of what type it is."""


def request(event: Event) -> Request:
    """Return the request that a payload 1.0 event carries. The console's test events leave most fields null.

    Raises:
        Exception: a field is not of its type. `+ ""` is where text is made sure of.
    """
    context = event.get("requestContext") or {}
    multi = event.get("multiValueHeaders")
    single = event.get("headers")
    headers = multi or single
    domain = context.get("domainName")
    host = first(headers, "Host") or first(single, "Host") or (domain or "") + ""
    raw = event.get("path") or "/"
    if raw[0] != "/":
        raw = "/" + raw
    if event.get("version") == "1.0":
        path, raw_path, root_path = url.http_api_stage(raw, url.encode_path(raw), context.get("stage"), domain or host)
    else:
        path, raw_path, root_path = url.rest_api_stage(
            url.decode_path(raw), url.escape(raw), context.get("stage"), domain or host, context.get("path")
        )
    protocol = first(headers, "X-Forwarded-Proto") or first(single, "X-Forwarded-Proto")
    source_ip = (context.get("identity") or {}).get("sourceIp")
    return (
        (event.get("httpMethod") or "GET") + "",
        "https" if protocol == "https" else url.scheme_of(protocol, host),
        host,
        path,
        raw_path,
        root_path,
        _query_string(event),
        (context.get("protocol") or "HTTP/1.1") + "",
        items(multi, single),
        None,
        (source_ip + "", 0) if source_ip else None,
        event.get("body"),
        event.get("isBase64Encoded") or False,
    )


def _query_string(event: Event) -> str:
    # The parameters arrive decoded by form rules; how the client had encoded them, and the order of names, is lost.
    multi = event.get("multiValueQueryStringParameters")
    if multi:
        return url.encode_form(
            [
                (name, value or "")
                for name, values in multi.items()
                for value in (values if type(values) is list else listed(values)) or ("",)
            ]
        )
    single = event.get("queryStringParameters")
    return url.encode_form([(name, value or "") for name, value in single.items()]) if single else ""


def result(event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
    """Return the result that carries a response. A REST API answers 502 to any key but these."""
    return {
        "statusCode": status,
        "multiValueHeaders": to_lists(headers),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def streams(event: Event) -> bool:
    """Return whether an event is of a REST API, whose integration may stream. HTTP APIs do not stream."""
    return event.get("version") != "1.0"


def prelude(status: int, headers: ResponseHeaders, /) -> dict[str, Any]:
    """Return what a streamed response begins with.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
    """
    return {"statusCode": status, "multiValueHeaders": to_lists(headers)}


# Request headers that a REST API keeps to itself.
_NOT_DELIVERED = frozenset(
    """
    connection content-length content-md5 expect max-forwards proxy-authenticate server te trailer transfer-encoding
    upgrade www-authenticate
    """.split()  # noqa: SIM905
)
_TITLE_CASE = frozenset(
    """
    authorization host user-agent via x-amz-cf-id x-amzn-trace-id x-forwarded-for x-forwarded-port x-forwarded-proto
    """.split()  # noqa: SIM905
)
"""Request headers that a REST API spells itself. The others arrive as the client spelled them: in lower case over
HTTP/2, which browsers speak."""

_NOBODY = dict.fromkeys(
    """
    accessKey accountId caller cognitoAuthenticationProvider cognitoAuthenticationType cognitoIdentityId
    cognitoIdentityPoolId principalOrgId user userArn
    """.split()  # noqa: SIM905
)
"""What is null in `requestContext.identity` where nobody has signed a request: it is there all the same."""

_KEYS = frozenset(("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"))
_PRELUDE_KEYS = frozenset(("statusCode", "headers", "multiValueHeaders", "cookies"))


def event(call: ClientRequest, *, http_api: bool = False, binary: bool = True) -> Event:
    """Return the event that a REST API makes of a call; or an HTTP API that is set to payload 1.0.

    Args:
        call: the call; its path starts with the stage, where that has a name.
        http_api: whether it is an HTTP API.
        binary: whether `binaryMediaTypes` has the body's type. If it has not, a REST API takes the body for UTF-8, and
            bytes that are none are lost.
    """
    from dataclasses import replace
    from time import gmtime, strftime

    from ._client_request import last, multi

    if http_api:
        headers, query = call.headers, call.query
        path = call.path
        proxy = path.removeprefix(call.stage_prefix).strip("/")
    else:
        headers = [
            (name.title() if name in _TITLE_CASE else name, value)
            for name, value in call.headers
            if name not in _NOT_DELIVERED
        ]
        # A semicolon splits the query as "&" does:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
        query = replace(call, query_string=call.query_string.replace(";", "&")).query
        path = "/" + call.raw_path.removeprefix(call.stage_prefix).lstrip("/")
        proxy = path.strip("/")
    made: Event = {
        "resource": "/{proxy+}" if proxy else "/",
        "path": path,
        "httpMethod": call.method,
        "headers": last(headers),
        "multiValueHeaders": multi(headers),
        "queryStringParameters": last(query) or None,
        "multiValueQueryStringParameters": multi(query) or None,
        "pathParameters": {"proxy": proxy} if proxy else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": call.api_id,
            "deploymentId": None if http_api else "deploy",
            "domainName": call.domain,
            "domainPrefix": call.domain.partition(".")[0],
            "extendedRequestId": call.request_id,
            "httpMethod": call.method,
            "identity": {**_NOBODY, "sourceIp": call.client, "userAgent": call.user_agent},
            "path": call.raw_path,
            "protocol": "HTTP/1.1",
            "requestId": call.request_id,
            "requestTime": strftime("%d/%b/%Y:%H:%M:%S +0000", gmtime(call.seconds)),
            "requestTimeEpoch": int(call.seconds * 1000),
            "resourceId": None if http_api else "proxy0",
            "resourcePath": "/{proxy+}" if proxy else "/",
            "stage": call.stage if http_api or call.stage_prefix else "prod",
        },
        "body": None,
        "isBase64Encoded": False,
    }
    if http_api:
        made["version"] = "1.0"
    if call.body and http_api:
        made["body"], made["isBase64Encoded"] = bodies.carried(call)
    elif call.body and binary:
        from pybase64 import b64encode_as_string

        made["body"], made["isBase64Encoded"] = b64encode_as_string(call.body), True
    elif call.body:
        made["body"] = call.body.decode("utf-8", "replace")
    return made


def response(result: object, *, http_api: bool = False, binary: bool = True) -> Wire:
    """Return the response that a REST API, or an HTTP API, makes of a result.

    Args:
        result: what the function returned.
        http_api: whether it is an HTTP API, which ignores keys that it does not know.
        binary: whether the client accepts a type out of `binaryMediaTypes`. If not, base64 goes out as it is.

    Raises:
        ResultError: the result breaks the format.
    """
    if not isinstance(result, dict):
        raise ResultError(f"the result must be an object, not a {type(result).__name__}")
    if not http_api and not _KEYS.issuperset(result):
        raise ResultError(f"the result has keys that REST APIs refuse: {', '.join(sorted(set(result) - _KEYS))}")
    lines = _lines(result.get("multiValueHeaders") or {}, result.get("headers") or {})
    if all(name.lower() != "content-type" for name, _ in lines):
        lines.append(("content-type", "application/json"))
    text = result.get("body")
    if text is not None and not isinstance(text, str):
        raise ResultError(f"body must be a string, not a {type(text).__name__}")
    is_base64 = bool(result.get("isBase64Encoded")) and (binary or http_api)
    return _status(result.get("statusCode", 200)), lines, bodies.uncarried(text or "", is_base64)


def opening(prelude: object) -> Wire:
    """Return the response, as yet without a body, that a REST API makes of the prelude of a stream.

    Raises:
        ResultError: the prelude breaks the format.
    """
    if not isinstance(prelude, dict) or not _PRELUDE_KEYS.issuperset(prelude):
        raise ResultError(f"the prelude must be an object with {', '.join(sorted(_PRELUDE_KEYS))} only")
    cookies = prelude.get("cookies") or []
    if not isinstance(cookies, list):
        raise ResultError(f"cookies must be a list, not a {type(cookies).__name__}")
    status, lines, body = response({name: prelude[name] for name in prelude if name != "cookies"})
    return status, lines + [("set-cookie", _value("cookies", cookie)) for cookie in cookies], body


def _status(given: object) -> int:
    # "201" is as good as 201.
    text = str(given)
    if isinstance(given, bool) or not (text.isascii() and text.isdigit() and 200 <= int(text) <= 599):
        raise ResultError(f"statusCode must be a number from 200 to 599, not {given!r}")
    return int(text)


def _lines(multiple: object, single: object) -> list[tuple[str, str]]:
    # Both maps count. The values of the multi-value map go first, its spelling of a name wins, and a pair that is in
    # both goes out once.
    if not isinstance(multiple, dict) or not isinstance(single, dict):
        raise ResultError("headers and multiValueHeaders must be objects")
    lines: list[tuple[str, str]] = []
    spelling: dict[object, str] = {}
    for name, values in multiple.items():
        if not isinstance(values, list):
            raise ResultError(f"multiValueHeaders must have lists for values; {name!r} has a {type(values).__name__}")
        spelling[name.lower()] = name
        lines += [(name, _value(name, value)) for value in values]
    for name, value in single.items():
        line = (spelling.get(name.lower()) or name, _value(name, value))
        if line not in lines:
            lines.append(line)
    return lines


def _value(name: object, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise ResultError(f"header values must be strings; {name!r} has a {type(value).__name__}")
    return value
