"""HTTP and WebSocket APIs as CloudFormation has them, resource by resource: `AWS::ApiGatewayV2::*`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import openapi
from .api_model import ApiResource, Integration, Route, Stage
from .functions import cors
from .identities import identifier
from .model import GrantedPermission, invoked_by_api
from .resources import section, text, texts, truth
from .values import Section

if TYPE_CHECKING:
    from .resources import Resource, Resources


def read(resources: Resources) -> None:
    """Read the APIs, then their authorizers, stages and routes."""
    for resource in resources.of("AWS::ApiGatewayV2::Api"):
        _add_api(resources, resource)
    for resource in resources.of("AWS::ApiGatewayV2::Authorizer"):
        api = _api_of(resources, resource)
        if api is not None:
            name = resource.logical_id
            http = api.kind == "http"
            made = openapi.authorizer(resources, name, resource.properties, resource.line, http=http)
            api.authorizers[name] = made
    for resource in resources.of("AWS::ApiGatewayV2::Stage"):
        api = _api_of(resources, resource)
        if api is not None:
            variables = section(resource.properties.get("StageVariables"))
            stage = Stage(name=text(resource.properties.get("StageName")))
            stage.variables = {name: text(value) for name, value in variables.items()}
            api.stages.append(stage)
            said = resource.properties
            api.limits.of_routes(said.get("DefaultRouteSettings"), said.get("RouteSettings"))
    for resource in resources.of("AWS::ApiGatewayV2::Route"):
        api = _api_of(resources, resource)
        if api is not None:
            _add_route(resources, resource, api)
    for api in resources.stack.apis.values():
        if api.kind in ("http", "rest", "websocket") and not api.stages:
            stage = Stage(name="$default" if api.kind == "http" else "prod")
            resources.stack.notes.add(
                api.line, f"{api.logical_id} has no stage in this template: {stage.name} is taken"
            )
            api.stages.append(stage)


def _add_api(resources: Resources, resource: Resource) -> None:
    properties = resource.properties
    kind = text(properties.get("ProtocolType") or "HTTP").upper()
    api = ApiResource(
        logical_id=resource.logical_id,
        kind="websocket" if kind == "WEBSOCKET" else "http",
        api_id=identifier(resource.logical_id),
        cors=cors(properties.get("CorsConfiguration")),
        selection=text(properties.get("RouteSelectionExpression") or "$request.body.action"),
        line=resource.line,
    )
    resources.stack.apis[resource.logical_id] = api
    if isinstance(properties.get("Body"), Section):
        openapi.add(resources, api, properties["Body"])
    elif "Body" not in properties and "BodyS3Location" in properties:
        resources.stack.notes.add(resource.line_of("BodyS3Location"), f"{api.logical_id}'s definition is in S3")
    function = resources.function(properties.get("Target"))
    if function is not None:  # "quick create": a route, its integration and a stage; and a statement for its function
        method, _, path = text(properties.get("RouteKey") or "$default").rpartition(" ")
        integration = Integration(kind="lambda", function=function, payload="2.0")
        integration.credentials = "CredentialsArn" in properties
        api.routes.append(Route(method=method or "ANY", path=path, integration=integration, line=resource.line))
        api.stages.append(Stage(name="$default"))
        account = resources.stack.account
        arn = f"arn:{account.partition}:execute-api:{account.region}:{account.account}:{api.api_id}/*"
        made = GrantedPermission(function=function, properties=invoked_by_api(arn), name=api.logical_id)
        resources.stack.permissions.append(made)


def _api_of(resources: Resources, resource: Resource) -> ApiResource | None:
    logical_id = resources.api(resource.properties.get("ApiId"))
    if logical_id is None:
        resources.stack.notes.add(resource.line, f"{resource.logical_id} belongs to an API outside of this template")
        return None
    return resources.stack.apis[logical_id]


def _add_route(resources: Resources, resource: Resource, api: ApiResource) -> None:
    properties = resource.properties
    key = text(properties.get("RouteKey"))
    target = text(properties.get("Target") or "").removeprefix("integrations/")
    if target not in resources:
        resources.stack.notes.add(resource.line, f"{resource.logical_id} ({key}) has no integration: it is not there")
        return
    integration = openapi.integration(resources, resources[target].properties, resources[target].line)
    if api.kind == "websocket":
        route = Route(method="", path=key, integration=integration, line=resource.line)
        route.response = "RouteResponseSelectionExpression" in properties
    else:
        method, _, path = key.rpartition(" ")
        route = Route(method=(method or "ANY").upper(), path=path, integration=integration, line=resource.line)
    kind = text(properties.get("AuthorizationType") or "NONE")
    if kind == "AWS_IAM":
        route.authorizer = kind
    elif kind in ("JWT", "CUSTOM"):
        route.authorizer = text(properties.get("AuthorizerId"))
    route.scopes = texts(properties.get("AuthorizationScopes"))
    route.api_key = truth(properties.get("ApiKeyRequired"))
    api.routes.append(route)
