"""What API Gateway looks at in each request, and is not looked at here: said by name and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .resources import section, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .resources import Resource, Resources

_POLICY = "resource policy is not looked at here: it lets everybody in"
_UNCHECKED = "are not checked here against"


def read(resources: Resources) -> None:
    """Note policies of REST APIs, and models and parameters that requests are checked against."""
    for resource in resources.everything():
        for text in _said(resource, resource.properties):
            resources.stack.notes.add(resource.line, text)


def _said(resource: Resource, properties: dict[str, Any]) -> Iterator[str]:
    name = resource.logical_id
    match resource.type:
        case "AWS::ApiGateway::RestApi":
            if properties.get("Policy"):
                yield f"{name}'s {_POLICY}"
        case "AWS::Serverless::Api":
            if section(properties.get("Auth")).get("ResourcePolicy"):
                yield f"{name}'s {_POLICY}"
        case "AWS::ApiGateway::Method":
            if properties.get("RequestValidatorId"):
                yield f"requests of {name} {_UNCHECKED} its RequestValidatorId"
        case "AWS::Serverless::Function":
            for event, given in section(properties.get("Events")).items():
                model = section(section(section(given).get("Properties")).get("RequestModel"))
                if truth(model.get("ValidateBody")) or truth(model.get("ValidateParameters")):
                    yield f"requests of {name}.{event} {_UNCHECKED} its RequestModel"
