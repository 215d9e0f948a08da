"""What a template deploys, as far as it is served: functions, APIs with their routes, permissions, events.

Whether SAM's short forms said so, an OpenAPI definition, or CloudFormation's resources one by one, it ends here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .._permission import INVOKE, statement
from .throttling import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from .identities import Account
    from .notes import Notes

API_GATEWAY = "apigateway.amazonaws.com"

ApiResourceKind = Literal["http", "rest", "websocket", "url", "alb"]


@dataclass(kw_only=True)
class FunctionResource:
    """A Lambda function.

    Attributes:
        logical_id: its key among the template's resources.
        name: "FunctionName", or the logical id.
        line: where it stands.
        handler: "app.handler".
        runtime: "python3.13"; "" for an image.
        code: its folder; None if it is not on this machine, or is no folder.
        inline: its code, where the template has it: the module "index".
        layers: folders of the template's layers.
        environment: its variables.
        timeout: seconds.
        memory: MB.
        concurrency: `ReservedConcurrentExecutions`.
        unserved: why it cannot run here; "" if it can.
    """

    logical_id: str
    name: str
    line: int = 0
    handler: str = ""
    runtime: str = ""
    code: Path | None = None
    inline: str = ""
    layers: list[Path] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    timeout: float = 3.0
    memory: int = 128
    concurrency: int | None = None
    unserved: str = ""


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


@dataclass(frozen=True, kw_only=True)
class GrantedPermission:
    """A statement of a function's policy.

    Attributes:
        function: its logical id.
        properties: of `AWS::Lambda::Permission`, whoever has written them.
        name: what grants it, for logs.
        line: where it stands.
    """

    function: str
    properties: dict[str, Any]
    name: str = ""
    line: int = 0

    @property
    def statement(self) -> dict[str, Any]:
        """Return the statement that Lambda makes of it."""
        return statement(self.properties, sid=self.name)


@dataclass(kw_only=True)
class EventResource:
    """What else calls a function: a queue, a topic, a schedule.

    Attributes:
        name: "Orders/Queue": the function's logical id and the event's, or the resource's.
        function: the function's logical id.
        kind: "sqs", "sns", "s3", "schedule", "eventbridge", "dynamodb", "kinesis", or "cloudwatch-logs".
        source: ARN.
        batch: records of an event, at most.
        partial: whether its answer may name the records that failed: `ReportBatchItemFailures`.
        schedule: "rate(5 minutes)" or "cron(...)".
        event: a schedule's own input.
        enabled: whether it is.
        line: where it stands.
    """

    name: str
    function: str
    kind: str
    source: str = ""
    batch: int = 10
    partial: bool = False
    schedule: str = ""
    event: Any = None
    enabled: bool = True
    line: int = 0


@dataclass(kw_only=True)
class Domain:
    """A custom domain name, and the APIs behind it by base path: (base path, API's logical id, stage)."""

    name: str
    mappings: list[tuple[str, str, str]] = field(default_factory=list)
    line: int = 0


@dataclass(kw_only=True)
class Stack:
    """All that a template deploys."""

    account: Account
    notes: Notes
    functions: dict[str, FunctionResource] = field(default_factory=dict)
    apis: dict[str, ApiResource] = field(default_factory=dict)
    permissions: list[GrantedPermission] = field(default_factory=list)
    events: list[EventResource] = field(default_factory=list)
    domains: dict[str, Domain] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


def invoked_by_api(arn: str) -> dict[str, Any]:
    """Return the properties of a permission for API Gateway."""
    return {"Action": INVOKE, "Principal": API_GATEWAY, "SourceArn": arn}
