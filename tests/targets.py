"""The six ways from a client to a function and back, as AWS goes them: one `Target` each. And one that is not AWS's.

A target makes an event of what a client sends and shows what the client gets for a result, strictly: a result that the
target would refuse fails the test. Nothing here is taken from Bridge, so the two check each other.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

Event: TypeAlias = dict[str, Any]
Lines: TypeAlias = list[tuple[str, str]]

CLIENT = "203.0.113.7"
TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request, as the client puts it on the wire."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response, as the client gets it off the wire."""

    status: int
    lines: Lines
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for other, value in self.lines if other.lower() == name]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One way in and out."""

    name: str
    host: str
    scheme: str
    event: Callable[[Sent], Event]
    answer: Callable[[dict[str, Any]], Answer]
    repeats: Literal["lines", "joined", "last"]
    """What becomes of a request header that is sent twice."""
    query: Literal["raw", "decoded", "last"]
    """How the query arrives: as it was sent, decoded, or with the last value of each name only."""
    path_encoded: bool
    """Whether the path arrives as it was sent; `%2F` and `/` are one on the others."""


def last(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    return dict(items)


def lists(items: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in items:
        found.setdefault(name, []).append(value)
    return found


def joined(items: Iterable[tuple[str, str]], separator: str = ",") -> dict[str, str]:
    return {name: separator.join(values) for name, values in lists(items).items()}


def lines_of(multiple: dict[str, list[str]]) -> Lines:
    assert all(isinstance(values, list) for values in multiple.values())
    return [(name, value) for name, values in multiple.items() for value in values]


def packed(body: bytes, content_type: str) -> tuple[str, bool]:
    if content_type.startswith("text/") or content_type.partition(";")[0] in TEXT_TYPES:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def unpacked(result: dict[str, Any]) -> bytes:
    assert isinstance(result["body"], str)
    assert isinstance(result["isBase64Encoded"], bool)
    if result["isBase64Encoded"]:
        return base64.b64decode(result["body"], validate=True)
    return result["body"].encode()


def checked(result: dict[str, Any], *keys: str) -> dict[str, Any]:
    assert set(result) <= {"statusCode", "body", "isBase64Encoded", *keys}
    assert isinstance(result["statusCode"], int)
    values = [value for _, value in (result.get("headers") or {}).items()]
    assert all(isinstance(value, str) for value in values)
    return result


def _forwarded(host: str, scheme: str) -> Lines:
    port = "443" if scheme == "https" else "80"
    return [("host", host), ("x-forwarded-for", CLIENT), ("x-forwarded-proto", scheme), ("x-forwarded-port", port)]


REST_HOST = "r3st4p1abc.execute-api.eu-central-1.amazonaws.com"
HTTP_HOST = "h77p4p1abc.execute-api.eu-central-1.amazonaws.com"
URL_HOST = "u7l1dxyz.lambda-url.eu-central-1.on.aws"
ALB_HOST = "probe-1234567890.eu-central-1.elb.amazonaws.com"
YANDEX_HOST = "d5d0example.apigw.yandexcloud.net"


def _v1(sent: Sent, headers: Lines, host: str, path: str, body: str | None, is_base64: bool) -> Event:
    query = parse_qsl(sent.query, keep_blank_values=True)
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": sent.method,
        "headers": last(headers),
        "multiValueHeaders": lists(headers),
        "queryStringParameters": last(query) or None,
        "multiValueQueryStringParameters": lists(query) or None,
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "domainName": host,
            "httpMethod": sent.method,
            "identity": {"sourceIp": CLIENT, "userAgent": sent.header("user-agent")},
            "protocol": "HTTP/1.1",
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }


def rest_event(sent: Sent) -> Event:
    """A REST API, stage prod, with `*/*` among its binaryMediaTypes: bodies come as base64."""
    forwarded = [(name.title(), value) for name, value in _forwarded(REST_HOST, "https")]
    headers = [*((name, value) for name, value in sent.headers if name != "content-length"), *forwarded]
    body = base64.b64encode(sent.body).decode() if sent.body else None
    event = _v1(sent, headers, REST_HOST, sent.path, body, body is not None)
    event["requestContext"].update(stage="prod", path="/prod" + sent.path)
    return event


def http_api_1_0_event(sent: Sent) -> Event:
    headers = [*sent.headers, *_forwarded(HTTP_HOST, "https")]
    body, is_base64 = packed(sent.body, sent.header("content-type")) if sent.body else (None, False)
    event = _v1(sent, headers, HTTP_HOST, unquote(sent.path), body, is_base64)
    event["version"] = "1.0"
    event["requestContext"].update(stage="$default", path=unquote(sent.path))
    return event


def _v2(sent: Sent, host: str, raw_path: str, headers: dict[str, str], cookies: list[str]) -> Event:
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": sent.query,
        "headers": headers,
        "requestContext": {
            "domainName": host,
            "http": {
                "method": sent.method,
                "path": unquote(sent.path),
                "protocol": "HTTP/1.1",
                "sourceIp": CLIENT,
                "userAgent": sent.header("user-agent"),
            },
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if sent.body:
        event["body"], event["isBase64Encoded"] = packed(sent.body, sent.header("content-type"))
    return event


def _cookies(sent: Sent) -> list[str]:
    return [cookie for name, value in sent.headers if name == "cookie" for cookie in value.split("; ")]


def http_api_event(sent: Sent) -> Event:
    headers = [line for line in sent.headers if line[0] != "cookie"]
    return _v2(sent, HTTP_HOST, unquote(sent.path), joined([*headers, *_forwarded(HTTP_HOST, "https")]), _cookies(sent))


def function_url_event(sent: Sent) -> Event:
    cookies = _cookies(sent)
    headers = joined([*sent.headers, *_forwarded(URL_HOST, "https")])
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    return _v2(sent, URL_HOST, sent.path, headers, cookies)


def _alb(sent: Sent) -> Event:
    body, is_base64 = packed(sent.body, sent.header("content-type")) if sent.body else ("", False)
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/p/0"}},
        "httpMethod": sent.method,
        "path": sent.path,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _alb_query(sent: Sent) -> Lines:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in sent.query.split("&")) if name]


def alb_event(sent: Sent) -> Event:
    headers = [*sent.headers, *_forwarded(ALB_HOST, "http")]
    return {**_alb(sent), "queryStringParameters": last(_alb_query(sent)), "headers": last(headers)}


def alb_multi_event(sent: Sent) -> Event:
    headers = [*sent.headers, *_forwarded(ALB_HOST, "http")]
    return {
        **_alb(sent),
        "multiValueQueryStringParameters": lists(_alb_query(sent)),
        "multiValueHeaders": lists(headers),
    }


def yandex_event(sent: Sent) -> Event:
    """Yandex API Gateway, payload format 0.1: https://yandex.cloud/en/docs/api-gateway/concepts/extensions/cloud-functions."""
    headers = [(name.title(), value) for name, value in [*sent.headers, ("host", YANDEX_HOST)]]
    query = parse_qsl(sent.query, keep_blank_values=True)
    return {
        "httpMethod": sent.method,
        "url": f"{sent.path}?{sent.query}",
        "path": "/{proxy+}",
        "headers": last(headers),
        "multiValueHeaders": lists(headers),
        "queryStringParameters": last(query),
        "multiValueQueryStringParameters": lists(query),
        "params": {"proxy": sent.path[1:]},
        "multiValueParams": {"proxy": [sent.path[1:]]},
        "pathParams": {"proxy": sent.path[1:]},
        "requestContext": {
            "identity": {"sourceIp": CLIENT, "userAgent": sent.header("user-agent")},
            "httpMethod": sent.method,
            "requestId": "e117d237-a232-47d9-a3df-4c175049f158",
            "requestTime": "17/Sep/2026:04:19:34 +0000",
            "requestTimeEpoch": 1789618774,
        },
        "body": base64.b64encode(sent.body).decode(),
        "isBase64Encoded": True,
    }


