"""Lambda@Edge: a function that makes CloudFront's response, at a viewer request or at an origin request.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-generating-http-responses-in-requests.html
"""

from __future__ import annotations

from .._http import body as bodies, first, items, listed, to_lists, url
from ..errors import BodyNotIncludedError, RequestTooLargeError, ResultError
from ._alb import DESCRIPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ..types import Event, Request, ResponseHeaders, Result, Wire
    from ._client_request import ClientRequest

# A response that has one of these is a 502 to the viewer, and no request shows them to a function.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html
_DISALLOWED = frozenset(
    """
    connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection trailer upgrade
    x-accel-buffering x-accel-charset x-accel-limit-rate x-accel-redirect x-amzn-auth x-amzn-cf-billing x-amzn-cf-id
    x-amzn-cf-xff x-amzn-errortype x-amzn-fle-profile x-amzn-header-count x-amzn-header-order
    x-amzn-lambda-integration-tag x-amzn-requestid x-cache x-forwarded-proto x-real-ip
    """.split()  # noqa: SIM905
)
_DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")
# The same 502, at one trigger or at the other.
_READ_ONLY_FOR_VIEWERS = ["content-length", "host", "transfer-encoding", "via"]
_READ_ONLY_FOR_ORIGINS = """
    accept-encoding content-length if-modified-since if-none-match if-range if-unmodified-since transfer-encoding via
    """.split()  # noqa: SIM905

_FORM = {
    "Records.0.cf.config Records.0.cf.request.body": "object",
    "Records.0.cf.request.method Records.0.cf.request.uri Records.0.cf.request.querystring": "text",
    "Records.0.cf.request.clientIp Records.0.cf.request.body.data Records.0.cf.request.body.encoding": "text",
    "Records.0.cf.config.distributionDomainName": "text",
    "Records.0.cf.request.headers": "header lines",
}


