"""All that a template shows to the outside, as ASGI apps by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .domain_front import DomainFront
from .http_front import HttpFront
from .web_socket_front import WebSocketFront

if TYPE_CHECKING:
    from .api_model import ApiResource
    from .deployment import Deployment
    from .model import Stack

Front = HttpFront | WebSocketFront | DomainFront

_ORDER = ("http", "rest", "websocket", "url", "alb")


def names(stack: Stack) -> list[str]:
    """Return what is served, in the order of ports: APIs, function URLs, listeners, custom domain names."""
    apis: list[ApiResource] = sorted(stack.apis.values(), key=lambda api: _ORDER.index(api.kind))
    return [*(api.logical_id for api in apis), *stack.domains]


def made(deployment: Deployment, jwks: dict[str, Any]) -> dict[str, Front]:
    """Return the apps by name."""
    stack = deployment.stack
    apis: dict[str, HttpFront | WebSocketFront] = {
        logical_id: WebSocketFront(api, deployment) if api.kind == "websocket" else HttpFront(api, deployment, jwks)
        for logical_id, api in stack.apis.items()
    }
    domains = {name: DomainFront(domain, apis) for name, domain in stack.domains.items()}
    return {name: apis[name] if name in apis else domains[name] for name in names(stack)}


def urls(stack: Stack, served: dict[str, str], control: str) -> dict[str, str]:
    """Return where things are here, by where they are in AWS: see `environments.launch`.

    Args:
        stack: what the template says.
        served: URLs of the apps, by name.
        control: the URL at which Lambda's Invoke is answered.
    """
    found = {"lambda": control} if control else {}
    for name, url in served.items():
        api = stack.apis.get(name)
        if api is None:
            found[f"//{name}"] = url
        elif api.kind == "url":
            found[f"//{stack.account.url_domain(api.api_id)}"] = url
        elif api.kind != "alb":
            found[f"//{stack.account.api_domain(api.api_id)}"] = url
        if api is not None and api.kind == "websocket":
            found[f"management {name}"] = f"{url}/{api.stages[0].name}"
    return found


def shown(stack: Stack, name: str, url: str) -> str:
    """Return the line that says what is where."""
    api = stack.apis.get(name)
    if api is None:
        return f"{name} (custom domain): {url}/"
    kinds = {"http": "HTTP API", "rest": "REST API", "url": "function URL", "alb": "load balancer"}
    if api.kind == "websocket":
        return f"{name} (WebSocket API): {url.replace('http', 'ws', 1)}/{api.stages[0].name}"
    places = [f"{url}/" if each.name == "$default" else f"{url}/{each.name}/" for each in api.stages] or [f"{url}/"]
    return f"{name} ({kinds[api.kind]}): {' '.join(places)}"
