"""The ten ways from a client to a function and back, as AWS goes them, and one that is not AWS's: one `Target` each.

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
    limit: int = 6_291_556
    """Bytes of JSON that a result may have."""
    root_path: str = ""
    """What of the path is the API's stage."""
    cookies_joined: str = "; "
    """What two Cookie lines are joined by; after a comma, nobody can tell any more what it meant."""
    separator: str = ","
    """What stands between the lines of a request header, where `repeats` is "joined"."""
    repeats_out: Literal["lines", "joined"]
    """What the client gets of a response header that the app sends twice; cookies are always lines."""


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


def said_of_body(result: dict[str, Any]) -> tuple[str, bool]:
    """The text that a result has for a body, and whether it is base64."""
    if "status" not in result:
        assert isinstance(result["body"], str)
        assert isinstance(result["isBase64Encoded"], bool)
        return result["body"], result["isBase64Encoded"]
    assert "isBase64Encoded" not in result
    assert ("body" in result) == ("bodyEncoding" in result)
    assert result.get("bodyEncoding") in (None, "text", "base64")
    return result.get("body", ""), result.get("bodyEncoding") == "base64"


def unpacked(result: dict[str, Any]) -> bytes:
    text, is_base64 = said_of_body(result)
    return base64.b64decode(text, validate=True) if is_base64 else text.encode()


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
LATTICE_HOST = "svc-0a1b2c.7d67968.vpc-lattice-svcs.eu-central-1.on.aws"
EDGE_HOST = "d111111abcdef8.cloudfront.net"
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


def _lattice(sent: Sent) -> tuple[Lines, str, str, bool]:
    """Headers, path with query, and body, as both event structures have them. AWS documents one added header."""
    headers = [*sent.headers, ("host", LATTICE_HOST), ("x-forwarded-for", CLIENT)]
    body, is_base64 = packed(sent.body, sent.header("content-type")) if sent.body else ("", False)
    return headers, sent.path + ("?" + sent.query if sent.query else ""), body, is_base64


def lattice_1_event(sent: Sent) -> Event:
    headers, path, body, is_base64 = _lattice(sent)
    return {
        "raw_path": path,
        "method": sent.method,
        "headers": joined(headers, ", "),
        "query_string_parameters": last(_alb_query(sent)),
        "body": body,
        "is_base64_encoded": is_base64,
    }


def lattice_2_event(sent: Sent) -> Event:
    headers, path, body, is_base64 = _lattice(sent)
    arn = "arn:aws:vpc-lattice:eu-central-1:1:"
    return {
        "version": "2.0",
        "path": path,
        "method": sent.method,
        "headers": lists(headers),
        "queryStringParameters": lists(_alb_query(sent)),
        "body": body,
        **({"isBase64Encoded": True} if is_base64 else {}),
        "requestContext": {
            "serviceNetworkArn": arn + "servicenetwork/sn-0",
            "serviceArn": arn + "service/svc-0",
            "targetGroupArn": arn + "targetgroup/tg-0",
            "identity": {"sourceVpcArn": "arn:aws:ec2:eu-central-1:1:vpc/vpc-0"},
            "region": "eu-central-1",
            "timeEpoch": "1690497599177430",
        },
    }


def _edge_event(sent: Sent, event_type: str, headers: Lines, limit: int) -> Event:
    """What CloudFront tells a function, with "include body"."""
    assert not {name for name, _ in headers} & EDGE_DISALLOWED
    request = {
        "clientIp": CLIENT,
        "method": sent.method,
        "uri": sent.path,
        "querystring": sent.query,
        "headers": {
            name: [{"key": name, "value": value} for value in values] for name, values in lists(headers).items()
        },
        "body": {
            "action": "read-only",
            "data": base64.b64encode(sent.body[:limit]).decode(),
            "encoding": "base64",
            "inputTruncated": len(sent.body) > limit,
        },
    }
    config = {"distributionDomainName": EDGE_HOST, "distributionId": "EDFDVBD6", "eventType": event_type}
    return {"Records": [{"cf": {"config": config, "request": request}}]}


def edge_viewer_event(sent: Sent) -> Event:
    return _edge_event(sent, "viewer-request", [*sent.headers, ("host", EDGE_HOST)], 40_960)


def edge_origin_event(sent: Sent) -> Event:
    """With an origin request policy that forwards all that the viewer sent."""
    added = [("host", EDGE_HOST), ("x-forwarded-for", CLIENT), ("via", "1.1 0.cloudfront.net (CloudFront)")]
    return _edge_event(sent, "origin-request", [*sent.headers, *added], 1_048_576)


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


