"""What the kinds of API do each in their own way: events, results, limits, and what clients are told of failures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from .._http.body import PAYLOAD, media_type
from ..errors import ConfigurationError, ResultError
from ..sources import _alb as alb, _edge as edge, _lattice as lattice, _v1 as v1, _v2 as v2
from ..sources._client_request import ClientRequest

if TYPE_CHECKING:
    from ..types import Event, Wire

ApiName = Literal["http", "rest", "url", "alb", "lattice", "edge"]
Refusal = tuple[int, str]
API_NAMES: tuple[ApiName, ...] = get_args(ApiName)
Trigger = Literal["viewer-request", "origin-request"]
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)

EXECUTE_API = "local.execute-api.us-east-1.amazonaws.com"
CUSTOM_DOMAIN = "local.example.com"
LAMBDA_URL = "local.lambda-url.us-east-1.on.aws"
CLOUDFRONT = "local.cloudfront.net"
STREAM_SECONDS = 900
"""How long a stream may take, on every API that has them.
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html"""

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_REST_REMAPPED = frozenset(
    """
    authorization connection content-length content-md5 date expect host max-forwards proxy-authenticate server trailer
    upgrade user-agent www-authenticate
    """.split()  # noqa: SIM905
)


def _refused(result: object) -> Wire:
    raise ResultError("the API expects a stream, with a prelude and eight zero bytes, and the function gave a result")


@dataclass(frozen=True, kw_only=True)
class Api:
    """One kind of API.

    Attributes:
        event: the event it makes of a call.
        response: the response it makes of a result, for a call.
        domain: the domain name in its events, by its stage and the client's Host; without a Host, a name of its own.
        seconds: the longest it waits for a function.
        request_limit: bytes of a request's body.
        cuts_bodies: whether it cuts longer bodies, and lets the function know, instead of refusing them.
        event_limit: bytes of JSON of an event.
        result_limit: bytes of JSON of a result.
        head_size: what of a call counts for `head_limit`.
        head_limit: bytes of request line and headers.
        head_too_large: what the client is told of more.
        remapped: lower-case names of response headers that go out as `x-amzn-Remapped-` and the name.
        unknown_stage, too_large: what the client is told of its own mistakes, as status and body.
        failed: what it is told of a function that raised, or whose result the API refuses.
        refused: the same for a result that the API refuses, where that is not `failed`.
        no_base64: the same for a result whose body should be base64 and is not.
        timed_out: the same for a function that took longer than `seconds`.
        streaming: whether it expects streams.
        opening: the response, as yet without a body, that it makes of the prelude of a stream.
        unframed: the response that it makes of a result where it expects a stream.
    """

    event: Callable[[ClientRequest], Event]
    response: Callable[[object, ClientRequest], Wire]
    domain: Callable[[str, str], str]
    seconds: float
    request_limit: int
    cuts_bodies: bool = False
    failed: Refusal
    no_base64: Refusal
    timed_out: Refusal
    refused: Refusal | None = None
    too_large: Refusal = (413, '{"message":"Request Entity Too Large"}')
    unknown_stage: Refusal = (404, '{"message":"Not Found"}')
    event_limit: int = PAYLOAD
    result_limit: int = PAYLOAD
    head_size: Callable[[ClientRequest], int]
    head_limit: int = 10_240
    head_too_large: Refusal = (431, '{"message":"Request Header Fields Too Large"}')
    remapped: frozenset[str] = frozenset()
    streaming: bool = False
    opening: Callable[[object], Wire] = _refused
    unframed: Callable[[object], Wire] = _refused

    def overdue(self, timeout: float) -> Refusal:
        """Return what the client is told of a function that does not answer, and whose own timeout is this."""
        return self.timed_out if self.seconds < timeout else self.failed


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """What can be set on an API, of any kind.

    Attributes:
        stage: name of the stage.
        payload: "2.0" or "1.0": of the events of an HTTP API and of VPC Lattice.
        multi_value: whether a load balancer's target group has multi-value headers.
        binary_media_types: of a REST API.
        trigger: where Lambda@Edge calls the function.
        streaming: whether a function URL or a REST API expects streams.
    """

    stage: str = "$default"
    payload: str = "2.0"
    multi_value: bool = False
    binary_media_types: Collection[str] = ("*/*",)
    trigger: Trigger = "origin-request"
    streaming: bool = False


@dataclass(frozen=True)
class ApiKind:
    """A kind of API.

    Attributes:
        title: what AWS calls it.
        make: makes one.
        takes: the settings that it has.
    """

    title: str
    make: Callable[[ApiSettings], Api]
    takes: frozenset[str]


def api(
    name: ApiName,
    *,
    stage: str = "$default",
    payload: str = "2.0",
    multi_value: bool = False,
    binary_media_types: Collection[str] = ("*/*",),
    trigger: Trigger = "origin-request",
    streaming: bool = False,
) -> Api:
    """Return the API of a name, with what can be set on it: see `ApiSettings`.

    Args:
        name: one of API_NAMES.
        stage: HTTP and REST APIs only.
        payload: HTTP APIs and VPC Lattice only.
        multi_value: load balancers only.
        binary_media_types: REST APIs only.
        trigger: Lambda@Edge only.
        streaming: function URLs and REST APIs only.

    Raises:
        ConfigurationError: there is no such API, or it has no such setting.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise ConfigurationError(f"the API must be one of {', '.join(API_NAMES)}, not {name!r}")
    if payload not in ("2.0", "1.0"):
        raise ConfigurationError(f'the payload format must be "2.0" or "1.0", not {payload!r}')
    if trigger not in TRIGGERS:
        raise ConfigurationError(f"the trigger must be one of {', '.join(TRIGGERS)}, not {trigger!r}")
    if not re.fullmatch(r"\$default|[a-zA-Z0-9_-]+", stage):
        raise ConfigurationError(f"a stage's name has letters, digits, hyphens and underscores only, unlike {stage!r}")
    settings = ApiSettings(
        stage=stage,
        payload=payload,
        multi_value=multi_value,
        binary_media_types=tuple(binary_media_types),
        trigger=trigger,
        streaming=streaming,
    )
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name not in kind.takes and value != field.default:
            takers = ", ".join(other for other, known in KINDS.items() if field.name in known.takes)
            raise ConfigurationError(
                f"{name!r} ({kind.title}) has no {field.name}, so it cannot have {value!r}; it is for: {takers}"
            )
    made = kind.make(settings)
    return replace(made, streaming=True, seconds=STREAM_SECONDS) if streaming else made


