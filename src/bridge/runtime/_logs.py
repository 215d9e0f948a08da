"""The function's log: what it looks like, and whose invocation a line belongs to.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
import traceback

from .. import current
from ._causes import causes, notes, stack_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from ._fault import Fault
    from ._invocation import Invocation

TEXT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
TIMES = "%Y-%m-%dT%H:%M:%S"

NO_BREAK_SPACE = "\xa0"

RELATIONS = {"cause": "raised from", "context": "raised while handling", "member": "in this group"}
"""What is written above an error that stands behind another."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "aws_request_id",
    "tenant_id",
    "trace_id",
}


def set_up(output: TextIO | None = None) -> None:
    """Make the root logger write as AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL say.

    Args:
        output: where to; None: to standard output.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A log line that cannot be written is no reason to fail.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    handler = LambdaLoggerHandler(output or sys.stdout)
    handler.setFormatter(JsonFormatter() if _is_json() else _text_formatter())
    handler.addFilter(Filter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level in logging.getLevelNamesMapping():
        root.setLevel(level)


class LambdaLoggerHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """The root logger's handler. Tools know Lambda's own by this name: Datadog's puts trace ids into its format."""


def report(fault: Fault) -> None:
    """Write an error to the log, as Lambda's own runtime does: one event, in both formats."""
    body = fault.body()
    if _is_json():
        line = json.dumps({"timestamp": time.strftime(TIMES + "Z", time.gmtime()), "level": "ERROR", **body})
    else:
        # Carriage returns and no-break spaces keep the lines together, and indented.
        parts = [f"[ERROR] {fault.kind}: {fault.message}", "Traceback (most recent call last):", *body["stackTrace"]]
        parts += [*body.get("notes", ()), *map(_behind, body.get("causes", ()))]
        line = "\r".join(_indented(line) for part in parts for line in part.splitlines())
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _behind(cause: dict[str, Any]) -> str:
    lines = [f"{RELATIONS[cause['relation']]}: {cause['errorType']}: {cause['errorMessage']}", *cause["stackTrace"]]
    text = "\n".join(line.rstrip("\n") for line in [*lines, *cause.get("notes", ())])
    return "\n".join("  " * cause["depth"] + line for line in text.splitlines())


def _indented(line: str) -> str:
    text = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(text)) + text


def _is_json() -> bool:
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def _text_formatter() -> logging.Formatter:
    formatter = logging.Formatter(TEXT, TIMES)
    formatter.converter = time.gmtime
    return formatter


class Filter(current.LogFilter):
    """Gives each record the invocation that it belongs to."""

    latest: Invocation | None = None
    """The invocation, where the process has one at a time: for threads, which have no context of their own."""

    def filter(self, record: logging.LogRecord) -> bool:
        super().filter(record)
        if self.latest is not None and not vars(record)["aws_request_id"]:
            record.aws_request_id, record.tenant_id = self.latest.request_id, self.latest.tenant_id
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the keys that Lambda knows, and those of `extra`. A message may be a dict."""

    def format(self, record: logging.LogRecord) -> str:
        given: dict[str, Any] = record.__dict__
        fields: dict[str, Any] = {
            "timestamp": time.strftime(TIMES + "Z", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
            "requestId": given.get("aws_request_id") or None,
            "tenantId": given.get("tenant_id") or None,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            fields["errorType"] = kind.__name__
            fields["errorMessage"] = str(error)
            fields["stackTrace"] = stack_of(error, traceback.extract_tb(trace)) if error is not None else []
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
            # Lambda's own runtime loses these.
            fields["causes"] = causes(error) or None
            fields["notes"] = notes(error) or None
        for name, value in given.items():
            if name not in _STANDARD and name not in fields:
                fields[name] = value
        return json.dumps({name: value for name, value in fields.items() if value is not None}, default=str)
