"""The function's log, as Lambda's own runtime would write it."""

import json
import logging
import re
import sys
import time
from io import StringIO
from typing import Any

import pytest

from bridge.runtime._logs import JsonFormatter, set_up

from .api import RuntimeApi
from .conftest import Runtime, Runtimes

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


def logged(api: RuntimeApi, runtime: Runtimes, **variables: str) -> Runtime:
    process = runtime("plain.logs", **variables)
    api.invoke(1, "id-9", Lambda_Runtime_Aws_Tenant_Id="blue")
    api.post()
    return process


def test_text(api: RuntimeApi, runtime: Runtimes) -> None:
    lines = logged(api, runtime).output.splitlines()
    assert lines[0].startswith("unended[WARNING]\t")
    assert re.fullmatch(rf"unended\[WARNING\]\t{TIME}\.\d{{3}}Z\tid-9\tby the handler", lines[0])
    assert re.fullmatch(rf"\[WARNING\]\t{TIME}\.\d{{3}}Z\tid-9\tby a thread", lines[1])
    assert lines[2].startswith("[ERROR]\t")
    assert lines[-1].startswith("json.decoder.JSONDecodeError: ")


def test_json(api: RuntimeApi, runtime: Runtimes) -> None:
    process = logged(api, runtime, AWS_LAMBDA_LOG_FORMAT="JSON")
    first, second, third = [json.loads(line) for line in process.output.removeprefix("unended").splitlines()]
    assert re.fullmatch(TIME + "Z", first.pop("timestamp"))
    assert first == {
        "level": "WARNING",
        "message": "by the handler",
        "logger": "plain",
        "requestId": "id-9",
        "tenantId": "blue",
        "colour": "red",
    }
    assert (second["message"], second["requestId"], second["tenantId"]) == ("by a thread", "id-9", "blue")
    assert third["message"] == {"what": "a dict"}
    assert third["errorType"] == "JSONDecodeError"
    assert third["errorMessage"].startswith("Expecting property name")
    assert "in logs" in third["stackTrace"][0]
    assert re.search(r"plain.py:logs:\d+$", third["location"])


@pytest.mark.parametrize(("level", "count"), [("ERROR", 1), ("trace", 3), ("", 3), ("loud", 3)])
def test_the_level_is_lambda_s(level: str, count: int, api: RuntimeApi, runtime: Runtimes) -> None:
    process = logged(api, runtime, AWS_LAMBDA_LOG_LEVEL=level, AWS_LAMBDA_LOG_FORMAT="json")
    assert len(process.output.splitlines()) == count


@pytest.mark.parametrize("log_format", ["TEXT", "JSON"])
def test_an_error_is_one_event(log_format: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.fails", AWS_LAMBDA_LOG_FORMAT=log_format)
    api.invoke("way", "id-9")
    api.post()
    assert process.output.count("\n") == 1
    if log_format == "JSON":
        line = json.loads(process.output)
        assert (line["level"], line["errorType"], line["requestId"]) == ("ERROR", "LookupError", "id-9")
    else:
        first, second, *_, second_last, last = process.output.rstrip("\n").split("\r")
        assert (first, second) == ("[ERROR] LookupError: no way", "at all")
        assert second_last.startswith('\xa0\xa0File "')
        assert last.startswith("\xa0\xa0\xa0\xa0raise LookupError")


def test_text_that_utf_8_cannot_carry_is_written_all_the_same(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.prints")
    api.invoke("\ud800é")
    assert api.post().json() is None
    assert process.output == "\\ud800é\n"


def test_a_stream_that_somebody_has_replaced_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    set_up()
    logging.getLogger("x").error("to whoever it is")
    assert stream.getvalue().endswith("\tto whoever it is\n")


RECORDS: list[dict[str, Any]] = [
    {"msg": "plain"},
    {"msg": "%s and %s", "args": (1, "é")},
    {"msg": {"a": 1}},
    {"msg": {"a": object}},
    {"msg": "x", "levelno": logging.ERROR, "levelname": "ERROR"},
    {"msg": "x", "extra": {"b": [1]}, "level": "mine"},
    {"msg": "x", "aws_request_id": "id-1", "tenant_id": "blue"},
    {"msg": "x", "aws_request_id": "", "tenant_id": None},
    {"msg": "x", "exc_info": (ValueError, ValueError("wrong"), None)},
]


@pytest.mark.parametrize("fields", RECORDS, ids=str)
def test_a_json_line_is_that_of_lambda_s_own_runtime(fields: dict[str, Any]) -> None:
    utils = pytest.importorskip("awslambdaric.lambda_runtime_log_utils", reason="awslambdaric is not installed")
    theirs_formatter = utils.JsonFormatter()
    theirs_formatter.converter = time.gmtime
    ours, theirs = [
        json.loads(
            formatter.format(logging.makeLogRecord({"levelno": 20, "levelname": "INFO", "created": 1, **fields}))
        )
        for formatter in (JsonFormatter(), theirs_formatter)
    ]
    assert ours == {name: value for name, value in theirs.items() if value != ""}


def test_a_record_without_an_exception_has_no_error() -> None:
    record = logging.makeLogRecord({"msg": "x", "exc_info": sys.exc_info()})
    assert "errorType" not in JsonFormatter().format(record)
