"""Custom domain names and the APIs behind them, by base path.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .model import Domain
from .resources import section, text, texts

if TYPE_CHECKING:
    from .api_model import ApiResource
    from .model import Stack
    from .resources import Resources


def read(resources: Resources) -> None:
    """Read CloudFormation's mappings: `BasePathMapping` and `ApiMapping`."""
    keys = {
        "AWS::ApiGateway::BasePathMapping": ("RestApiId", "BasePath"),
        "AWS::ApiGatewayV2::ApiMapping": ("ApiId", "ApiMappingKey"),
    }
    for resource in resources.of(*keys):
        of_api, of_path = keys[resource.type]
        properties = resource.properties
        name = text(properties.get("DomainName"))
        api = resources.api(properties.get(of_api))
        if api is None:
            resources.stack.notes.add(resource.line, f"{resource.logical_id} maps an API outside of this template")
            continue
        stage = properties.get("Stage")
        stages = resources.stack.apis[api].stages
        _add(resources.stack, name, text(properties.get(of_path) or ""), api, text(stage or stages[0].name))


def add_sam_domain(resources: Resources, api: ApiResource, given: Any, line: int) -> None:
    """Add the domain of SAM's property `Domain`."""
    domain = section(given)
    if domain.get("DomainName"):
        for path in texts(domain.get("BasePath")) or ("",):
            _add(resources.stack, text(domain["DomainName"]), path, api.logical_id, api.stages[0].name, line)


def _add(stack: Stack, name: str, path: str, api: str, stage: str, line: int = 0) -> None:
    base = path.strip("/")
    domain = stack.domains.setdefault(name, Domain(name=name, line=line))
    domain.mappings.append(("" if base == "(none)" else base, api, stage))
