"""What one request has come to, as CloudWatch metrics and as a line like a server's.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from contextvars import ContextVar

from ..errors import DeadlineError, ResultTooLargeError, StatusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

UNITS = {
    "Requests": "Count",
    "Responses4xx": "Count",
    "Responses5xx": "Count",
    "ColdStarts": "Count",
    "DeadlinesMissed": "Count",
    "ResponsesTooLarge": "Count",
    "Duration": "Milliseconds",
    "ResponseSize": "Bytes",
}
"""The metrics, by name."""

_is_cold = True


class Observation:
    """One request, while it is handled.

    Attributes:
        method: the request's; None: the event is no HTTP request.
        path: the request's.
        client: the client's address.
        route: the path's template, where the framework says it: "/items/{id}".
        status: what the client gets.
        size: bytes of the response's body.
        answered: when the response was complete, by `time.perf_counter`.
        error: what has failed.
    """

    method: str | None = None
    path = ""
    client = ""
    route: str | None = None
    status = 0
    size = 0
    answered: float | None = None
    error: BaseException | None = None

    def __init__(self, context: Any, namespace: str | None, logs: bool) -> None:
        global _is_cold
        self._context = context
        self._namespace = namespace
        self._logs = logs
        self._is_cold, _is_cold = _is_cold, False
        self._begun = time.perf_counter()

    def ask(self, method: str, path: str, client: str) -> None:
        """Take note of what has been asked for."""
        self.method, self.path, self.client = method, path, client

    def __enter__(self) -> None:
        self._token = _current.set(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._token)
        if error is not None and not isinstance(error, StatusError):
            self.error, self.status = error, 500
        if self.method is None or not self.status:
            return  # no request; or one that a decorator has answered
        self._milliseconds = round(((self.answered or time.perf_counter()) - self._begun) * 1000, 3)
        if self._namespace is not None:
            sys.stdout.write(json.dumps(self._emf(self._namespace)) + "\n")
            sys.stdout.flush()
        if self._logs:
            self._log()

    def _emf(self, namespace: str) -> dict[str, Any]:
        """Return the metrics, in CloudWatch's embedded metric format. What is no metric is there for Logs Insights."""
        values = {
            "Requests": 1,
            "Responses4xx": int(400 <= self.status < 500),
            "Responses5xx": int(self.status >= 500),
            "ColdStarts": int(self._is_cold),
            "DeadlinesMissed": int(isinstance(self.error, DeadlineError)),
            "ResponsesTooLarge": int(isinstance(self.error, ResultTooLargeError)),
            "Duration": self._milliseconds,
            "ResponseSize": self.size,
        }
        # A path has no end of values, and each would be a metric to pay for: only a route is a dimension.
        dimensions = [["FunctionName"]] if self.route is None else [["FunctionName"], ["FunctionName", "Route"]]
        metrics = [{"Name": name, "Unit": unit} for name, unit in UNITS.items()]
        line: dict[str, Any] = {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics}],
            },
            "FunctionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"),
            **values,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "requestId": getattr(self._context, "aws_request_id", None),
        }
        if self.route is not None:
            line["Route"] = self.route
        return line

    def _log(self) -> None:
        line = f"{self.method} {self.path}"
        if not line.isprintable():
            line = repr(line)[1:-1]
        fields = {"method": self.method, "path": self.path, "status": self.status, "route": self.route}
        access().info(
            '%s "%s" %s %s B %s ms',
            self.client or "-",
            line,
            self.status,
            self.size,
            self._milliseconds,
            extra={**fields, "bytes": self.size, "milliseconds": self._milliseconds},
        )


def current() -> Observation | None:
    """Return the observation of the invocation that is being handled."""
    return _current.get()


def access() -> logging.Logger:
    """Return the logger of access lines. It has a level of its own, for the root logger's is WARNING in Lambda."""
    logger = logging.getLogger("bridge.access")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return logger


_current: ContextVar[Observation | None] = ContextVar("bridge.observation", default=None)
