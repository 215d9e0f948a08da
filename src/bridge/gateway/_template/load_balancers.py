"""A load balancer's rules, and what it answers itself.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .resources import section, texts

if TYPE_CHECKING:
    from ...sources._client_request import ClientRequest
    from .api_model import Route
    from .exchange import ApiExchange


def rule(exchange: ApiExchange) -> Route:
    """Return the first rule all of whose conditions hold; the last is the listener's default."""
    *rules, default = exchange.api.routes
    for route in rules:
        conditions = route.integration.settings["conditions"]
        if all(_holds(condition, exchange.call) for condition in conditions):
            exchange.step(f"rule {route.path} (line {route.line})")
            return route
        exchange.step(f"  not rule {route.path}: a condition does not hold")
    exchange.step(f"the listener's default action (line {default.line})")
    return default


def answer(exchange: ApiExchange) -> Response:
    """Return the answer of a rule's own action: a fixed response, a redirect, or 503 for targets that are not here."""
    action = section(exchange.taken().integration.settings["action"])
    fixed = section(action.get("FixedResponseConfig"))
    if fixed:
        kind = fixed.get("ContentType") or "text/plain"
        return Response(fixed.get("MessageBody") or "", int(fixed["StatusCode"]), media_type=kind)
    redirect = section(action.get("RedirectConfig"))
    if redirect:
        status = 301 if redirect.get("StatusCode") == "HTTP_301" else 302
        return Response(status_code=status, headers={"location": _location(redirect, exchange.call)})
    return Response("<html><head><title>503 Service Temporarily Unavailable</title></head></html>", 503)


def _holds(condition: dict[str, Any], call: ClientRequest) -> bool:
    field = condition.get("Field")
    named = section(condition.get(_CONFIGS.get(str(field), "")))
    values = texts(named.get("Values") or condition.get("Values"))
    if field == "path-pattern":
        return _any(values, call.raw_path)
    if field == "host-header":
        return _any([each.lower() for each in values], call.header("host").partition(":")[0].lower())
    if field == "http-header":
        name = str(named.get("HttpHeaderName")).lower()
        return any(_any(values, value, fold=True) for key, value in call.headers if key == name)
    if field == "http-request-method":
        return call.method in values
    if field == "source-ip":
        return any(_is_within(call.client, each) for each in values)
    pairs = [section(each) for each in named.get("Values") or ()]
    return field == "query-string" and any(
        _any([str(pair.get("Value"))], value, fold=True) and pair.get("Key", name).lower() == name.lower()
        for pair in pairs
        for name, value in call.query
    )


_CONFIGS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
    "query-string": "QueryStringConfig",
}


def _is_within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network)
    except ValueError:  # a test client has no address
        return False


def _any(patterns: Any, text: str, *, fold: bool = False) -> bool:
    if fold:
        patterns, text = [each.lower() for each in patterns], text.lower()
    return any(fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


def _location(redirect: dict[str, Any], call: ClientRequest) -> str:
    host, _, port = call.header("host").partition(":")
    known = {
        "protocol": call.header("x-forwarded-proto"),
        "host": host,
        "port": port or "80",
        "path": call.raw_path.removeprefix("/"),
        "query": call.query_string,
    }

    def filled(name: str, default: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda match: known.get(match[1], ""), str(redirect.get(name, default)))

    query = filled("Query", "#{query}")
    place = f"{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{filled('Path', '/#{path}')}"
    return f"{filled('Protocol', '#{protocol}').lower()}://{place}{'?' + query if query else ''}"
