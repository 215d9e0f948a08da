import time

import pytest

from bridge.gateway._context import LambdaContext


def test_context_is_as_the_runtime_gives_it() -> None:
    context = LambdaContext("r-1", 3)
    assert context.aws_request_id == "r-1"
    assert context.invoked_function_arn.endswith(f":function:{context.function_name}")
    assert context.function_version == "$LATEST"
    assert context.memory_limit_in_mb == "128"
    assert context.identity is context.client_context is None
    assert context.log_group_name == "/aws/lambda/local"
    assert context.log_stream_name


@pytest.mark.parametrize(("seconds", "least", "most"), [(3, 2000, 3000), (0, 0, 0), (-1, 0, 0)])
def test_remaining_time_is_milliseconds_and_never_negative(seconds: float, least: int, most: int) -> None:
    remaining = LambdaContext("r-1", seconds).get_remaining_time_in_millis()
    assert isinstance(remaining, int)
    assert least <= remaining <= most


def test_remaining_time_runs() -> None:
    context = LambdaContext("r-1", 10)
    before = context.get_remaining_time_in_millis()
    time.sleep(0.01)
    assert context.get_remaining_time_in_millis() < before
