"""One HTTP request, and the four events that carry it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

DOMAIN = "abc123.execute-api.us-east-1.amazonaws.com"

HEADERS = (
    ("accept", "*/*"),
    ("accept-encoding", "gzip, br"),
    ("accept-language", "en"),
    ("content-type", "application/json"),
    ("host", DOMAIN),
    ("sec-fetch-mode", "cors"),
    ("user-agent", "curl/8.5.0"),
    ("x-amzn-trace-id", "Root=1-5e66d96f-7491f09xmpl79d18acf3d050"),
    ("x-custom", "value"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-port", "443"),
    ("x-forwarded-proto", "https"),
)


@dataclass(frozen=True)
class Request:
    """A request as a client sends it."""

    method: str = "GET"
    path: str = "/items/42"
    query: tuple[tuple[str, str], ...] = (("a", "1"), ("b", "2"))
    headers: tuple[tuple[str, str], ...] = HEADERS
    cookies: tuple[str, ...] = ("s=1", "t=2")
    body: bytes = b""
    binary: bool = False

    @property
    def query_string(self) -> str:
        """The query parameters as they stand in the URL."""
        return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in self.query)

    def carried_body(self) -> dict[str, Any]:
        """The fields of an event that carry the body."""
        if not self.body:
            return {"body": None, "isBase64Encoded": False}
        text = base64.b64encode(self.body).decode() if self.binary else self.body.decode()
        return {"body": text, "isBase64Encoded": self.binary}

    def lines(self) -> dict[str, str]:
        """The header lines, with the body's length where there is a body, and without the cookies."""
        length = {"content-length": str(len(self.body))} if self.body else {}
        return dict(self.headers) | length


def http_api(request: Request) -> dict[str, Any]:
    """The event of an HTTP API, payload 2.0. The cookies stand apart from the headers."""
    event = _payload_2(request, DOMAIN, request.lines())
    return event if request.body else {key: value for key, value in event.items() if key != "body"}


def function_url(request: Request) -> dict[str, Any]:
    """The event of a function URL: payload 2.0 too, but the cookies stand in the headers as well."""
    domain = "abc123.lambda-url.us-east-1.on.aws"
    lines = request.lines() | {"host": domain}
    if request.cookies:
        lines["cookie"] = "; ".join(request.cookies)
    event = _payload_2(request, domain, lines)
    return event if request.body else {key: value for key, value in event.items() if key != "body"}


def _payload_2(request: Request, domain: str, headers: dict[str, str]) -> dict[str, Any]:
    cookies = {"cookies": list(request.cookies)} if request.cookies else {}
    parameters = {"queryStringParameters": dict(request.query)} if request.query else {}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query_string,
        **cookies,
        "headers": headers,
        **parameters,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": domain,
            "domainPrefix": "abc123",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        **request.carried_body(),
    }


def rest_api(request: Request) -> dict[str, Any]:
    """The event of a REST API, payload 1.0. It has no Content-Length, and the stage is not in its path."""
    lines = {name.title(): value for name, value in request.headers}
    if request.cookies:
        lines["Cookie"] = "; ".join(request.cookies)
    return {
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": lines,
        "multiValueHeaders": {name: [value] for name, value in lines.items()},
        "queryStringParameters": dict(request.query) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in request.query} or None,
        "pathParameters": {"proxy": request.path[1:]},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": DOMAIN,
            "domainPrefix": "abc123",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "httpMethod": request.method,
            "identity": {"accessKey": None, "sourceIp": "203.0.113.7", "user": None, "userAgent": "curl/8.5.0"},
            "path": "/prod" + request.path,
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "12/Mar/2020:19:03:58 +0000",
            "requestTimeEpoch": 1583348638390,
            "resourceId": "123456",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        **request.carried_body(),
    }


def load_balancer(request: Request) -> dict[str, Any]:
    """The event of an Application Load Balancer with single-value headers, its default."""
    lines = request.lines()
    if request.cookies:
        lines["cookie"] = "; ".join(request.cookies)
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lambda/49e9d65c45c6791a"
    return {
        "requestContext": {"elb": {"targetGroupArn": arn}},
        "httpMethod": request.method,
        "path": request.path,
        "queryStringParameters": {quote_plus(name): quote_plus(value) for name, value in request.query},
        "headers": lines,
        **request.carried_body(),
        "body": request.carried_body()["body"] or "",
    }


SOURCES = {
    "HTTP API 2.0": http_api,
    "REST API 1.0": rest_api,
    "function URL": function_url,
    "ALB": load_balancer,
}
"""The events that carry a request, by the name of what sends them."""


def payload(source: str, request: Request) -> bytes:
    """The event as Lambda's runtime receives it."""
    return json.dumps(SOURCES[source](request)).encode()