def _http(settings: ApiSettings) -> Api:
    old = settings.payload == "1.0"
    failed = (500, '{"message":"Internal Server Error"}')
    return Api(
        event=partial(v1.event, http_api=True) if old else v2.event,
        response=lambda result, _: v1.response(result, http_api=True) if old else v2.response(result),
        domain=lambda stage, host: _domain(EXECUTE_API, stage, host),
        seconds=30,
        request_limit=10 * 1024 * 1024,
        head_size=_head_size,
        failed=failed,
        no_base64=failed,
        timed_out=(503, '{"message":"Service Unavailable"}'),
    )


def _rest(settings: ApiSettings) -> Api:
    def binary(call: ClientRequest, header: str) -> bool:
        # Of several media types, as Accept may have them, only the first counts.
        return _matches(media_type(call.header(header).partition(",")[0]), settings.binary_media_types)

    return Api(
        event=lambda call: v1.event(call, binary=binary(call, "content-type")),
        response=lambda result, call: v1.response(result, binary=binary(call, "accept")),
        # Only a custom domain hides a REST API's stage.
        domain=lambda stage, host: _domain(CUSTOM_DOMAIN if stage == "$default" else EXECUTE_API, stage, host),
        seconds=29,
        request_limit=10 * 1024 * 1024,
        head_size=lambda call: sum(len(value) for _, value in call.headers),
        remapped=_REST_REMAPPED,
        unknown_stage=(403, '{"message":"Forbidden"}'),
        failed=(502, '{"message": "Internal server error"}'),
        no_base64=(500, '{"message": "Internal server error"}'),
        timed_out=(504, '{"message": "Endpoint request timed out"}'),
        opening=v1.opening,
    )


def _function_url(settings: ApiSettings) -> Api:
    failed = (502, "Internal Server Error")
    return Api(
        event=partial(v2.event, function_url=True),
        response=lambda result, _: v2.response(result),
        # A function URL has no other name, and is known by it.
        domain=lambda _, host: host if ".lambda-url." in host else LAMBDA_URL,
        seconds=900,
        request_limit=PAYLOAD,
        head_size=_head_size,
        remapped=frozenset(["www-authenticate"]),
        failed=failed,
        no_base64=failed,
        timed_out=failed,
        opening=v2.opening,
        unframed=_bare,
    )


