"""Custom (non-proxy) Lambda integrations of REST APIs: the mapping templates that are known, and selection patterns.

API Gateway's template language is not run here. Known are its template "Method Request passthrough", the Serverless
Framework's, `$input.json('$')` and `$input.body`; of responses, `$input.json` and `$input.path` of one path, and
`$util.parseJson($input.path('$.errorMessage')).body`.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..._http.body import media_type
from .._process import ProcessError
from .gateway_responses import header
from .mock import selected

if TYPE_CHECKING:
    from .exchange import ApiExchange

log = logging.getLogger("bridge.gateway")

UNSUPPORTED: dict[str, Any] = {}
"""Stands for the event that there is none: the client gets 415."""

_ONE = re.compile(r"""\s*\$input\.(json|path)\(\s*['"](\$[\w.]*)['"]\s*\)\s*""")
_CONTEXT = {
    "account-id": "accountId",
    "api-id": "apiId",
    "http-method": "httpMethod",
    "request-id": "requestId",
    "resource-id": "resourceId",
    "resource-path": "resourcePath",
    "stage": "stage",
}


def event(exchange: ApiExchange, proxied: dict[str, Any]) -> Any:
    """Return what a function gets of a request: the body, or what the mapping template makes; or UNSUPPORTED."""
    integration = exchange.taken().integration
    kind = media_type(exchange.call.header("content-type")) or "application/json"
    template = integration.request_templates.get(kind)
    body = exchange.call.body.decode("utf-8", "replace")
    if template is None:
        never = integration.passthrough == "never"
        if never or (integration.passthrough == "when_no_templates" and integration.request_templates):
            exchange.step(f"no request template for {kind}")
            return UNSUPPORTED
        return _json(body)
    if '"body-json"' in template:
        return _passthrough(proxied, body)
    if '"requestPath"' in template and '"enhancedAuthContext"' in template:
        return _serverless(proxied, body)
    if not re.fullmatch(r"\s*(?:\$input\.body|\$input\.json\(\s*['\"]\$['\"]\s*\))\s*", template):
        log.warning("%s: this request template is not known here; the event is the body", exchange.what)
    return _json(body)


def succeeded(exchange: ApiExchange, result: Any) -> Response | None:
    """Return the response that the default integration response makes of a result; None: there is none."""
    return _mapped(exchange, exchange.taken().integration.responses.get("default"), result)


def failed(exchange: ApiExchange, error: Exception) -> Response | None:
    """Return the response that the pattern which fits the error's text makes of it; None: there is none."""
    message = error.message if isinstance(error, ProcessError) else str(error)
    kind = (error.kind if isinstance(error, ProcessError) else "") or type(error).__name__
    shown = {"errorMessage": message, "errorType": kind}
    chosen = selected(exchange.taken().integration.responses, message)
    exchange.step(f"the function raised; its error is {message!r:.200}")
    return _mapped(exchange, chosen, shown)


def _mapped(exchange: ApiExchange, response: dict[str, Any] | None, value: Any) -> Response | None:
    if response is None:
        return None
    variables = exchange.context()
    headers = {}
    for name, source in response["headers"].items():
        found = _at(value, source) if source.startswith("integration.response.body") else ""
        text = found or header(source, exchange.call, variables)
        if text:
            headers[name.lower()] = text
    template = response["templates"].get("application/json")
    body = json.dumps(value) if template is None else _rendered(exchange, template, value)
    return Response(body, response["status"], headers, None if "content-type" in headers else "application/json")


def _rendered(exchange: ApiExchange, template: str, value: Any) -> str:
    one = _ONE.fullmatch(template)
    if one:
        found = _found(value, one[2].split(".")[1:])
        return json.dumps(found) if one[1] == "json" or not isinstance(found, str) else found
    if "$util.parseJson($input.path('$.errorMessage'))" in template and template.rstrip().endswith(".body"):
        return str(_parsed(value).get("body", ""))
    if "$" in template or "#" in template:
        log.warning("%s: this response template is not known here; it goes out as it is", exchange.what)
    return template


def _at(value: Any, source: str) -> str:
    """Return what a mapping from the integration's body finds, also inside of the JSON that an errorMessage is."""
    names = source.split(".")[3:]
    if names[:1] == ["errorMessage"] and len(names) > 1:
        value, names = _parsed(value), names[1:]
    found = _found(value, names)
    return found if isinstance(found, str) else "" if found is None else json.dumps(found)


def _parsed(value: Any) -> dict[str, Any]:
    message = value.get("errorMessage") if isinstance(value, dict) else None
    try:
        parsed = json.loads(message or "")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _found(value: Any, names: list[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


def _passthrough(proxied: dict[str, Any], body: str) -> dict[str, Any]:
    context = proxied["requestContext"]
    said = {name: context.get(key) or "" for name, key in _CONTEXT.items()}
    identity = context["identity"]
    said |= {"source-ip": identity["sourceIp"], "user-agent": identity["userAgent"], "user": ""}
    said["authorizer-principal-id"] = (context.get("authorizer") or {}).get("principalId", "")
    return {
        "body-json": _json(body),
        "params": {
            "path": proxied["pathParameters"] or {},
            "querystring": proxied["queryStringParameters"] or {},
            "header": proxied["headers"],
        },
        "stage-variables": proxied["stageVariables"] or {},
        "context": said,
    }


def _serverless(proxied: dict[str, Any], body: str) -> dict[str, Any]:
    context = proxied["requestContext"]
    authorizer = context.get("authorizer") or {}
    return {
        "body": _json(body),
        "method": proxied["httpMethod"],
        "principalId": authorizer.get("principalId", ""),
        "stage": context["stage"],
        "cognitoPoolClaims": authorizer.get("claims", {}),
        "enhancedAuthContext": authorizer,
        "headers": proxied["headers"],
        "query": proxied["queryStringParameters"] or {},
        "path": proxied["pathParameters"] or {},
        "identity": context["identity"],
        "stageVariables": proxied["stageVariables"] or {},
        "requestPath": proxied["resource"],
    }
