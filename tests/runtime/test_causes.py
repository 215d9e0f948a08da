"""What stands behind an error is in every form in which Lambda gets to see it."""

import base64
import json
import logging
import sys
from typing import Any

import pytest

from bridge.runtime._causes import MOST, causes, notes
from bridge.runtime._fault import TRAILER_LIMIT, Fault, FaultError
from bridge.runtime._logs import JsonFormatter, report


def inner() -> None:
    raise KeyError("secret-key")


def outer() -> None:
    try:
        inner()
    except KeyError as error:
        error.add_note("found in the vault")
        raise RuntimeError("outer") from error


def while_handling() -> None:
    try:
        inner()
    except KeyError:
        raise RuntimeError("outer")  # noqa: B904


def group() -> None:
    errors = []
    for text in ("first", "second"):
        try:
            raise ValueError(text)
        except ValueError as error:
            errors.append(error)
    raise ExceptionGroup("unhandled errors in a TaskGroup", errors)


def raised(function: Any) -> Exception:
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def told(error: BaseException) -> list[tuple[str, str, str]]:
    return [(cause["relation"], cause["errorType"], cause["errorMessage"]) for cause in causes(error)]


def test_causes_contexts_and_members_are_told_apart() -> None:
    assert told(raised(outer)) == [("cause", "KeyError", "'secret-key'")]
    assert told(raised(while_handling)) == [("context", "KeyError", "'secret-key'")]
    assert told(raised(group)) == [("member", "ValueError", "first"), ("member", "ValueError", "second")]
    assert told(raised(inner)) == []
    assert causes(None) == []
    assert notes(None) == []


def test_a_context_that_was_suppressed_is_not_told() -> None:
    error = raised(while_handling)
    error.__suppress_context__ = True
    assert told(error) == []


def test_a_cause_has_its_frames_and_notes_and_depth() -> None:
    error = RuntimeError("top")
    error.__cause__ = raised(outer)
    first, second = causes(error)
    assert (first["depth"], second["depth"]) == (1, 2)
    assert "in outer" in first["stackTrace"][-1]
    assert "in inner" in second["stackTrace"][-1]
    assert second["notes"] == ["found in the vault"]
    assert "notes" not in first


def test_errors_that_stand_behind_each_other_end() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert len(causes(one)) <= 2
    many = ExceptionGroup("many", [ExceptionGroup("some", [ValueError(str(n)) for n in range(10)]) for _ in range(10)])
    assert len(causes(many)) == MOST


@pytest.mark.parametrize(
    ("function", "kind", "message"), [(outer, "KeyError", "'secret-key'"), (group, "ValueError", "first")]
)
def test_a_json_line_and_a_posted_error_have_them(function: Any, kind: str, message: str) -> None:
    error = raised(function)
    record = logging.makeLogRecord({"msg": "x", "exc_info": (type(error), error, error.__traceback__)})
    line = json.loads(JsonFormatter().format(record))
    posted = json.loads(Fault(error).json())
    trailer = json.loads(base64.b64decode(Fault(error).trailer()))
    for found in (line, posted):
        assert (found["causes"][0]["errorType"], found["causes"][0]["errorMessage"]) == (kind, message)
        assert f"in {'inner' if function is outer else 'group'}" in found["causes"][0]["stackTrace"][-1]
    assert trailer["causes"][0] == f"{kind}: {message}"


def test_the_notes_of_the_error_itself_are_there_too() -> None:
    error = raised(inner)
    error.add_note("look here")
    record = logging.makeLogRecord({"msg": "x", "exc_info": (type(error), error, None)})
    assert json.loads(JsonFormatter().format(record))["notes"] == ["look here"]
    assert json.loads(Fault(error).json())["notes"] == ["look here"]


def test_the_text_has_them_in_one_event(capsys: pytest.CaptureFixture[str]) -> None:
    report(Fault(raised(outer)))
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    lines = [line.replace("\xa0", " ") for line in text.rstrip("\n").split("\r")]
    at = lines.index("  raised from: KeyError: 'secret-key'")
    assert lines[0] == "[ERROR] RuntimeError: outer"
    assert any("in inner" in line for line in lines[at:])
    assert lines[-1] == "  found in the vault"


def test_a_fault_of_lambdas_own_kind_has_what_stands_behind_its_cause() -> None:
    fault = FaultError("Runtime.ImportModuleError", "Unable to import module 'app': outer")
    fault.__cause__ = raised(outer)
    assert [cause["errorType"] for cause in json.loads(Fault(fault).json())["causes"]] == ["KeyError"]


def test_a_trailer_does_without_causes_that_leave_no_room() -> None:
    error = RuntimeError("x")
    error.__cause__ = type("é" * 400, (Exception,), {})("é" * 400)
    error.__cause__.__cause__ = type("é" * 400, (Exception,), {})("é" * 400)
    trailer = base64.b64decode(Fault(error).trailer())
    assert len(trailer) <= TRAILER_LIMIT
    assert "causes" not in json.loads(trailer)


def test_a_record_without_an_error_has_none() -> None:
    record = logging.makeLogRecord({"msg": "x", "exc_info": sys.exc_info()})
    assert "causes" not in json.loads(JsonFormatter().format(record))
