"""The tools, and what each is to have sent of an invocation before the function is frozen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sent:
    """What has come of one invocation by the time of the freeze.

    Attributes:
        http: path and body of each request that a tool has sent.
        udp: each datagram.
        log: what the function has written.
    """

    http: list[tuple[str, bytes]]
    udp: list[bytes]
    log: str

    def objects(self) -> Iterator[dict[str, Any]]:
        """The log's lines that are JSON objects."""
        for line in self.log.splitlines():
            if line.startswith("{"):
                yield json.loads(line)


@dataclass
class Report:
    """One thing that a tool has reported.

    Attributes:
        request_id: of the invocation, where it says one.
        is_error: whether it reports the app's exception.
    """

    request_id: str | None = None
    is_error: bool = False


@dataclass
class Tool:
    """A tool with its recipe.

    Attributes:
        name: as in the table.
        recipe: the block of docs/observability.md.
        packages: what has to be installed.
        reports: reads what it has sent.
        before: code that stands before the recipe.
        wsgi: more of that, for a WSGI app.
        handler: what Lambda's setting names.
        variables: environment variables.
        has_ids: whether it says request ids.
        sees_errors: whether it reports exceptions.
        interfaces: of the apps that it is for.
    """

    name: str
    recipe: str
    packages: tuple[str, ...]
    reports: Callable[[Sent], list[Report]]
    before: str = ""
    wsgi: str = ""
    handler: str = "recipe.handler"
    variables: dict[str, str] = field(default_factory=dict)
    has_ids: bool = True
    sees_errors: bool = True
    interfaces: tuple[str, ...] = ("asgi", "wsgi")
    streams: bool = True


def sentry(sent: Sent) -> list[Report]:
    found = []
    for _, envelope in sent.http:
        lines = envelope.split(b"\n")[1:]
        for head, payload in zip(lines[::2], lines[1::2], strict=False):
            kind, item = json.loads(head)["type"], json.loads(payload)
            if kind in ("event", "transaction"):
                found.append(Report(item.get("extra", {}).get("lambda", {}).get("aws_request_id"), kind == "event"))
    return found


def otel(sent: Sent) -> list[Report]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found: list[Report] = []
    failed = set()
    for path, body in sent.http:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                ids = [line.value.string_value for line in span.attributes if line.key == "faas.invocation_id"]
                found.append(Report(ids[0] if ids else None))
                if span.status.code == 2:
                    failed.add(span.trace_id)
    # Of the spans that an exception has gone through, each says so: it is one exception in one trace.
    return found + [Report(None, True) for _ in failed]


def datadog(sent: Sent) -> list[Report]:
    spans = [span for line in sent.objects() for trace in line.get("traces", ()) for span in trace]
    errors = [span for span in spans if "error.message" in span["meta"] or "error.msg" in span["meta"]]
    found = [Report(span["meta"].get("request_id")) for span in spans if span not in errors]
    return found + [Report(None, True) for _ in errors[:1]]


def powertools_log(sent: Sent) -> list[Report]:
    found = [Report(line["function_request_id"]) for line in sent.objects() if "function_request_id" in line]
    return found + tracebacks(sent)


def powertools_metrics(sent: Sent) -> list[Report]:
    return [Report() for line in sent.objects() if line.get("requests")]


def xray(sent: Sent) -> list[Report]:
    documents = [json.loads(datagram.partition(b"\n")[2]) for datagram in sent.udp]
    return [Report(document.get("annotations", {}).get("request_id")) for document in documents]


def structlog(sent: Sent) -> list[Report]:
    return [Report(line["request_id"]) for line in sent.objects() if line.get("event") == "seen"]


def correlation(sent: Sent) -> list[Report]:
    """Lines that begin with request id and correlation id, both."""
    lines = [line.split(" ", 2) for line in sent.log.splitlines() if line.startswith("id-")]
    found = [Report(words[0]) for words in lines if len(words[1]) == 32]
    return found + (
        tracebacks(sent) if any("answered 500" in words[2] and len(words[1]) == 32 for words in lines) else []
    )


def tracebacks(sent: Sent) -> list[Report]:
    """Exceptions in the log: each traceback ends with a line of its own."""
    return [Report(None, True) for line in sent.log.splitlines() if line == "ZeroDivisionError: division by zero"]


def kept(sent: Sent) -> list[Report]:
    return [Report() for line in sent.log.splitlines() if line == "kept"]


def any_line(sent: Sent) -> list[Report]:
    return [Report() for line in sent.log.splitlines() if "at work" in line]


MEMORY = """
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemNotFoundError

class Memory(BasePersistenceLayer):
    records = {}
    def _get_record(self, idempotency_key):
        if idempotency_key not in self.records:
            raise IdempotencyItemNotFoundError
        return self.records[idempotency_key]
    def _put_record(self, data_record):
        self.records[data_record.idempotency_key] = data_record
    def _update_record(self, data_record):
        self.records[data_record.idempotency_key] = data_record
        print("kept", flush=True)
    def _delete_record(self, data_record):
        self.records.pop(data_record.idempotency_key)

store = Memory()
"""

DATADOG = {
    "DD_LAMBDA_HANDLER": "recipe.handler",
    "DD_FLUSH_TO_LOG": "true",
    "DD_TRACE_ENABLED": "true",
    "DD_SERVICE": "shop",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
}
MIDDLEWARE = """
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
app = OpenTelemetryMiddleware(app)
"""
OTEL = ("opentelemetry.instrumentation.aws_lambda", "opentelemetry.exporter.otlp.proto.http")

TOOLS = [
    Tool("Sentry", "sentry", ("sentry_sdk",), sentry, before="import os\nDSN = os.environ['DSN']\n"),
    Tool("OpenTelemetry, in code", "otel", OTEL, otel, wsgi=MIDDLEWARE),
    Tool("OpenTelemetry, by a hook", "otel-hook", OTEL, otel, sees_errors=False),
    Tool(
        "OpenTelemetry, its layer",
        "otel-layer",
        OTEL,
        otel,
        handler="tests.observe.otel_wrapper.lambda_handler",
        variables={"ORIG_HANDLER": "recipe.handler"},
        sees_errors=False,
    ),
    Tool(
        "Datadog", "datadog", ("datadog_lambda",), datadog, handler="datadog_lambda.handler.handler", variables=DATADOG
    ),
    Tool("Powertools Logger", "powertools", ("aws_lambda_powertools",), powertools_log),
    Tool("Powertools Tracer", "powertools", ("aws_lambda_powertools",), xray, has_ids=False, sees_errors=False),
    Tool(
        "Powertools Metrics",
        "powertools",
        ("aws_lambda_powertools",),
        powertools_metrics,
        has_ids=False,
        sees_errors=False,
    ),
    Tool(
        "Powertools Parser", "parser", ("aws_lambda_powertools", "pydantic"), any_line, has_ids=False, sees_errors=False
    ),
    Tool(
        "Powertools Idempotency",
        "idempotency",
        ("aws_lambda_powertools", "jmespath"),
        kept,
        before=MEMORY,
        has_ids=False,
        sees_errors=False,
        streams=False,
    ),
    Tool("X-Ray SDK", "xray", ("aws_xray_sdk",), xray, sees_errors=False),
    Tool("structlog", "structlog", ("structlog",), structlog, sees_errors=False),
    Tool("asgi-correlation-id", "correlation-id", ("asgi_correlation_id",), correlation, interfaces=("asgi",)),
]
