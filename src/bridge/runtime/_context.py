"""The context of an invocation, as handlers know it."""

from __future__ import annotations

import os
import sys
import time
from functools import cache, partial
from types import SimpleNamespace

from ._fault import FaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._invocation import Invocation


class InvocationContext:
    """What a handler gets beside the event.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html

    Args:
        invocation: the invocation.
        headers: all that the Runtime API says of it.
        deadline: in milliseconds since 1970.

    Attributes:
        tenant_id: of a function with tenant isolation; None elsewhere.
        trace_id: X-Ray's, as `_X_AMZN_TRACE_ID` has it; None where there is none.

    Raises:
        FaultError: what the Runtime API says of the client or its identity is no JSON.
    """

    def __init__(self, invocation: Invocation, headers: dict[str, str], deadline: int) -> None:
        (
            self.function_name,
            self.function_version,
            self.memory_limit_in_mb,
            self.log_group_name,
            self.log_stream_name,
        ) = described()
        self.aws_request_id = invocation.request_id
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = invocation.tenant_id
        self.trace_id = invocation.trace_id
        client = headers.get("lambda-runtime-client-context")
        self.client_context = _client_context(client) if client else None
        identity = headers.get("lambda-runtime-cognito-identity")
        self.identity = _identity(identity) if identity else _nobody()
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation; 0 after that."""
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        return f"LambdaContext(aws_request_id={self.aws_request_id!r}, function_name={self.function_name!r})"


@cache
def described() -> list[str | None]:
    """Return what Lambda says of the function in environment variables, which stays the same as long as the process."""
    names = ("FUNCTION_NAME", "FUNCTION_VERSION", "FUNCTION_MEMORY_SIZE", "LOG_GROUP_NAME", "LOG_STREAM_NAME")
    return [os.environ.get("AWS_LAMBDA_" + name) for name in names]


def _client_context(header: str) -> SimpleNamespace:
    """Return what a caller with an AWS mobile SDK says of itself."""
    found = _object(header, "Client Context")
    client = found.get("client")
    if isinstance(client, dict):
        names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
        client = SimpleNamespace(**{name: client.get(name) for name in names})
    return SimpleNamespace(custom=found.get("custom"), env=found.get("env"), client=client)


_nobody = partial(SimpleNamespace, cognito_identity_id=None, cognito_identity_pool_id=None)


def _identity(header: str) -> SimpleNamespace:
    found = _object(header, "Cognito Identity")
    return SimpleNamespace(
        cognito_identity_id=found.get("cognitoIdentityId"),
        cognito_identity_pool_id=found.get("cognitoIdentityPoolId"),
    )


def _object(header: str, name: str) -> dict[str, Any]:
    import json

    try:
        found = json.loads(header)
        if isinstance(found, dict):
            return found
        reason = f"it is a {type(found).__name__}"
    except ValueError as error:
        reason = str(error)
    raise FaultError("Runtime.LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {reason}")
