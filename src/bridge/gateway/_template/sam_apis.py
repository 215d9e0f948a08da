"""SAM's APIs: `AWS::Serverless::Api`, `HttpApi` and `WebSocketApi`, and those that it makes for events without one.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import openapi
from .api_model import ApiResource, AuthorizerResource, Integration, Route, Stage
from .custom_domains import add_sam_domain
from .document import load
from .functions import cors, merged
from .identities import IMPLICIT_APIS, identifier
from .model import GrantedPermission, invoked_by_api
from .resources import section, text, texts, truth
from .values import Section

if TYPE_CHECKING:
    from .api_model import ApiResourceKind
    from .resources import Resource, Resources

_KINDS: dict[str, tuple[ApiResourceKind, str]] = {
    "AWS::Serverless::Api": ("rest", "Api"),
    "AWS::Serverless::HttpApi": ("http", "HttpApi"),
    "AWS::Serverless::WebSocketApi": ("websocket", "WebSocketApi"),
}


def read(resources: Resources) -> None:
    """Read the APIs that the template names. Those that it does not are made with the first event that needs them."""
    for resource in resources.of(*_KINDS):
        kind, name = _KINDS[resource.type]
        properties = merged(section(resources.sections.get(name)), resource.properties)
        stage = properties.get("StageName") or ("default" if kind == "websocket" else "$default")
        variables = section(properties.get("StageVariables" if kind != "rest" else "Variables"))
        api = _api(resources, resource.logical_id, kind, properties, text(stage), variables)
        api.line = resource.line
        if kind == "websocket":
            _add_web_socket(resources, resource, api, properties)
        else:
            _add_definition(resources, resource, api, properties)
        add_sam_domain(resources, api, properties.get("Domain"), resource.line_of("Domain"))


def implicit(resources: Resources, kind: ApiResourceKind) -> ApiResource:
    """Return the API of events that name none, with the template's global properties."""
    logical_id = IMPLICIT_APIS[kind == "http"]
    if logical_id not in resources.stack.apis:
        name = "HttpApi" if kind == "http" else "Api"
        properties = section(resources.sections.get(name))
        variables = section(properties.get("StageVariables" if kind == "http" else "Variables"))
        api = _api(resources, logical_id, kind, properties, "$default" if kind == "http" else "Prod", variables)
        add_sam_domain(resources, api, properties.get("Domain"), 0)
    return resources.stack.apis[logical_id]


def _api(
    resources: Resources,
    logical_id: str,
    kind: ApiResourceKind,
    properties: dict[str, Any],
    stage: str,
    variables: dict[str, Any],
) -> ApiResource:
    api = ApiResource(logical_id=logical_id, kind=kind, api_id=identifier(logical_id))
    resources.stack.apis[logical_id] = api
    api.stages.append(Stage(name=stage, variables={name: text(value) for name, value in variables.items()}))
    if kind == "http":
        api.cors = cors(properties.get("CorsConfiguration"))
        api.limits.of_routes(properties.get("DefaultRouteSettings"), properties.get("RouteSettings"))
    elif kind == "rest":
        api.binary += [each.replace("~1", "/") for each in texts(properties.get("BinaryMediaTypes"))]
        api.sam_cors = properties.get("Cors")
        api.limits.of_methods(properties.get("MethodSettings"))
        for name, response in section(properties.get("GatewayResponses")).items():
            api.gateway_responses[name] = openapi.gateway_response(response)
    auth = section(properties.get("Auth"))
    api.sam_auth = auth
    if kind != "websocket":
        for name, given in section(auth.get("Authorizers")).items():
            api.authorizers[name] = _authorizer(resources, api, name, section(given))
    plan = section(auth.get("UsagePlan"))
    if plan.get("CreateUsagePlan", "NONE") != "NONE":
        api.limits.of_plan(plan)
        api.keys = frozenset((f"{logical_id}ApiKey",))
    return api


def _add_definition(resources: Resources, resource: Resource, api: ApiResource, properties: dict[str, Any]) -> None:
    body = properties.get("DefinitionBody")
    place = properties.get("DefinitionUri")
    if body is None and isinstance(place, str) and not place.startswith("s3:"):
        body = resources.evaluate(load(resources.path(place, resource.line_of("DefinitionUri"))))
    elif body is None and place is not None:
        resources.stack.notes.add(resource.line_of("DefinitionUri"), f"{resource.logical_id}'s definition is in S3")
    if not isinstance(body, Section):
        return
    openapi.add(resources, api, body)
    api.defined = not truth(properties.get("MergeDefinitions")) and api.kind == "rest"
    default = api.sam_auth.get("DefaultAuthorizer")
    for route in api.routes:
        if default and not route.authorizer and not route.api_key and route.method != "OPTIONS":
            route.authorizer = text(default)