def v1_answer(result: dict[str, Any]) -> Answer:
    """A REST API answers 502 to any other key; its `headers` repeat what `multiValueHeaders` has."""
    checked(result, "headers", "multiValueHeaders")
    lines = lines_of(result["multiValueHeaders"]) + list(result.get("headers", {}).items())
    return Answer(status=result["statusCode"], lines=lines, body=unpacked(result))


def v2_answer(result: dict[str, Any]) -> Answer:
    checked(result, "headers", "cookies")
    lines = list(result["headers"].items())
    assert "set-cookie" not in {name.lower() for name, _ in lines}
    lines += [("set-cookie", cookie) for cookie in result.get("cookies", [])]
    return Answer(status=result["statusCode"], lines=lines, body=unpacked(result))


def _alb_answer(result: dict[str, Any], lines: Lines) -> Answer:
    assert result["statusDescription"].startswith(f"{result['statusCode']} ")
    return Answer(status=result["statusCode"], lines=lines, body=unpacked(result))


def alb_answer(result: dict[str, Any]) -> Answer:
    checked(result, "headers", "statusDescription")
    return _alb_answer(result, list(result["headers"].items()))


def alb_multi_answer(result: dict[str, Any]) -> Answer:
    checked(result, "multiValueHeaders", "statusDescription")
    return _alb_answer(result, lines_of(result["multiValueHeaders"]))


TARGETS = [
    Target(
        name="rest",
        host=REST_HOST,
        scheme="https",
        event=rest_event,
        answer=v1_answer,
        repeats="lines",
        query="decoded",
        path_encoded=True,
    ),
    Target(
        name="http_api_1_0",
        host=HTTP_HOST,
        scheme="https",
        event=http_api_1_0_event,
        answer=v1_answer,
        repeats="lines",
        query="decoded",
        path_encoded=False,
    ),
    Target(
        name="http_api",
        host=HTTP_HOST,
        scheme="https",
        event=http_api_event,
        answer=v2_answer,
        repeats="joined",
        query="raw",
        path_encoded=False,
    ),
    Target(
        name="function_url",
        host=URL_HOST,
        scheme="https",
        event=function_url_event,
        answer=v2_answer,
        repeats="joined",
        query="raw",
        path_encoded=True,
    ),
    Target(
        name="alb",
        host=ALB_HOST,
        scheme="http",
        event=alb_event,
        answer=alb_answer,
        repeats="last",
        query="last",
        path_encoded=True,
    ),
    Target(
        name="alb_multi",
        host=ALB_HOST,
        scheme="http",
        event=alb_multi_event,
        answer=alb_multi_answer,
        repeats="lines",
        query="raw",
        path_encoded=True,
    ),
]
TARGET = {target.name: target for target in TARGETS}

YANDEX = Target(
    name="yandex",
    host=YANDEX_HOST,
    scheme="https",
    event=yandex_event,
    answer=v1_answer,  # the documentation has the same keys
    repeats="lines",
    query="raw",
    path_encoded=True,
)
"""Not one of `TARGETS`: Bridge knows it by a source that is given to it, `examples.custom_source`."""