def _load_balancer(settings: ApiSettings) -> Api:
    multi_value = settings.multi_value
    failed = (502, _page("502 Bad Gateway"))
    return Api(
        event=partial(alb.event, multi_value=multi_value),
        response=lambda result, _: alb.response(result, multi_value=multi_value),
        domain=lambda *_: "",
        seconds=900,
        request_limit=1024 * 1024,
        result_limit=alb.LIMIT,
        head_size=_head_size,
        head_limit=65_536,
        too_large=(413, _page("413 Request Entity Too Large")),
        failed=failed,
        no_base64=failed,
        timed_out=(504, _page("504 Gateway Time-out")),
    )


def _lattice(settings: ApiSettings) -> Api:
    # What of a function that failed, AWS does not say: https://docs.aws.amazon.com/vpc-lattice/latest/ug/monitoring-access-logs.html
    failed = (502, "Bad Gateway")
    return Api(
        event=partial(lattice.event, version=settings.payload),
        response=lambda result, _: lattice.response(result),
        domain=lambda *_: "",
        seconds=900,
        request_limit=6 * 1024 * 1024,
        head_size=_head_size,
        head_limit=60 * 1024,
        head_too_large=(400, "Bad Request"),
        too_large=(413, "Payload Too Large"),
        failed=failed,
        no_base64=failed,
        timed_out=failed,
    )


def _edge(settings: ApiSettings) -> Api:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-lambda-at-edge
    # A function that raises is CloudFront's LambdaExecutionError, a result that it refuses LambdaValidationError.
    source, seconds = (edge.VIEWER_REQUEST, 5) if settings.trigger == "viewer-request" else (edge.ORIGIN_REQUEST, 30)
    failed, refused, too_large = [(status, _page(f"{status} ERROR")) for status in (503, 502, 413)]
    return Api(
        event=source.event,
        response=lambda result, _: source.response(result),
        domain=lambda *_: CLOUDFRONT,
        seconds=seconds,
        request_limit=source.LIMIT,
        cuts_bodies=True,
        result_limit=source.LIMIT,
        head_size=_head_size,
        head_limit=20_480,
        head_too_large=too_large,
        too_large=too_large,
        failed=failed,
        refused=refused,
        no_base64=refused,
        timed_out=failed,
    )


def _domain(own: str, stage: str, host: str) -> str:
    """Return the Host that the client asked for. Where the client's URL has a stage, only names of AWS's can be."""
    return host if host and (stage == "$default" or ".execute-api." in host) else own


def _bare(result: object) -> Wire:
    # Recorded on AWS: a function URL that streams shows a result as it is, statusCode and all, with status 200.
    text = json.dumps(result, ensure_ascii=False)
    return 200, [("content-type", "application/json")], text.encode("utf-8", "replace")


def _head_size(call: ClientRequest) -> int:
    line = f"{call.method} {call.raw_path}?{call.query_string} HTTP/1.1"
    return len(line) + sum(len(name) + len(value) for name, value in call.headers)


def _matches(named: str, patterns: Collection[str]) -> bool:
    # "*/*" takes all, even what has no type; "image/*" takes its family; "*/png" is no pattern.
    family = named.partition("/")[0] + "/*"
    return any(pattern in ("*/*", named, family) for pattern in patterns if pattern)


def _page(title: str) -> str:
    return f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"


KINDS: dict[ApiName, ApiKind] = {
    "http": ApiKind("HTTP API", _http, frozenset(("stage", "payload"))),
    "rest": ApiKind("REST API", _rest, frozenset(("stage", "binary_media_types", "streaming"))),
    "url": ApiKind("function URL", _function_url, frozenset(("streaming",))),
    "alb": ApiKind("Application Load Balancer", _load_balancer, frozenset(("multi_value",))),
    "lattice": ApiKind("VPC Lattice", _lattice, frozenset(("payload",))),
    "edge": ApiKind("Lambda@Edge", _edge, frozenset(("trigger",))),
}
"""The kinds of API, by the names that the gateway and the command line give them. A new kind is one line here."""
