"""What two well-known mapping templates make of a request to a REST API, and the request it was.

A template renders names and values of parameters as text. Of a name that came twice it has one value, and the query's
names and values are decoded. A path's are as the client sent them: AWS's own templates decode them
(`$util.urlDecode($input.params('username'))`).
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from .._http import body as bodies, first, url
from .._http.url import EXECUTE_API
from ._neutral import http_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Event, Request

FORM = "application/x-www-form-urlencoded"
# What describes the bytes that the client sent. The app gets other bytes, made of the parsed body.
_OF_THE_BYTES = ("content-length", "content-encoding", "transfer-encoding", "content-md5")


_PASSTHROUGH = frozenset(("body-json", "params", "stage-variables", "context"))
_PARAMS = frozenset(("path", "querystring", "header"))
_SERVERLESS = frozenset(
    """
    body method principalId stage cognitoPoolClaims enhancedAuthContext headers query path identity stageVariables
    requestPath
    """.split()  # noqa: SIM905
)


def is_passthrough(event: object) -> bool:
    """Return whether the passthrough template can have made an event: its keys and no others, and text within."""
    if not (isinstance(event, dict) and event.keys() <= _PASSTHROUGH and _are_maps(event, "params", "context")):
        return False
    params = event["params"]
    return (
        params.keys() <= _PARAMS
        and all(value is None or _is_map_of_text(value) for value in params.values())
        and _is_map_of_text(event["context"])
    )


def is_serverless(event: object) -> bool:
    """Return whether the Serverless Framework's template can have made an event: its keys and no others, and text."""
    return (
        isinstance(event, dict)
        and event.keys() <= _SERVERLESS
        and isinstance(event.get("method"), str)
        and all(_is_map_of_text(event.get(name)) for name in ("headers", "query", "path"))
        and (event.get("identity") is None or _is_map_of_text(event["identity"]))
        and all(isinstance(event.get(name, ""), str) for name in ("stage", "requestPath"))
    )


def _are_maps(event: Event, *names: str) -> bool:
    return all(isinstance(event.get(name), dict) for name in names)


def _is_map_of_text(value: object) -> bool:
    return isinstance(value, dict) and all(each is None or isinstance(each, str) for each in value.values())


def passthrough(event: Event, method: str, path: str) -> Request:
    """Return the request out of API Gateway's template "Method Request passthrough".

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    context, params = event["context"], event["params"]
    return _request(
        method=context.get("http-method") or method,
        path=_filled(context.get("resource-path") or path, params.get("path")),
        stage=context.get("stage"),
        query=params.get("querystring"),
        headers=params.get("header"),
        client=context.get("source-ip"),
        body=event.get("body-json"),
        has_body="body-json" in event,
    )


def request_id(event: Event) -> str | None:
    """Return API Gateway's id of the request, out of the passthrough template."""
    given = event["context"].get("request-id")
    return str(given) if given else None


def serverless(event: Event, method: str, path: str) -> Request:
    """Return the request out of the Serverless Framework's default template for `integration: lambda`.

    https://www.serverless.com/framework/docs/providers/aws/events/apigateway
    """
    return _request(
        method=event["method"] or method,
        path=_filled(event.get("requestPath") or path, event["path"]),
        stage=event.get("stage"),
        query=event["query"],
        headers=event["headers"],
        client=(event.get("identity") or {}).get("sourceIp"),
        body=event.get("body"),
        has_body="body" in event,
    )


def _request(
    *,
    method: str,
    path: str,
    stage: str | None,
    query: dict[str, str] | None,
    headers: dict[str, str] | None,
    client: str | None,
    body: Any,
    has_body: bool,
) -> Request:
    lines = [(name, value) for name, value in (headers or {}).items() if name.lower() not in _OF_THE_BYTES]
    # $input.json('$') of no body is {}.
    if not has_body or (body in ({}, "", None) and method in ("GET", "HEAD", "DELETE", "OPTIONS")):
        text = None
    else:
        text, content_type = _entity(body, first(headers, "Content-Type"))
        lines = [*(line for line in lines if line[0].lower() != "content-type"), ("Content-Type", content_type)]
    return http_request(
        method=method,
        raw_path=path,
        root_path=stage if EXECUTE_API in (first(headers, "Host") or "") else None,
        query=query,
        headers=lines,
        client=client,
        body=text,
    )


def _entity(value: Any, content_type: str | None) -> tuple[str, str]:
    """Return a parsed body as a client would send it, and its Content-Type."""
    if (
        bodies.media_type(content_type) == FORM
        and isinstance(value, dict)
        and all(isinstance(each, str) for each in value.values())
    ):
        return url.encode_form(value.items()), FORM
    return json.dumps(value), content_type if content_type and bodies.is_json(content_type) else "application/json"


def _filled(resource: str, values: dict[str, str] | None) -> str:
    """Fill a resource's path with its parameters, percent-encoded: `/items/{id}`, `/{proxy+}`."""

    def value(found: re.Match[str]) -> str:
        text = str((values or {}).get(found[1], ""))
        # What is encoded stays so; a percent sign that begins no escape, and what may not stand in a path, do not.
        text = re.sub("%(?![0-9A-Fa-f]{2})", "%25", text)
        return quote(text, safe="%!$&'()*+,;=:@" + ("/" if found[2] else ""), errors="replace")

    return re.sub(r"\{([^{}+]+)(\+?)\}", value, resource)
