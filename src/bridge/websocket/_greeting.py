"""What an app sends in $connect, posted when the connection is established.

API Gateway answers 410 to posts while $connect runs, so another invocation of the same function makes them.
https://repost.aws/knowledge-center/410-gone-api-gateway
"""

from __future__ import annotations

import json
import os
from time import monotonic, sleep

from .._invocation import logger
from ._errors import ConnectionGoneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..types import Event

EVENT_TYPE = "AFTER_CONNECT"
"""The `eventType` of Bridge's own event. API Gateway has none of this name."""

INVOKE = "Lambda (InvokeFunction)"
"""What errors call it."""

LOCAL_VARIABLE = "BRIDGE_LAMBDA_ENDPOINT"
"""The variable in which a local gateway says where it takes invocations."""

SECONDS = 3.0
"""How long a connection may take to be established."""

PAUSE = 0.1
"""Seconds between two attempts."""


def invoke(event: Event, context: Any, greetings: list[str]) -> bool:
    """Invoke this function again, to post greetings; return whether Lambda has accepted that."""
    function = getattr(context, "invoked_function_arn", None) or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    names = ("connectionId", "connectedAt", "apiId", "stage", "domainName")
    request_context = {name: event["requestContext"].get(name) for name in names}
    payload = {"requestContext": {**request_context, "eventType": EVENT_TYPE}, "greetings": greetings}
    try:
        import boto3

        client = boto3.client("lambda", endpoint_url=os.environ.get(LOCAL_VARIABLE), **_credentials())
        client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(payload).encode())
    except Exception as error:
        logger().error("what the app has sent in $connect could not be handed to another invocation", exc_info=error)
        return False
    return True


def _credentials() -> dict[str, str]:
    """Return those that a local gateway has given, as boto3 takes them; {}: it finds those of the function."""
    if LOCAL_VARIABLE not in os.environ:
        return {}
    from ._api.credentials import LOCAL_KEY, LOCAL_VARIABLE as SECRET_VARIABLE

    secret = os.environ.get(SECRET_VARIABLE)
    return {"aws_access_key_id": LOCAL_KEY, "aws_secret_access_key": secret} if secret else {}


def post_all(post: Callable[[str], None], greetings: list[str], seconds: float) -> bool:
    """Post greetings, as soon as the connection is there. Return whether it has come to be there."""
    end = monotonic() + min(SECONDS, seconds)
    for text in greetings:
        while True:
            try:
                post(text)
                break
            except ConnectionGoneError:
                if monotonic() + PAUSE > end:
                    return False
                sleep(PAUSE)
    return True
