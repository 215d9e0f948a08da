"""Who may call a route: Lambda authorizers, tokens, signatures and keys.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import _authorizer as policies, _source_arn as source_arns
from .._function import TimedOutError
from .deployment import ThrottledError, UnservedError

if TYPE_CHECKING:
    from .api_model import AuthorizerResource
    from .deployment import Deployment
    from .exchange import ApiExchange

log = logging.getLogger("bridge.gateway")

SECONDS = 10.0
"""The longest that an HTTP API waits for its authorizer; a REST API waits as long as for an integration."""


class DeniedError(Exception):
    """The caller may not call the route.

    Attributes:
        kind: a gateway response's type: "UNAUTHORIZED" (401), "ACCESS_DENIED" (403), "AUTHORIZER_FAILURE" (500) ...
        challenge: the header `www-authenticate`, if there is to be one.
        message: instead of the type's own.
    """

    def __init__(self, kind: str, *, challenge: str = "", message: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.challenge = challenge
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a Lambda authorizer has said.

    Attributes:
        allowed: for authorizers with simple answers; None for those with policies.
        statements: of the policy.
        principal: whom the policy is about.
        context: what it says of the caller.
    """

    allowed: bool | None
    statements: Any
    principal: str
    context: dict[str, Any]


class LambdaAuthorizer:
    """A Lambda authorizer of an API, with what it has said for a while.

    Args:
        resource: what the template says.
        deployment: what runs its function.
    """

    def __init__(self, resource: AuthorizerResource, deployment: Deployment) -> None:
        self._resource = resource
        self._deployment = deployment
        self._said: dict[tuple[str, ...], tuple[float, Verdict]] = {}

    async def context(self, exchange: ApiExchange, event: dict[str, Any]) -> dict[str, Any]:
        """Return what the authorizer says of the caller, for the event.

        Args:
            exchange: that is to be authorized.
            event: as the route's function would get it.

        Raises:
            DeniedError: the caller may not, or the authorizer fails.
        """
        resource = self._resource
        identity = tuple(source(exchange, each) for each in resource.identity)
        if not all(identity):
            missing = [name for name, value in zip(resource.identity, identity, strict=True) if not value]
            exchange.step(f"authorizer {resource.name}: not asked, the request lacks {', '.join(missing)}")
            raise DeniedError("UNAUTHORIZED")
        if resource.validation and not re.search(resource.validation, identity[0]):
            exchange.step(f"authorizer {resource.name}: not asked, the token does not match {resource.validation}")
            raise DeniedError("UNAUTHORIZED")
        arn = request_arn(exchange)
        until, verdict = self._said.get(identity, (0.0, None)) if identity and resource.seconds else (0.0, None)
        if verdict is None or until < time.monotonic():
            verdict = await self._ask(exchange, event, identity, arn)
            if identity and resource.seconds:
                self._said[identity] = time.monotonic() + resource.seconds, verdict
            exchange.step(f"authorizer {resource.name}: asked {resource.function}")
        else:
            exchange.step(f"authorizer {resource.name}: not asked, it has answered for the same identity before")
        return self._judged(exchange, verdict, arn)

    def _judged(self, exchange: ApiExchange, verdict: Verdict, arn: str) -> dict[str, Any]:
        if verdict.allowed is None:
            allowed, explicitly = policies.allows(verdict.statements, arn)
        else:
            allowed, explicitly = verdict.allowed, False
        if not allowed:
            exchange.step(f"authorizer {self._resource.name}: denied {arn}")
            ending = " with an explicit deny" if explicitly else ""
            raise DeniedError("ACCESS_DENIED", message=f"User is not authorized to access this resource{ending}")
        if exchange.api.kind == "http":
            return verdict.context
        texts = {name: policies.text(value) for name, value in verdict.context.items()}
        return {"principalId": verdict.principal, "integrationLatency": 0, **texts}

    async def _ask(self, exchange: ApiExchange, event: dict[str, Any], identity: tuple[str, ...], arn: str) -> Verdict:
        resource = self._resource
        if not self._may_ask(exchange):
            raise DeniedError("AUTHORIZER_CONFIGURATION_ERROR")
        asked = question(exchange, resource, event, identity, arn)
        seconds = SECONDS if exchange.api.kind == "http" else 29.0
        try:
            answer = json.loads(
                await self._deployment.invoke(resource.function, asked, exchange.call.request_id, seconds)
            )
        except (TimedOutError, UnservedError, ThrottledError) as error:
            log.error("%s: authorizer %s: %s", exchange.what, resource.name, error)
            raise DeniedError("AUTHORIZER_CONFIGURATION_ERROR") from None
        except Exception as error:
            if policies.says_unauthorized(error):
                exchange.step(f"authorizer {resource.name}: raised 'Unauthorized'")
                raise DeniedError("UNAUTHORIZED") from None
            log.error("%s: authorizer %s failed: %s", exchange.what, resource.name, error)
            raise DeniedError("AUTHORIZER_CONFIGURATION_ERROR") from None
        try:
            return self._verdict(answer)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            expected = "isAuthorized" if resource.simple else "principalId and policyDocument"
            log.error(
                "%s: authorizer %s: %r is no answer with %s: %r",
                exchange.what, resource.name, answer, expected, error,
            )  # fmt: skip
            raise DeniedError("AUTHORIZER_CONFIGURATION_ERROR") from None

    def _may_ask(self, exchange: ApiExchange) -> bool:
        resource, api = self._resource, exchange.api
        if not resource.function:
            log.error("%s: authorizer %s is no function of the template", exchange.what, resource.name)
            return False
        account = self._deployment.stack.account
        place = f"{api.api_id}/authorizers/{resource.name}"
        arn = source_arns.execute_api(account.region, account.account, place)
        if resource.credentials:
            exchange.step(f"authorizer {resource.name}: called with a role")
            return True
        granted = self._deployment.granted(resource.function, source_arn=arn)
        if granted is None:
            missing = self._deployment.missing(resource.function, api.logical_id, arn, "")
            log.error("%s: 500: authorizer %s: %s", exchange.what, resource.name, missing)
            return False
        exchange.step(f"authorizer {resource.name}: {granted.name} lets the API ask")
        return True

    def _verdict(self, answer: Any) -> Verdict:
        context = answer.get("context") or {}
        if self._resource.simple:
            allowed = answer["isAuthorized"]
            if not isinstance(allowed, bool) or not isinstance(context, dict):
                raise ValueError("isAuthorized is true or false, and context a map")
            return Verdict(allowed=allowed, statements=None, principal="", context=context)
        statements = answer["policyDocument"]["Statement"]
        policies.allows(statements, "")  # whether they are statements
        for value in context.values():
            if self._resource.payload == "1.0":
                policies.text(value)  # whether it is no list or map
        return Verdict(allowed=None, statements=statements, principal=str(answer["principalId"]), context=context)


