"""What a template deploys, as far as it is served: functions, permissions, events, domains, and APIs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._permission import INVOKE, statement

if TYPE_CHECKING:
    from pathlib import Path

    from .api_model import ApiResource
    from .identities import Account
    from .notes import Notes

API_GATEWAY = "apigateway.amazonaws.com"


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
        logging: what its environment says of its log.
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
    logging: dict[str, str] = field(default_factory=dict)
    timeout: float = 3.0
    memory: int = 128
    concurrency: int | None = None
    unserved: str = ""


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
        origin: the source's logical id; "" if it is not in the template.
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
    origin: str = ""
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
