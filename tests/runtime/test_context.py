"""The context, beside that of Lambda's own runtime."""

import json
import time
from typing import Any

import pytest

from bridge.runtime._context import InvocationContext, described
from bridge.runtime._fault import FaultError
from bridge.runtime._invocation import Invocation
from bridge.runtime._reply import Reply

CLIENT = {
    "client": {"installation_id": "i", "app_title": "t", "app_package_name": "p"},
    "custom": {"a": [1]},
    "env": {"b": "c"},
}


def context(**headers: str) -> InvocationContext:
    reply = Reply()
    reply.headers = {"lambda-runtime-aws-request-id": "id-1", "lambda-runtime-deadline-ms": "0"} | {
        "lambda-runtime-" + name.replace("_", "-"): value for name, value in headers.items()
    }
    return Invocation(reply).context()


def test_the_time_that_is_left() -> None:
    left = context(deadline_ms=str(int(time.time() * 1000) + 60_000)).get_remaining_time_in_millis()
    assert 0 < left <= 60_000
    assert context().get_remaining_time_in_millis() == 0


@pytest.mark.parametrize("deadline", ["9" * 400, "9" * 5000, "soon", "", "-1", "1.5", "١٢"])
def test_a_deadline_that_is_none_is_the_error_of_that_invocation(deadline: str) -> None:
    with pytest.raises(FaultError, match="Unable to parse the deadline"):
        context(deadline_ms=deadline)


def test_a_deadline_may_be_far_away() -> None:
    assert context(deadline_ms="9" * 18).get_remaining_time_in_millis() > 10**15


@pytest.mark.parametrize("client", [CLIENT, {}, {"client": None}, {"client": {}}, {"custom": 1}], ids=str)
def test_it_has_what_lambda_s_own_has(client: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    theirs_of = pytest.importorskip("awslambdaric.bootstrap", reason="awslambdaric is not installed")
    for name in ("FUNCTION_NAME", "FUNCTION_VERSION", "FUNCTION_MEMORY_SIZE", "LOG_GROUP_NAME", "LOG_STREAM_NAME"):
        monkeypatch.setenv(f"AWS_LAMBDA_{name}", name)
    described.cache_clear()
    identity = {"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"}
    ours = context(
        client_context=json.dumps(client),
        cognito_identity=json.dumps(identity),
        invoked_function_arn="arn",
        aws_tenant_id="blue",
    )
    theirs = theirs_of.create_lambda_context(json.dumps(client), json.dumps(identity), 0, "id-1", "arn", "blue")
    names = [name for name in vars(theirs) if not name.startswith("_")]
    assert len(names) > 8
    for name in names:
        assert flat(getattr(ours, name)) == flat(getattr(theirs, name)), name
    described.cache_clear()


def flat(value: Any) -> Any:
    """An object as a dict of its attributes, all the way down."""
    names = getattr(value, "__slots__", None) or getattr(value, "__dict__", None)
    return {name: flat(getattr(value, name)) for name in names} if names else value


def test_nothing_said_of_client_and_identity() -> None:
    nothing = context()
    assert nothing.client_context is None
    assert nothing.identity.cognito_identity_id is None


def test_log_writes_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    context().log(["a line"])
    assert capsys.readouterr().out == "['a line']"


def test_it_names_the_invocation() -> None:
    assert "aws_request_id='id-1'" in repr(context())
