"""APIs as an OpenAPI definition has them, with API Gateway's extensions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .api_model import AuthorizerResource, Integration, Route
from .functions import cors
from .resources import section, text, texts

if TYPE_CHECKING:
    from .api_model import ApiResource
    from .resources import Resources
    from .values import Section

_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
_ANY = "x-amazon-apigateway-any-method"
_PREFIX = re.compile(r"(?:method|route)\.request\.|\$?request\.|\$(?=context|stageVariables)")


def add(resources: Resources, api: ApiResource, definition: Section) -> None:
    """Add a definition's routes, authorizers and settings to an API."""
    schemes = section(section(definition.get("components")).get("securitySchemes"))
    schemes = schemes or section(definition.get("securityDefinitions"))
    for name, scheme in schemes.items():
        _add_scheme(resources, api, name, section(scheme))
    for path, methods in section(definition.get("paths")).items():
        for method, operation in section(methods).items():
            if method in _METHODS or method == _ANY:
                _add_route(resources, api, definition, path, method, operation)
    api.binary += texts(definition.get("x-amazon-apigateway-binary-media-types"))
    api.cors = cors(definition.get("x-amazon-apigateway-cors")) or api.cors
    responses = section(definition.get("x-amazon-apigateway-gateway-responses"))
    for name, response in responses.items():
        api.gateway_responses[name] = gateway_response(response)


def gateway_response(given: dict[str, Any]) -> dict[str, Any]:
    """Return a gateway response: its status, headers and templates."""
    names = {name.lower(): value for name, value in given.items()}
    parameters = section(names.get("responseparameters"))
    headers = {
        name.removeprefix("gatewayresponse.header."): text(value)
        for name, value in parameters.items()
        if name.startswith("gatewayresponse.header.")
    }
    headers |= {name: text(value) for name, value in section(parameters.get("Headers")).items()}  # as SAM has them
    status = names.get("statuscode")
    return {
        "status": None if status is None else int(status),
        "headers": headers,
        "templates": section(names.get("responsetemplates")),
    }


def integration(resources: Resources, given: dict[str, Any], line: int) -> Integration:
    """Return an integration: of a definition, or, with capitals, of a `Method` resource."""
    names = {name.lower(): value for name, value in given.items()}
    kind = str(names.get("type") or names.get("integrationtype") or "").lower().replace("-", "_")
    uri = names.get("uri") or names.get("integrationuri")
    made = Integration(kind="http", settings={"uri": uri})
    if kind == "mock":
        made.kind = "mock"
    elif kind in ("aws_proxy", "aws"):
        function, service = resources.function(uri), names.get("integrationsubtype")
        if service:
            resources.stack.notes.add(line, f"an integration with {service} is answered with 501")
        elif function is None:
            resources.stack.notes.add(line, f"the integration's URI is no function of this template: {uri!r:.200}")
        else:
            made.kind, made.function = "lambda" if kind == "aws_proxy" else "custom", function
    else:
        resources.stack.notes.add(line, f"an integration of type {kind or 'none'} is answered with 501")
    made.payload = text(names.get("payloadformatversion") or "1.0")
    milliseconds = names.get("timeoutinmillis")
    made.seconds = None if milliseconds is None else float(milliseconds) / 1000
    made.streaming = names.get("responsetransfermode") == "STREAM" or "/response-streaming-invocations" in str(uri)
    made.credentials = bool(names.get("credentials") or names.get("credentialsarn"))
    made.request_templates = section(names.get("requesttemplates"))
    made.passthrough = str(names.get("passthroughbehavior") or "when_no_match").lower()
    made.responses = _responses(names)
    return made


def _responses(names: dict[str, Any]) -> dict[str, Any]:
    found = {}
    listed = names.get("integrationresponses") or ()
    pairs = [(each.get("SelectionPattern") or "default", each) for each in listed]
    for pattern, response in [*pairs, *section(names.get("responses")).items()]:
        each = {name.lower(): value for name, value in section(response).items()}
        found[pattern] = {
            "status": int(each.get("statuscode") or 200),
            "headers": {
                name.removeprefix("method.response.header."): text(value)
                for name, value in section(each.get("responseparameters")).items()
            },
            "templates": section(each.get("responsetemplates")),
        }
    return found