def question(
    exchange: ApiExchange, resource: AuthorizerResource, event: dict[str, Any], identity: tuple[str, ...], arn: str
) -> dict[str, Any]:
    """Return the event that a Lambda authorizer gets."""
    if resource.kind == "token":
        return {"type": "TOKEN", "methodArn": arn, "authorizationToken": identity[0]}
    asked = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
    if exchange.api.kind != "http":
        return {"type": "REQUEST", "methodArn": arn, **asked}
    if resource.payload == "2.0":
        return {**asked, "version": "2.0", "type": "REQUEST", "routeArn": arn, "identitySource": list(identity)}
    return {
        **asked,
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": arn,
        "identitySource": ",".join(identity),
        "authorizationToken": identity[0] if identity else None,
    }


def request_arn(exchange: ApiExchange) -> str:
    """Return the ARN of a request, by which a policy allows or denies it: with the path itself, not the route's."""
    account = exchange.account
    place = f"{exchange.api.api_id}/{exchange.stage.name}/{exchange.call.method}{exchange.path}"
    return source_arns.execute_api(account.region, account.account, place)


def source(exchange: ApiExchange, name: str) -> str:
    """Return the value of an identity source, "" if the request has none."""
    kind, _, rest = name.partition(".")
    if kind == "header":
        return exchange.call.header(rest.lower())
    if kind == "querystring":
        return dict(exchange.call.query).get(rest, "")
    return exchange.context().get(name, "")
