"""The context of a local invocation."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class LambdaContext:
    """What Lambda's runtime passes to a handler beside the event.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html

    Args:
        request_id: becomes `aws_request_id`.
        seconds: the function's timeout, which starts to run now.
    """

    function_name = "local"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:local"
    memory_limit_in_mb = "128"
    log_group_name = "/aws/lambda/local"
    log_stream_name = "local"
    identity = None
    client_context = None

    def __init__(self, request_id: str, seconds: float) -> None:
        self.aws_request_id = request_id
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the timeout; 0 after it."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def describe(environment: Mapping[str, str]) -> None:
    """Let this process's contexts say which function it is, if its environment has Lambda's own variables."""
    name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
    if name:
        region = environment.get("AWS_REGION", "us-east-1")
        LambdaContext.function_name = name
        LambdaContext.invoked_function_arn = f"arn:aws:lambda:{region}:123456789012:function:{name}"
        LambdaContext.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        LambdaContext.log_group_name = f"/aws/lambda/{name}"