def sources(given: Any) -> tuple[str, ...]:
    """Return identity sources in one form: "header.Authorization", "querystring.token", "context.path"."""
    split = given.split(",") if isinstance(given, str) else texts(given)
    return tuple(_PREFIX.sub("", each.strip()) for each in split if each.strip())


def authorizer(resources: Resources, name: str, given: dict[str, Any], line: int, *, http: bool) -> AuthorizerResource:
    """Return a Lambda or JWT authorizer: of a definition, or, with capitals, of an `Authorizer` resource."""
    names = {key.lower(): value for key, value in given.items()}
    kind = str(names.get("type") or names.get("authorizertype") or "").lower()
    ttl = names.get("authorizerresultttlinseconds")
    made = AuthorizerResource(name=name, kind="request", line=line)
    made.identity = sources(names.get("identitysource"))
    made.seconds = (0.0 if http else 300.0) if ttl is None else float(ttl)
    made.payload = text(names.get("authorizerpayloadformatversion") or "1.0")
    made.simple = text(names.get("enablesimpleresponses")) == "true"
    made.validation = str(names.get("identityvalidationexpression") or "")
    made.credentials = bool(names.get("authorizercredentials") or names.get("authorizercredentialsarn"))
    if kind == "jwt":
        made.kind = "jwt"
        jwt = {key.lower(): value for key, value in section(names.get("jwtconfiguration")).items()}
        made.issuer, made.audience = text(jwt.get("issuer") or ""), texts(jwt.get("audience"))
    elif kind == "cognito_user_pools":
        made.kind = "cognito"
        pools = texts(names.get("providerarns"))
        made.issuer = cognito_issuer(pools[0]) if pools else ""
    else:
        made.kind = "token" if kind == "token" else "request"
        made.function = resources.function(names.get("authorizeruri")) or ""
        if not made.function:
            resources.stack.notes.add(line, f"the authorizer {name} is no function of this template: it lets nobody in")
    if made.kind in ("jwt", "cognito", "token"):
        made.identity = made.identity or ("header.Authorization",)
    return made


def cognito_issuer(pool_arn: str) -> str:
    """Return the issuer of a user pool's tokens."""
    parts = pool_arn.split(":")
    region = parts[3] if len(parts) > 3 else "us-east-1"
    return f"https://cognito-idp.{region}.amazonaws.com/{pool_arn.rpartition('/')[2]}"


def _add_scheme(resources: Resources, api: ApiResource, name: str, scheme: dict[str, Any]) -> None:
    given = scheme.get("x-amazon-apigateway-authorizer")
    line = getattr(scheme, "line", 0)
    if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
        api.schemes[name] = "AWS_IAM"
    elif isinstance(given, dict):
        made = authorizer(resources, name, given, line, http=api.kind == "http")
        if made.kind == "token" and scheme.get("name"):
            made.identity = (f"header.{scheme['name']}",)
        if made.kind == "cognito":
            made.identity = (f"header.{scheme.get('name') or 'Authorization'}",)
        api.authorizers[name] = made
        api.schemes[name] = name
    elif scheme.get("type") == "apiKey":
        api.schemes[name] = "API_KEY"
    else:
        resources.stack.notes.add(line, f"the security scheme {name} has no x-amazon-apigateway-authorizer")


def _add_route(
    resources: Resources, api: ApiResource, definition: Section, path: str, method: str, operation: Any
) -> None:
    operation = section(operation)
    line = getattr(operation, "line", 0)
    given = operation.get("x-amazon-apigateway-integration")
    if not isinstance(given, dict):
        resources.stack.notes.add(line, f"{method} {path} has no x-amazon-apigateway-integration: it is not there")
        return
    route = Route(
        method="ANY" if method == _ANY else method.upper(),
        path=path.removeprefix("/") if path.startswith("/$") else path,
        integration=integration(resources, given, line),
        line=line,
    )
    for requirement in operation.get("security", definition.get("security")) or ():
        for name, scopes in section(requirement).items():
            meant = api.schemes.get(name, "")
            if meant == "API_KEY":
                route.api_key = True
            else:
                route.authorizer, route.scopes = meant, texts(scopes)
    api.routes.append(route)
