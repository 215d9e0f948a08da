"""The events of SAM's functions that are routes: `Api` and `HttpApi`, with what SAM adds to their APIs.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .api_model import Integration, Route
from .model import GrantedPermission, invoked_by_api
from .resources import section, text, texts, truth
from .sam_apis import implicit
from .values import TemplateError

if TYPE_CHECKING:
    from .api_model import ApiResource, ApiResourceKind
    from .resources import Resources

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def read(resources: Resources) -> None:
    """Read the routes of SAM's events; then the preflights of its `Cors`."""
    for resource in resources.of("AWS::Serverless::Function"):
        for name, given in section(resource.properties.get("Events")).items():
            event = section(given)
            if event.get("Type") in ("Api", "HttpApi"):
                properties = section(event.get("Properties"))
                line = getattr(given, "line", resource.line)
                kind: ApiResourceKind = "rest" if event["Type"] == "Api" else "http"
                _add(resources, resource.logical_id, name, kind, properties, line)
    for api in resources.stack.apis.values():
        if api.sam_cors:
            _add_preflights(api)


def _add(
    resources: Resources, function: str, name: str, kind: ApiResourceKind, properties: dict[str, Any], line: int
) -> None:
    given = properties.get("RestApiId" if kind == "rest" else "ApiId")
    logical_id = resources.api(given)
    if given is not None and logical_id is None:
        resources.stack.notes.add(line, f"{function}.{name} is a route of an API outside of this template: {given!r}")
        return
    api = implicit(resources, kind) if logical_id is None else resources.stack.apis[logical_id]
    if api.kind != kind:
        raise TemplateError(f"line {line}: {function}.{name} is of type {kind}, and {api.logical_id} is not")
    method = text(properties.get("Method") or "ANY").upper().replace("X-AMAZON-APIGATEWAY-ANY-METHOD", "ANY")
    path = text(properties.get("Path") or "$default")
    path = path if len(path) == 1 or path.startswith("$") else path.rstrip("/")
    _permit(resources, api, function, name, method, path, line)
    if api.defined:
        return  # the definition is all of the API, and the event only lets it in
    milliseconds = properties.get("TimeoutInMillis")
    integration = Integration(
        kind="lambda",
        function=function,
        payload=text(properties.get("PayloadFormatVersion") or ("2.0" if kind == "http" else "1.0")),
        seconds=None if milliseconds is None else float(milliseconds) / 1000,
        streaming=properties.get("ResponseTransferMode") == "RESPONSE_STREAM",
    )
    route = Route(method=method, path=path, integration=integration, line=line)
    _authorize(api, route, section(properties.get("Auth")), f"{function}.{name}")
    if any(each.method == method and each.path == path for each in api.routes):
        raise TemplateError(f"line {line}: {function}.{name}: {api.logical_id} has {method} {path} already")
    api.routes.append(route)


def _authorize(api: ApiResource, route: Route, auth: dict[str, Any], who: str) -> None:
    named = text(auth.get("Authorizer") or api.sam_auth.get("DefaultAuthorizer") or "NONE")
    if named not in ("NONE", "AWS_IAM") and named not in api.authorizers:
        raise TemplateError(f"line {route.line}: {who}: {api.logical_id} has no authorizer {named}")
    route.authorizer = "" if named == "NONE" else named
    scopes = texts(auth.get("AuthorizationScopes"))
    route.scopes = scopes or (api.authorizers[named].scopes if named in api.authorizers else ())
    route.api_key = truth(auth.get("ApiKeyRequired", api.sam_auth.get("ApiKeyRequired")))


def _permit(
    resources: Resources, api: ApiResource, function: str, name: str, method: str, path: str, line: int
) -> None:
    """Add the statement that SAM makes for an event: variables are stars, and $default is everything.

    In HTTP APIs a greedy variable stays as it is, if its name is not "proxy". The route's own ARN has it too.
    """
    account = resources.stack.account
    variable = r"\{([A-Za-z0-9._-]+\+?)\}" if api.kind == "rest" else r"\{([A-Za-z0-9._-]+|proxy\+)\}"
    place = "" if path == "$default" else re.sub(variable, "*", path)
    verb = "*" if method == "ANY" else method
    arn = f"arn:{account.partition}:execute-api:{account.region}:{account.account}:{api.api_id}/*/{verb}{place}"
    made = GrantedPermission(
        function=function, properties=invoked_by_api(arn), name=f"{function}{name}Permission", line=line
    )
    resources.stack.permissions.append(made)


def _add_preflights(api: ApiResource) -> None:
    """Add the OPTIONS methods, answered by mock integrations, that SAM makes for `Cors`."""
    given = api.sam_cors if isinstance(api.sam_cors, dict) else {"AllowOrigin": api.sam_cors}
    default = text(api.sam_auth.get("DefaultAuthorizer") or "")
    guarded = default and text(api.sam_auth.get("AddDefaultAuthorizerToCorsPreflight", True)) != "false"
    for path in dict.fromkeys(route.path for route in api.routes):
        methods = {route.method for route in api.routes if route.path == path}
        if "OPTIONS" in methods:
            continue
        allowed = _METHODS if "ANY" in methods else sorted(methods | {"OPTIONS"})
        headers = {
            "Access-Control-Allow-Methods": text(given.get("AllowMethods") or f"'{','.join(allowed)}'"),
            "Access-Control-Allow-Origin": text(given.get("AllowOrigin") or "'*'"),
        }
        for name, key in (("Headers", "AllowHeaders"), ("Max-Age", "MaxAge"), ("Credentials", "AllowCredentials")):
            value = given.get(key)
            if value is not None and value is not False:
                prefix = "Access-Control-" if name == "Max-Age" else "Access-Control-Allow-"
                headers[prefix + name] = "'true'" if name == "Credentials" else text(value)
        integration = Integration(
            kind="mock",
            request_templates={"application/json": '{"statusCode" : 200}'},
            responses={"default": {"status": 200, "headers": headers, "templates": {"application/json": "{}\n"}}},
        )
        authorizer = default if guarded else ""
        api.routes.append(
            Route(method="OPTIONS", path=path, integration=integration, authorizer=authorizer, line=api.line)
        )
