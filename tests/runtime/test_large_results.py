"""Results that only just fit, and those that do not."""

from typing import Any

import pytest

from bridge.runtime import _responder
from bridge.runtime._api import RuntimeApi as Api
from bridge.runtime._connection import BlockingConnection, RuntimeApiError, run
from bridge.runtime._fault import FaultError
from bridge.runtime._invocation import Invocation
from bridge.runtime._reply import Reply
from bridge.runtime._responder import InvocationResponder
from bridge.sources import _v2 as v2

from ..samples import sample
from .api import RuntimeApi
from .conftest import Runtimes


@pytest.mark.parametrize("target", ["large.asgi", "large.wsgi"])
def test_a_result_may_be_as_large_as_lambda_takes_and_no_larger(
    target: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    def posted(marks: int) -> Any:
        api.invoke(sample("http_api") | {"rawQueryString": str(marks)})
        return api.post()

    runtime(target)
    empty = posted(0)
    assert empty.json()["statusCode"] == 200
    fitting = (v2.LIMIT - len(empty.body)) // 2
    largest = posted(fitting)
    assert largest.json()["body"] == '"' * fitting
    assert v2.LIMIT - 2 < len(largest.body) <= v2.LIMIT
    over = posted(fitting + 1).json()
    assert (over["statusCode"], over["body"]) == (500, "Internal Server Error")


def nowhere() -> InvocationResponder:
    reply = Reply()
    reply.headers = {"lambda-runtime-aws-request-id": "id-1"}
    return InvocationResponder(Api(BlockingConnection("127.0.0.1:1")), Invocation(reply))


def test_what_has_been_measured_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    responder = nowhere()
    result = {"statusCode": 200, "body": "é"}
    assert responder.measure(result) == len('{"statusCode": 200, "body": "é"}'.encode())
    monkeypatch.delattr(_responder, "encoded")
    with pytest.raises(RuntimeApiError, match="cannot connect"):
        run(responder.result(result))


def test_another_result_than_the_one_that_was_measured_is_encoded() -> None:
    responder = nowhere()
    responder.measure({"statusCode": 200})
    with pytest.raises(FaultError, match="not JSON serializable"):
        run(responder.result({"statusCode": object()}))
