"""What each source makes of a client's request, and what the client gets of the function's result.

One function per source takes a request as it is on the wire (path and query percent-encoded, headers line by line, the
body in bytes) and returns the event. `reply` goes the other way, and is as strict as the source.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote

Event: TypeAlias = dict[str, Any]
Lines: TypeAlias = Sequence[tuple[str, str]]

EXECUTE_API = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
CUSTOM_DOMAIN = "api.example.com"
FUNCTION_URL = "u1v2w3x4y5.lambda-url.eu-central-1.on.aws"
LOAD_BALANCER = "lb-1234567890.eu-central-1.elb.amazonaws.com"
CLIENT = "203.0.113.7"


def rest_api(
    method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"", *, stage: str, domain: str
) -> Event:
    """REST API that has `BinaryMediaTypes`: path encoded, query decoded, stage taken out, no Content-Length."""
    lines = [*_gateway_lines(domain), *(line for line in headers if line[0].lower() != "content-length")]
    return {
        "resource": "/{proxy+}",
        "httpMethod": method,
        "path": path,
        **_both(lines, parse_qsl(query, keep_blank_values=True)),
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "httpMethod": method,
            "path": f"/{stage}{path}" if domain == EXECUTE_API else path,
            "protocol": "HTTP/1.1",
            "stage": stage,
            "domainName": domain,
            "identity": {"sourceIp": CLIENT, "userAgent": None},
        },
        **(_body(headers, body) or {"body": None, "isBase64Encoded": False}),
    }


def http_api_v1(
    method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"", *, stage: str, domain: str
) -> Event:
    """HTTP API with payload 1.0: path and query decoded, a named stage in the path."""
    path = _below_stage(stage, path)
    return {
        "version": "1.0",
        "resource": "/{proxy+}",
        "httpMethod": method,
        "path": path,
        **_both([*_gateway_lines(domain), *headers], parse_qsl(query, keep_blank_values=True)),
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "httpMethod": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "stage": stage,
            "domainName": domain,
            "identity": {"sourceIp": CLIENT, "userAgent": None},
        },
        **(_body(headers, body) or {"body": None, "isBase64Encoded": False}),
    }


def http_api_v2(
    method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"", *, stage: str, domain: str
) -> Event:
    """HTTP API with payload 2.0: path decoded, a named stage in it, query as it came, cookies apart."""
    path = _below_stage(stage, path)
    event = _payload_v2(method, path, path, query, headers, body, stage, domain)
    event["headers"].pop("cookie", None)
    return event


def function_url(
    method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"", *, stage: str, domain: str
) -> Event:
    """Function URL: `rawPath` encoded, `http.path` decoded, cookies apart and in the headers as well."""
    event = _payload_v2(method, path, unquote(path), query, headers, body, stage, domain)
    event["requestContext"] |= {"accountId": "anonymous", "authorizer": None, "authentication": None}
    return event


def alb_single(
    method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"", *, stage: str, domain: str
) -> Event:
    """Load balancer with single-value headers: path and query as they came; of what repeats, the last."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:tg/a/b"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": dict(_undecoded(query)),
        "headers": dict(_lower([*headers, *_gateway_lines(domain)])),
        **(_body(headers, body) or {"body": "", "isBase64Encoded": False}),
    }


def alb_multi(
    method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"", *, stage: str, domain: str
) -> Event:
    """Load balancer with multi-value headers: path and query as they came."""
    event = alb_single(method, path, query, headers, body, stage=stage, domain=domain)
    del event["headers"], event["queryStringParameters"]
    event["multiValueHeaders"] = _lists(_lower([*headers, *_gateway_lines(domain)]))
    event["multiValueQueryStringParameters"] = _lists(_undecoded(query))
    return event


def _payload_v2(
    method: str, raw_path: str, path: str, query: str, headers: Lines, body: bytes, stage: str, domain: str
) -> Event:
    lines = _lists(_lower([*headers, *_gateway_lines(domain)]))
    cookies = "; ".join(lines.get("cookie", []))
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": query,
        **({"cookies": cookies.split("; ")} if cookies else {}),
        "headers": {name: cookies if name == "cookie" else ",".join(values) for name, values in lines.items()},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": CLIENT, "userAgent": "curl"},
            "domainName": domain,
            "stage": stage,
        },
        **(_body(headers, body) or {"isBase64Encoded": False}),
    }


def _gateway_lines(domain: str) -> Lines:
    return [("Host", domain), ("X-Forwarded-For", CLIENT), ("X-Forwarded-Port", "443"), ("X-Forwarded-Proto", "https")]


def _below_stage(stage: str, path: str) -> str:
    return unquote(path) if stage == "$default" else f"/{stage}{unquote(path)}"


