"""A Lambda authorizer of the REQUEST kind: who may connect.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
"""

from __future__ import annotations

import logging
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ._function import TimedOutError, UninvokedError

if TYPE_CHECKING:
    from typing import Any

    from ..types import Event
    from ._function import Invokable

log = logging.getLogger("bridge.gateway")

SECONDS = 29.0


class RefusedError(Exception):
    """The client may not connect.

    Attributes:
        status: what it is told.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Authorizer:
    """A function that answers a $connect request with a policy and, if it likes, a context.

    Args:
        function: the authorizer.
        region: where the API is, as its ARN says.
        account: the same.
    """

    def __init__(self, function: Invokable, *, region: str = "us-east-1", account: str = "123456789012") -> None:
        self._function = function
        self._start = f"arn:aws:execute-api:{region}:{account}"

    async def context(self, event: Event) -> dict[str, str]:
        """Return what every event of the connection says of the client: `principalId`, and its context, as text.

        Args:
            event: of the $connect route.

        Raises:
            RefusedError: the authorizer raised "Unauthorized" (401), denied (403), or failed (500).
        """
        context = event["requestContext"]
        arn = f"{self._start}:{context['apiId']}/{context['stage']}/$connect"
        request = {"type": "REQUEST", "methodArn": arn, **event}
        try:
            answer = await self._function.invoke(request, context["requestId"], SECONDS)
        except (TimedOutError, UninvokedError) as error:
            log.error("authorizer: %s", error)
            raise RefusedError(500) from None
        except Exception as error:
            if says_unauthorized(error):
                raise RefusedError(401) from None
            log.exception("authorizer: it failed")
            raise RefusedError(500) from None
        try:
            allowed, _ = allows(answer["policyDocument"]["Statement"], arn)
            texts = {name: text(value) for name, value in (answer.get("context") or {}).items()}
            principal = str(answer["principalId"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            log.error("authorizer: %r is no answer with principalId, policyDocument and context: %r", answer, error)
            raise RefusedError(500) from None
        if not allowed:
            raise RefusedError(403)
        return {"principalId": principal, **texts}


def says_unauthorized(error: Exception) -> bool:
    """Return whether a Lambda authorizer has raised "Unauthorized", which is what makes it a 401."""
    return getattr(error, "message", str(error)) == "Unauthorized"


def allows(statements: Any, arn: str) -> tuple[bool, bool]:
    """Return whether a policy's statements allow what an ARN names, and whether one denies it by name.

    Raises:
        KeyError, TypeError, AttributeError: they are no statements.
    """
    statements = [statements] if isinstance(statements, dict) else statements
    effects = {statement["Effect"] for statement in statements if _matches(statement["Resource"], arn)}
    return effects == {"Allow"}, "Deny" in effects


def _matches(resources: Any, arn: str) -> bool:
    patterns = [resources] if isinstance(resources, str) else resources
    # "[" is a plain character in a policy.
    return any(fnmatchcase(arn, pattern.replace("[", "[[]")) for pattern in patterns)


def text(value: object) -> str:
    """Return a value of an authorizer's context as events have it.

    Raises:
        ValueError: a context has no such values.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"a context's values are text, numbers and booleans, and not of type {type(value).__name__}")
    return str(value)