class Trigger:
    """One of the two triggers at which a function may make the response: a source each, for their limits differ.

    Args:
        event_type: "viewer-request" or "origin-request".
        limit: bytes that a result may have, and that a request's body may have before CloudFront cuts it.
        read_only: lower-case names of headers that a response must not have.
    """

    FORM = _FORM
    """What `request` reads, and of what type it is."""

    def __init__(self, event_type: str, limit: int, read_only: Collection[str]) -> None:
        self.event_type = event_type
        self.LIMIT = limit
        """For headers and body together. Bridge measures the JSON, which never has less."""
        self._refused = _DISALLOWED.union(read_only)

    def request(self, event: Event) -> Request:
        """Return the request that an event of this trigger carries.

        Raises:
            RequestTooLargeError: CloudFront has cut the body.
            BodyNotIncludedError: CloudFront is set to keep bodies from the function, and this request has one.
            Exception: a field is not of its type. `+ ""` is where text is made sure of.
        """
        cf = event["Records"][0]["cf"]
        asked = cf["request"]
        given: dict[str, Any] = asked.get("headers") or {}
        headers = {name: [line.get("value") for line in listed(lines)] for name, lines in given.items()}
        host = first(headers, "host") or ((cf.get("config") or {}).get("distributionDomainName") or "") + ""
        raw = asked.get("uri") or "/"
        client = asked.get("clientIp")
        if raw[0] != "/":
            raw = "/" + raw
        method = (asked.get("method") or "GET") + ""
        body = asked.get("body") or {}
        path = url.decode_path(raw)
        if body.get("inputTruncated"):
            raise RequestTooLargeError(
                f"{method} {raw!r}: CloudFront has cut the body after {self.LIMIT:,} bytes, "
                f"which is all that a function sees at the trigger {self.event_type}",
                method=method,
                path=path,
                client=client or "",
            )
        if not body and _says_it_has_one(headers):
            raise BodyNotIncludedError(
                f"{method} {raw!r} has a body, and the event has not, so the app would take it for empty: switch on "
                '"Include body" (IncludeBody) where the function is associated with the distribution',
                method=method,
                path=path,
                client=client or "",
            )
        return (
            method,
            # No header tells that a client could not write itself. Every distribution answers to HTTPS; a port in the
            # Host, which CloudFront's own clients need not name, is the local gateway's.
            "https" if url.server_of(host, "https")[1] == 443 else "http",
            host,
            path,
            url.escape(raw),
            "",
            (asked.get("querystring") or "") + "",
            "HTTP/1.1",
            items(headers, None),
            None,
            (client + "", 0) if client else None,
            body.get("data"),
            body.get("encoding") != "text",
        )

    def result(self, event: Event, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Result:
        """Return the result that carries a response, without the headers that CloudFront answers with a 502."""
        made: Result = {
            "status": str(status),
            "statusDescription": DESCRIPTIONS[status].partition(" ")[2],
            "headers": {
                name: [{"value": value} for value in values]
                for name, values in to_lists(headers).items()
                if not self.refuses(name)
            },
        }
        if body:
            # With status 204 even an empty one may be a 502.
            made["body"] = body
            made["bodyEncoding"] = "base64" if is_base64 else "text"
        return made

    def refuses(self, name: str) -> bool:
        """Return whether a response must not have a header of this lower-case name."""
        return name in self._refused or name.startswith(_DISALLOWED_PREFIXES)

    def event(self, call: ClientRequest) -> Event:
        """Return the event that CloudFront makes of a call, with "include body" on and all headers forwarded."""
        from pybase64 import b64encode_as_string

        from ._client_request import multi

        lines = [line for line in call.headers if not _is_hidden(line[0])]
        if self.event_type == "viewer-request":
            # What CloudFront adds, it adds after this trigger.
            sent = call.header("x-forwarded-for").rpartition(",")[0].strip()
            lines = [line for line in lines if line[0] != "x-forwarded-for"] + [("x-forwarded-for", sent)] * bool(sent)
        asked: dict[str, Any] = {
            "clientIp": call.client,
            "headers": {
                name: [{"key": name.title(), "value": value} for value in values]
                for name, values in multi(lines).items()
            },
            "method": call.method,
            "querystring": call.query_string,
            "uri": call.raw_path,
            "body": {
                "action": "read-only",
                "data": b64encode_as_string(call.body[: self.LIMIT]),
                "encoding": "base64",
                "inputTruncated": len(call.body) > self.LIMIT,
            },
        }
        if self.event_type == "origin-request":
            asked["headers"]["via"] = [{"key": "Via", "value": f"1.1 {call.domain} (CloudFront)"}]
            asked["origin"] = _ORIGIN
        config = {
            "distributionDomainName": call.domain,
            "distributionId": "EDFDVBD6EXAMPLE",
            "eventType": self.event_type,
            "requestId": call.request_id,
        }
        return {"Records": [{"cf": {"config": config, "request": asked}}]}

    def response(self, result: object) -> Wire:
        """Return the response that CloudFront makes of a result.

        Raises:
            ResultError: the result breaks the format, or is a request for the origin, which there is none of here.
        """
        if not isinstance(result, dict):
            raise ResultError(f"the result must be an object, not a {type(result).__name__}")
        if "status" not in result:
            raise ResultError("the result has no status, so CloudFront would ask the origin, and here is none")
        status = result["status"]
        if not isinstance(status, str) or not (status.isascii() and status.isdigit() and 200 <= int(status) <= 599):
            raise ResultError(f'status must be a string from "200" to "599", not {status!r}')
        text, encoding = result.get("body") or "", result.get("bodyEncoding", "text")
        if not isinstance(text, str) or encoding not in ("text", "base64"):
            raise ResultError('body must be a string and bodyEncoding "text" or "base64"')
        if text and status == "204" and self.event_type == "viewer-request":
            raise ResultError("status 204 must not have a body at a viewer request")
        lines = _response_lines(result.get("headers") or {})
        for name, _ in lines:
            if self.refuses(name.lower()):
                raise ResultError(f"CloudFront refuses responses that have the header {name!r}")
        return int(status), lines, bodies.uncarried(text, encoding == "base64")


_ORIGIN = {
    "custom": {
        "customHeaders": {},
        "domainName": "example.org",
        "keepaliveTimeout": 5,
        "path": "",
        "port": 443,
        "protocol": "https",
        "readTimeout": 30,
        "sslProtocols": ["TLSv1.2"],
    }
}
"""An origin as an event of `ORIGIN_REQUEST` has it."""

VIEWER_REQUEST = Trigger("viewer-request", 40 * 1024, _READ_ONLY_FOR_VIEWERS)
ORIGIN_REQUEST = Trigger("origin-request", 1024 * 1024, _READ_ONLY_FOR_ORIGINS)


def trigger(cf: Any) -> Trigger | None:
    """Return the trigger that sent an event with this `cf`; None: one of the two at which a response is there already.

    An event that does not say is taken for a viewer request, whose limits hold at an origin request as well.
    """
    if not isinstance(cf, dict) or not isinstance(cf.get("request"), dict) or "response" in cf:
        return None
    config = cf.get("config") or {}
    event_type = config.get("eventType") if isinstance(config, dict) else None
    if event_type in ("origin-response", "viewer-response"):
        return None
    return ORIGIN_REQUEST if event_type == "origin-request" else VIEWER_REQUEST


def _says_it_has_one(headers: dict[str, list[Any]]) -> bool:
    # A body without a length comes in chunks; CloudFront takes the coding off, and may show the header all the same.
    length = first(headers, "content-length") or ""
    return (length.isdigit() and int(length) > 0) or first(headers, "transfer-encoding") is not None


def _is_hidden(name: str) -> bool:
    return name in _DISALLOWED or name.startswith((*_DISALLOWED_PREFIXES, "x-forwarded-port", "x-amzn-trace-id"))


def _response_lines(headers: object) -> list[tuple[str, str]]:
    if not isinstance(headers, dict):
        raise ResultError(f"headers must be an object, not a {type(headers).__name__}")
    lines: list[tuple[str, str]] = []
    for name, given in headers.items():
        if not isinstance(given, list) or not all(
            isinstance(line, dict)
            and isinstance(line.get("value"), str)
            and isinstance(line.get("key"), (str, type(None)))
            for line in given
        ):
            raise ResultError(f'headers must have lists of {{"key": ..., "value": ...}}, all of them texts: {name!r}')
        lines += [(line.get("key") or name, line["value"]) for line in given]
    return lines