def lattice_answer(result: dict[str, Any]) -> Answer:
    """Cookies beside the one that `headers` may have are taken as Envoy takes them; AWS says nothing of several."""
    checked(result, "headers", "cookies")
    lines = list(result["headers"].items())
    assert len({name.lower() for name, _ in lines}) == len(lines)
    assert "set-cookie" in result["headers"] or "cookies" not in result
    assert result.get("cookies") != []
    lines += [("set-cookie", cookie) for cookie in result.get("cookies", [])]
    return Answer(status=result["statusCode"], lines=lines, body=unpacked(result))


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html
EDGE_DISALLOWED = {
    *("connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
    *("trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect"),
    *("x-amzn-auth", "x-amzn-cf-billing", "x-amzn-cf-id", "x-amzn-cf-xff", "x-amzn-errortype"),
    *("x-amzn-fle-profile", "x-amzn-header-count", "x-amzn-header-order", "x-amzn-lambda-integration-tag"),
    *("x-amzn-requestid", "x-cache", "x-forwarded-proto", "x-real-ip"),
    *("x-amz-cf-id", "x-amz-cf-pop", "x-edge-location"),  # two of x-amz-cf-*, one of x-edge-*
}
EDGE_READ_ONLY = {
    "edge_viewer": {"content-length", "host", "transfer-encoding", "via"},
    "edge_origin": {
        *("accept-encoding", "content-length", "if-modified-since", "if-none-match", "if-range"),
        *("if-unmodified-since", "transfer-encoding", "via"),
    },
}


def _edge_answer(result: dict[str, Any], name: str) -> Answer:
    """CloudFront validates what a function returns, and answers 502 to what it does not like."""
    assert set(result) <= {"status", "statusDescription", "headers", "body", "bodyEncoding"}
    assert isinstance(result["status"], str)
    assert 200 <= int(result["status"]) <= 599
    assert isinstance(result["statusDescription"], str)
    assert not (result["status"] == "204" and "body" in result)
    lines: Lines = []
    for header, values in result["headers"].items():
        assert header == header.lower()
        assert header not in EDGE_DISALLOWED | EDGE_READ_ONLY[name]
        assert isinstance(values, list)
        for value in values:
            assert set(value) <= {"key", "value"}
            assert isinstance(value["value"], str)
            assert value.get("key", header).lower() == header
            lines.append((header, value["value"]))
    return Answer(status=int(result["status"]), lines=lines, body=unpacked(result))


def edge_viewer_answer(result: dict[str, Any]) -> Answer:
    return _edge_answer(result, "edge_viewer")


def edge_origin_answer(result: dict[str, Any]) -> Answer:
    return _edge_answer(result, "edge_origin")


TARGETS = [
    Target(
        name="rest",
        host=REST_HOST,
        root_path="/prod",
        scheme="https",
        event=rest_event,
        answer=v1_answer,
        repeats="lines",
        query="decoded",
        path_encoded=True,
        repeats_out="lines",
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
        repeats_out="lines",
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
        repeats_out="joined",
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
        repeats_out="joined",
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
        repeats_out="joined",
        limit=1_048_576,
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
        repeats_out="lines",
        limit=1_048_576,
    ),
    Target(
        name="lattice_1",
        cookies_joined=", ",
        host=LATTICE_HOST,
        scheme="https",
        event=lattice_1_event,
        answer=lattice_answer,
        repeats="joined",
        separator=", ",
        query="raw",
        path_encoded=True,
        repeats_out="joined",
    ),
    Target(
        name="lattice_2",
        host=LATTICE_HOST,
        scheme="https",
        event=lattice_2_event,
        answer=lattice_answer,
        repeats="lines",
        query="raw",
        path_encoded=True,
        repeats_out="joined",
    ),
    Target(
        name="edge_viewer",
        host=EDGE_HOST,
        scheme="https",
        event=edge_viewer_event,
        answer=edge_viewer_answer,
        repeats="lines",
        query="raw",
        path_encoded=True,
        repeats_out="lines",
        limit=40_960,
    ),
    Target(
        name="edge_origin",
        host=EDGE_HOST,
        scheme="https",
        event=edge_origin_event,
        answer=edge_origin_answer,
        repeats="lines",
        query="raw",
        path_encoded=True,
        repeats_out="lines",
        limit=1_048_576,
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
    repeats_out="lines",
)
"""Not one of `TARGETS`: Bridge knows it by a source that is given to it, `examples.custom_source`."""

PLAIN = next(target for target in TARGETS if target.name == "http_api")
"""An HTTP API, for what has nothing to do with the kind of API."""
