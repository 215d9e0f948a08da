"""Errors as Lambda has them."""

import base64
import json

from hypothesis import given, strategies as st

from bridge.runtime.fault import CAUSE_LIMIT, TRAILER_LIMIT, Fault, FaultError


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@given(st.text(), st.text(max_size=20))
def test_a_trailer_and_a_header_are_one_line_whatever_the_error_says(message: str, kind: str) -> None:
    fault = Fault(raised(FaultError(kind, message)), "id-1")
    error = json.loads(base64.b64decode(fault.trailer(), validate=True))
    assert error["errorMessage"] == message
    assert error["errorType"] == kind
    assert error["requestId"] == "id-1"
    assert fault.header.isprintable()
    assert fault.header.isascii()
    assert len(fault.header) == len(kind)
    assert fault.cause().isascii()
    assert "\n" not in fault.cause()


def test_a_trailer_has_bounds() -> None:
    trailer = Fault(raised(ValueError("x" * TRAILER_LIMIT * 2))).trailer()
    error = json.loads(base64.b64decode(trailer))
    assert (error["errorMessage"], error["stackTrace"]) == ("x" * TRAILER_LIMIT, [])


def test_a_cause_that_is_too_long_is_left_out() -> None:
    assert Fault(ValueError("x" * CAUSE_LIMIT)).cause() == ""
    assert json.loads(Fault(ValueError("x")).cause())["exceptions"] == [
        {"message": "x", "type": "ValueError", "stack": []}
    ]


def test_a_stack_trace_is_that_of_the_cause() -> None:
    error = FaultError("Runtime.ImportModuleError", "Unable to import")
    error.__cause__ = raised(ImportError("inner"))
    body = json.loads(Fault(error).json())
    assert (body["errorType"], body["errorMessage"]) == ("Runtime.ImportModuleError", "Unable to import")
    assert ["in raised" in line for line in body["stackTrace"]] == [True]
