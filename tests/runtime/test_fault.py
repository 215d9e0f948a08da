"""Errors as Lambda has them."""

import base64
import json

from hypothesis import given, strategies as st

from bridge.runtime._fault import CAUSE_LIMIT, KIND_LIMIT, TRAILER_LIMIT, Fault, FaultError


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def deep(error: BaseException, depth: int) -> BaseException:
    """An error that went through this many frames, by turns: format_list folds one that repeats."""

    def odd(left: int) -> None:
        if left:
            even(left)
        raise error

    def even(left: int) -> None:
        odd(left - 1)

    caught = error
    try:
        odd(depth // 2)
    except BaseException as found:
        caught = found
    return caught


@given(st.text(max_size=100), st.text(max_size=20))
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


@given(st.text(max_size=20), st.integers(0, 2_000), st.text(max_size=20), st.integers(0, 200))
def test_trailers_stay_below_4096_bytes(message: str, messages: int, kind: str, kinds: int) -> None:
    fault = Fault(deep(FaultError(kind * kinds, message * messages), 20), "8f1d0f5e-0000-4000-8000-000000000000")
    assert len(fault.trailer()) <= TRAILER_LIMIT * 4 / 3
    assert len(fault.header) <= KIND_LIMIT
    error = json.loads(base64.b64decode(fault.trailer()))
    assert (message * messages).startswith(error["errorMessage"])
    assert error["errorType"] == (kind * kinds)[:KIND_LIMIT]


def test_a_trailer_has_the_last_frames() -> None:
    error = json.loads(base64.b64decode(Fault(deep(ValueError("here"), 100)).trailer()))
    assert error["errorMessage"] == "here"
    assert len(error["stackTrace"]) > 2
    assert "in odd" in error["stackTrace"][-1]


def test_a_long_message_is_cut_in_a_trailer() -> None:
    error = json.loads(base64.b64decode(Fault(raised(ValueError("x" * 4_000))).trailer()))
    assert (error["errorMessage"], error["stackTrace"]) == ("x" * 2_000, [])


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
