"""REST APIs as CloudFormation has them, resource by resource: `AWS::ApiGateway::*`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import openapi
from .api_model import ApiResource, Integration, Route, Stage
from .document import load
from .identities import identifier
from .resources import section, text, texts, truth
from .values import Section

if TYPE_CHECKING:
    from .resources import Resource, Resources


def read(resources: Resources) -> None:
    """Read the APIs, then their stages, authorizers, gateway responses, methods and keys."""
    for resource in resources.of("AWS::ApiGateway::RestApi"):
        _add_api(resources, resource)
    for resource in resources.of("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"):
        api = _api_of(resources, resource)
        name = resource.properties.get("StageName")
        if api is not None and name is not None and all(stage.name != text(name) for stage in api.stages):
            said = resource.properties
            variables = section(said.get("Variables", section(said.get("StageDescription")).get("Variables")))
            made = Stage(name=text(name), variables={key: text(value) for key, value in variables.items()})
            api.stages.append(made)
            api.limits.of_methods(said.get("MethodSettings"))
    for resource in resources.of("AWS::ApiGateway::Authorizer"):
        api = _api_of(resources, resource)
        if api is not None:
            name = resource.logical_id
            made_authorizer = openapi.authorizer(resources, name, resource.properties, resource.line, http=False)
            api.authorizers[name] = made_authorizer
    for resource in resources.of("AWS::ApiGateway::GatewayResponse"):
        api = _api_of(resources, resource)
        if api is not None:
            kind = text(resource.properties.get("ResponseType"))
            api.gateway_responses[kind] = openapi.gateway_response(resource.properties)
    for resource in resources.of("AWS::ApiGateway::Method"):
        api = _api_of(resources, resource)
        if api is not None:
            _add_method(resources, resource, api)
    for resource in resources.of("AWS::ApiGateway::UsagePlan"):
        for stage in resource.properties.get("ApiStages") or ():
            logical_id = resources.api(section(stage).get("ApiId"))
            if logical_id is not None:
                resources.stack.apis[logical_id].limits.of_plan(resource.properties)
    keys = frozenset(
        text(each.properties.get("Value") or each.logical_id)
        for each in resources.of("AWS::ApiGateway::ApiKey")
        if truth(each.properties.get("Enabled"))
    )
    for api in resources.stack.apis.values():
        api.keys |= keys


def _add_api(resources: Resources, resource: Resource) -> None:
    properties = resource.properties
    api = ApiResource(
        logical_id=resource.logical_id,
        kind="rest",
        api_id=identifier(resource.logical_id),
        binary=[each.replace("~1", "/") for each in texts(properties.get("BinaryMediaTypes"))],
        line=resource.line,
    )
    resources.stack.apis[resource.logical_id] = api
    body = properties.get("Body")
    if isinstance(body, Section):
        openapi.add(resources, api, body)
    elif properties.get("BodyS3Location") is not None:
        place = properties["BodyS3Location"]
        if isinstance(place, str) and not place.startswith("s3:"):
            line = resource.line_of("BodyS3Location")
            openapi.add(resources, api, resources.evaluate(load(resources.path(place, line))))
        else:
            resources.stack.notes.add(resource.line, f"{api.logical_id}'s definition is in S3")


def _api_of(resources: Resources, resource: Resource) -> ApiResource | None:
    logical_id = resources.api(resource.properties.get("RestApiId"))
    if logical_id is None:
        resources.stack.notes.add(resource.line, f"{resource.logical_id} belongs to an API outside of this template")
        return None
    return resources.stack.apis[logical_id]


def _path(resources: Resources, resource_id: Any) -> str | None:
    """Return the path of a `Resource`; None if one on the way is not in this template."""
    parts: list[str] = []
    while isinstance(resource_id, str) and resource_id in resources and len(parts) < 100:
        properties = resources[resource_id].properties
        parts.insert(0, text(properties.get("PathPart")))
        resource_id = properties.get("ParentId")
    root = isinstance(resource_id, str) and resource_id.endswith("RootResourceId")
    return "/" + "/".join(parts) if root else None


def _add_method(resources: Resources, resource: Resource, api: ApiResource) -> None:
    properties = resource.properties
    path = _path(resources, properties.get("ResourceId"))
    given = properties.get("Integration")
    if path is None:
        resources.stack.notes.add(resource.line, f"{resource.logical_id} is a method of no resource of this template")
        return
    if isinstance(given, dict):
        integration = openapi.integration(resources, given, resource.line_of("Integration"))
    else:
        integration = Integration(kind="http")
    route = Route(
        method=text(properties.get("HttpMethod") or "ANY").upper(),
        path=path,
        integration=integration,
        scopes=texts(properties.get("AuthorizationScopes")),
        api_key=truth(properties.get("ApiKeyRequired")),
        line=resource.line,
    )
    kind = text(properties.get("AuthorizationType") or "NONE")
    if kind == "AWS_IAM":
        route.authorizer = kind
    elif kind in ("CUSTOM", "COGNITO_USER_POOLS"):
        route.authorizer = text(properties.get("AuthorizerId"))
    api.routes.append(route)