def _authorizer(resources: Resources, api: ApiResource, name: str, given: dict[str, Any]) -> AuthorizerResource:
    line = getattr(given, "line", 0)
    http = api.kind == "http"
    identity = section(given.get("Identity"))
    made = AuthorizerResource(name=name, kind="request", line=line, seconds=0.0 if http else 300.0)
    jwt = {key.lower(): value for key, value in section(given.get("JwtConfiguration")).items()}
    if jwt:
        made.kind = "jwt"
        made.issuer, made.audience = text(jwt.get("issuer") or ""), texts(jwt.get("audience"))
        made.identity = openapi.sources(given.get("IdentitySource")) or ("header.Authorization",)
        made.scopes = texts(given.get("AuthorizationScopes"))
        return made
    made.scopes = texts(given.get("AuthorizationScopes"))
    made.validation = text(identity.get("ValidationExpression") or "")
    if "ReauthorizeEvery" in identity:
        made.seconds = float(identity["ReauthorizeEvery"])
    if given.get("UserPoolArn"):
        made.kind = "cognito"
        made.issuer = openapi.cognito_issuer(texts(given["UserPoolArn"])[0])
        made.identity = (f"header.{identity.get('Header') or 'Authorization'}",)
        return made
    made.function = resources.function(given.get("FunctionArn")) or ""
    made.credentials = bool(given.get("FunctionInvokeRole")) and given["FunctionInvokeRole"] != "NONE"
    made.simple = truth(given.get("EnableSimpleResponses"))
    made.payload = text(given.get("AuthorizerPayloadFormatVersion") or "1.0") if http else "1.0"
    if not http and given.get("FunctionPayloadType", "TOKEN") == "TOKEN":
        made.kind = "token"
        made.identity = (f"header.{identity.get('Header') or 'Authorization'}",)
    else:
        made.identity = _identity(identity)
    if not made.function:
        resources.stack.notes.add(line, f"the authorizer {name} is no function of this template: it lets nobody in")
    elif (
        truth(given.get("EnableFunctionDefaultPermissions"))
        if http
        else not (made.credentials or truth(given.get("DisableFunctionDefaultPermissions")))
    ):
        resources.stack.permissions.append(authorizer_permission(resources, api, made))
    return made


def authorizer_permission(resources: Resources, api: ApiResource, authorizer: AuthorizerResource) -> GrantedPermission:
    """Return the statement by which an API may call its authorizer, as SAM makes it."""
    account = resources.stack.account
    arn = f"arn:{account.partition}:execute-api:{account.region}:{account.account}:{api.api_id}/authorizers/*"
    name = f"{api.logical_id}{authorizer.name}AuthorizerPermission"
    properties = invoked_by_api(arn)
    return GrantedPermission(function=authorizer.function, properties=properties, name=name, line=authorizer.line)


def _identity(identity: dict[str, Any]) -> tuple[str, ...]:
    kinds = (("Headers", "header"), ("QueryStrings", "querystring"), ("StageVariables", "stageVariables"))
    found = [f"{prefix}.{each}" for key, prefix in kinds for each in texts(identity.get(key))]
    return (*found, *(f"context.{each}" for each in texts(identity.get("Context"))))


def _add_web_socket(resources: Resources, resource: Resource, api: ApiResource, properties: dict[str, Any]) -> None:
    api.selection = text(properties.get("RouteSelectionExpression") or api.selection)
    account = resources.stack.account
    arn = f"arn:{account.partition}:execute-api:{account.region}:{account.account}:{api.api_id}/{api.stages[0].name}"
    auth = section(properties.get("Auth"))
    named = text(auth.get("AuthType") or "NONE")
    for key, given in section(properties.get("Routes")).items():
        function = resources.function(section(given).get("FunctionArn"))
        line = getattr(given, "line", resource.line)
        if function is None:
            resources.stack.notes.add(line, f"the route {key} of {api.logical_id} is no function of this template")
            continue
        seconds = section(given).get("IntegrationTimeout")
        integration = Integration(kind="lambda", function=function, seconds=seconds and float(seconds) / 1000)
        route = Route(method="", path=key, integration=integration, line=line)
        route.response = "RouteResponseSelectionExpression" in section(given)
        api.routes.append(route)
        name = f"{api.logical_id}{key.strip('$')}Permission"
        properties_of = invoked_by_api(f"{arn}/{key}")
        made_permission = GrantedPermission(function=function, properties=properties_of, name=name, line=line)
        resources.stack.permissions.append(made_permission)
        if key == "$connect" and named == "AWS_IAM":
            route.authorizer = named
        elif key == "$connect" and named == "CUSTOM":
            route.authorizer = "Authorizer"
    if named == "CUSTOM":
        made = AuthorizerResource(name=text(auth.get("Name") or "Authorizer"), kind="request", line=resource.line)
        made.function = resources.function(auth.get("AuthArn")) or ""
        made.identity = openapi.sources(auth.get("IdentitySource"))
        made.seconds = 0.0
        made.credentials = bool(auth.get("InvokeRole"))
        api.authorizers["Authorizer"] = made
        if not made.credentials:
            resources.stack.permissions.append(authorizer_permission(resources, api, made))