def _both(headers: Lines, query: Lines) -> Event:
    return {
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _lists(query) or None,
    }


def _body(headers: Lines, body: bytes) -> Event:
    if not body:
        return {}
    content_type = dict(_lower(headers)).get("content-type", "")
    if content_type.startswith(("text/", "application/json", "application/javascript", "application/xml")):
        return {"body": body.decode(), "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _lists(lines: Lines) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in lines:
        lists.setdefault(name, []).append(value)
    return lists


def _lower(lines: Lines) -> Lines:
    return [(name.lower(), value) for name, value in lines]


def _undecoded(query: str) -> Lines:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


@dataclass(frozen=True)
class Reply:
    """A response as the client gets it. Names of headers are in lower case; each line is one item."""

    status: int
    lines: Lines
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.lines)

    @property
    def cookies(self) -> list[str]:
        return [value for name, value in self.lines if name == "set-cookie"]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def payload_v1_reply(result: Event) -> Reply:
    """REST and payload 1.0: 502 for any other key, and for lists that are none."""
    assert result.keys() <= {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
    return _reply(result, [*_flat(result["multiValueHeaders"]), *result.get("headers", {}).items()])


def payload_v2_reply(result: Event) -> Reply:
    """Payload 2.0: cookies apart."""
    assert result.keys() <= {"statusCode", "headers", "cookies", "body", "isBase64Encoded"}
    assert "set-cookie" not in result["headers"]
    return _reply(
        result, [*result["headers"].items(), *(("set-cookie", cookie) for cookie in result.get("cookies", []))]
    )


def alb_single_reply(result: Event) -> Reply:
    """Load balancer: headers in single values only."""
    assert result.keys() <= {"statusCode", "statusDescription", "headers", "body", "isBase64Encoded"}
    return _reply(result, list(result["headers"].items()))


def alb_multi_reply(result: Event) -> Reply:
    """Load balancer: headers in lists only."""
    assert result.keys() <= {"statusCode", "statusDescription", "multiValueHeaders", "body", "isBase64Encoded"}
    return _reply(result, _flat(result["multiValueHeaders"]))


def _flat(lists: dict[str, list[str]]) -> Lines:
    assert all(isinstance(values, list) for values in lists.values())
    return [(name, value) for name, values in lists.items() for value in values]


def _reply(result: Event, lines: Lines) -> Reply:
    assert json.loads(json.dumps(result)) == result
    assert type(result["statusCode"]) is int
    assert all(type(value) is str for _, value in lines)
    body: str = result["body"]
    decoded = base64.b64decode(body, validate=True) if result["isBase64Encoded"] else body.encode()
    return Reply(result["statusCode"], _lower(lines), decoded)


@dataclass(frozen=True)
class Source:
    """A way to reach the function.

    Attributes:
        prefix: what the client's URL has in front of the app's path.
        repeats: whether all values of a repeated query parameter arrive.
    """

    name: str
    make_event: Callable[..., Event]
    reply: Callable[[Event], Reply]
    domain: str
    stage: str = "$default"
    prefix: str = ""
    repeats: bool = True

    def event(self, method: str, path: str, query: str = "", headers: Lines = (), body: bytes = b"") -> Event:
        return self.make_event(method, path, query, headers, body, stage=self.stage, domain=self.domain)

    def url(self, path: str) -> str:
        """The URL in the client's address bar."""
        return f"https://{self.domain}{self.prefix}{path}"


REST = Source("rest", rest_api, payload_v1_reply, EXECUTE_API, "prod", "/prod")
HTTP_V2 = Source("http-2.0", http_api_v2, payload_v2_reply, EXECUTE_API)
HTTP_V2_STAGE = Source("http-2.0-stage", http_api_v2, payload_v2_reply, EXECUTE_API, "dev", "/dev")
SOURCES = [
    REST,
    Source("rest-domain", rest_api, payload_v1_reply, CUSTOM_DOMAIN, "prod"),
    Source("http-1.0", http_api_v1, payload_v1_reply, EXECUTE_API),
    Source("http-1.0-stage", http_api_v1, payload_v1_reply, EXECUTE_API, "dev", "/dev"),
    HTTP_V2,
    HTTP_V2_STAGE,
    Source("http-2.0-domain", http_api_v2, payload_v2_reply, CUSTOM_DOMAIN, "dev"),
    Source("function-url", function_url, payload_v2_reply, FUNCTION_URL),
    Source("alb-single", alb_single, alb_single_reply, LOAD_BALANCER, repeats=False),
    Source("alb-multi", alb_multi, alb_multi_reply, LOAD_BALANCER),
]
