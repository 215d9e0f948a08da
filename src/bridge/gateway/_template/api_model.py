"""An API that a template deploys: its routes, with what answers and who may call.

Whether SAM's short forms said so, an OpenAPI definition, or CloudFormation's resources one by one, it ends here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .throttling import Limits

ApiResourceKind = Literal["http", "rest", "websocket", "url", "alb"]


@dataclass(kw_only=True)
class Integration:
    """What answers a route's requests.

    Attributes:
        kind: "lambda" (proxy), "custom" (Lambda, not proxy), "mock", "http", or "fixed": a load balancer's own answer.
        function: the function's logical id.
        payload: "1.0" or "2.0".
        seconds: the longest the API waits; None for its default.
        streaming: whether the function's answer is a stream.
        credentials: whether the API calls with a role, so that no statement of the function's policy is needed.
        request_templates: mapping templates by content type.
        passthrough: `passthroughBehavior`, in lower case.
        responses: by selection pattern; "default" among them.
        settings: of a load balancer's action, or an HTTP integration.
    """

    kind: Literal["lambda", "custom", "mock", "http", "fixed"]
    function: str = ""
    payload: str = "1.0"
    seconds: float | None = None
    streaming: bool = False
    credentials: bool = False
    request_templates: dict[str, str] = field(default_factory=dict)
    passthrough: str = "when_no_match"
    responses: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Route:
    """A method and a path, or a WebSocket API's key, with what answers.

    Attributes:
        method: "GET", or "ANY".
        path: "/items/{id}", "/{proxy+}", or "$default"; a WebSocket route's key.
        integration: what answers.
        authorizer: its name in the API; "" for none, "AWS_IAM" for signatures.
        scopes: one of which a token must have.
        api_key: whether a key is required.
        response: whether what a WebSocket API's function returns goes to the client.
        line: where it stands.
    """

    method: str
    path: str
    integration: Integration
    authorizer: str = ""
    scopes: tuple[str, ...] = ()
    api_key: bool = False
    response: bool = False
    line: int = 0

    @property
    def key(self) -> str:
        """Return the route's key as HTTP APIs have it: "GET /items/{id}", "$default"."""
        return self.path if self.path.startswith("$") else f"{self.method} {self.path}"


@dataclass(kw_only=True)
class AuthorizerResource:
    """What says who may call.

    Attributes:
        name: by which routes name it.
        kind: "jwt", "request", "token", or "cognito".
        function: the Lambda authorizer's logical id.
        identity: sources: "header.Authorization", "querystring.token", "stage.name", "context.path".
        seconds: how long its answers are kept; 0 for not at all.
        payload: "1.0" or "2.0": of the event that it gets.
        simple: whether it answers with `isAuthorized`.
        validation: a regular expression of the token.
        issuer: of tokens.
        audience: of tokens.
        scopes: that routes want which name none.
        credentials: whether it is called with a role.
        line: where it stands.
    """

    name: str
    kind: Literal["jwt", "request", "token", "cognito"]
    function: str = ""
    identity: tuple[str, ...] = ()
    seconds: float = 300.0
    payload: str = "1.0"
    simple: bool = False
    validation: str = ""
    issuer: str = ""
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    credentials: bool = False
    line: int = 0


@dataclass(kw_only=True)
class CorsConfiguration:
    """What an HTTP API, or a function URL, answers browsers itself."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None


@dataclass(kw_only=True)
class Stage:
    """A stage of an API, with its variables."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class ApiResource:
    """An API, a function URL, or a load balancer's listener.

    Attributes:
        logical_id: its key among the template's resources, or what SAM would call it.
        kind: of API.
        api_id: in ARNs and domain names.
        stages: of which HTTP APIs may have several.
        routes: what it answers.
        authorizers: by name.
        schemes: what a security scheme of its OpenAPI definition means: an authorizer's name, "AWS_IAM" or "API_KEY".
        cors: what it answers browsers itself.
        binary: media types that a REST API takes for bytes.
        gateway_responses: a REST API's own answers, by their type.
        selection: a WebSocket API's route selection expression.
        signed: whether a function URL wants signatures.
        keys: which keys a REST API takes.
        limits: how many requests it takes.
        sam_auth: what SAM's `Auth` says of it.
        sam_cors: what SAM's `Cors` says of a REST API.
        defined: whether its definition has all routes, so that SAM's events add none.
        line: where it stands.
    """

    logical_id: str
    kind: ApiResourceKind
    api_id: str
    stages: list[Stage] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    authorizers: dict[str, AuthorizerResource] = field(default_factory=dict)
    schemes: dict[str, str] = field(default_factory=dict)
    cors: CorsConfiguration | None = None
    binary: list[str] = field(default_factory=list)
    gateway_responses: dict[str, Any] = field(default_factory=dict)
    selection: str = "$request.body.action"
    signed: bool = False
    keys: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    sam_auth: dict[str, Any] = field(default_factory=dict)
    sam_cors: Any = None
    defined: bool = False
    line: int = 0
