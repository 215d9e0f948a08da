"""A request on its way through an API, with what has been found out about it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._watch import Way

if TYPE_CHECKING:
    from starlette.requests import Request

    from ...sources._client_request import ClientRequest
    from .api_model import ApiResource, Route, Stage
    from .identities import Account

log = logging.getLogger("bridge.gateway")


@dataclass(kw_only=True)
class ApiExchange:
    """A request, the stage and the route that it takes, and who is allowed to.

    Attributes:
        request: as the server has it.
        call: as the API has it; its path has the stage, where the client's URL has it.
        account: where the template is taken to be deployed.
        api: which it reaches.
        stage: of the API.
        path: percent-encoded, without the stage and without a custom domain's base path.
        domain: a custom domain's name, if the client came by one.
        route: which it takes, once that is known.
        variables: of the route's path.
        authorizer: what the event says of the caller.
        steps: what `--explain` logs.
    """

    request: Request
    call: ClientRequest
    account: Account
    api: ApiResource
    stage: Stage
    path: str
    domain: str = ""
    route: Route | None = None
    variables: dict[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] | None = None
    steps: list[str] = field(default_factory=list)

    @property
    def what(self) -> str:
        """Return the request, for logs."""
        return f"{self.api.logical_id} {self.call.method} {self.call.raw_path}"

    def taken(self) -> Route:
        """Return the route."""
        assert self.route is not None  # noqa: S101
        return self.route

    def context(self) -> dict[str, str]:
        """Return what `$context` has in templates and mappings, by names such as "context.requestId"."""
        found = {
            "context.requestId": self.call.request_id,
            "context.extendedRequestId": self.call.request_id,
            "context.stage": self.stage.name,
            "context.httpMethod": self.call.method,
            "context.path": self.call.raw_path,
            "context.identity.sourceIp": self.call.client,
            "context.identity.userAgent": self.call.user_agent,
            "context.apiId": self.api.api_id,
            "context.domainName": self.call.domain,
        }
        if self.route is not None:
            found |= {"context.resourcePath": self.route.path, "context.routeKey": self.route.key}
        for name, value in (self.authorizer or {}).items():
            found[f"context.authorizer.{name}"] = str(value)
        found |= {f"stageVariables.{name}": value for name, value in self.stage.variables.items()}
        return found

    def step(self, text: str) -> None:
        """Note a step of the way."""
        self.steps.append(text)

    def way(self) -> Way:
        """Return the way, for who watches."""
        integration = self.route.integration if self.route is not None else None
        settings: dict[str, Any] = {}
        if self.api.kind in ("http", "rest") and self.stage.name != "$default":
            settings["stage"] = self.stage.name
        if integration is not None and self.api.kind == "http" and integration.payload == "1.0":
            settings["payload"] = "1.0"
        if integration is not None and self.api.kind == "alb" and integration.settings.get("multi_value"):
            settings["multi_value"] = True
        route = self.route.key if self.route is not None else ""
        kind: Any = self.api.kind
        return Way(api=kind, settings=settings, name=self.api.logical_id, route=route, steps=self.steps)

    def explain(self, status: int | str) -> None:
        """Log the way."""
        log.info("%s: %s\n%s", self.what, status, "\n".join(f"  {step}" for step in self.steps))
