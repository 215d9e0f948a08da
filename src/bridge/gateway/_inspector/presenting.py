"""Records as the inspector's page gets them: JSON, in which all is text to show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .._apis import KINDS
from .snippets import readable, snippets

if TYPE_CHECKING:
    from typing import Any

    from .._template.model import Stack
    from .recording import Kept, Record, RecordedInvocation

_PREVIEW = 512
"""Bytes that are shown of what is no text."""


def summary(record: Record) -> dict[str, Any]:
    """Return a record as a line of the list."""
    failed = any(each.error for each in record.invocations)
    return {
        "number": record.number,
        "method": record.method,
        "target": record.target,
        "started": record.started,
        "status": record.status,
        "failed": failed or (record.status or 0) >= 500,
        "milliseconds": record.milliseconds,
        "api": _api(record),
        "functions": list(dict.fromkeys(each.function.name for each in record.invocations if each.function.name)),
        "callers": [{"number": number, "function": name} for number, name in record.callers],
        "replayed": record.replayed,
    }


def detail(record: Record, target: str, *, is_app: bool, is_template: bool) -> dict[str, Any]:
    """Return all of a record; the arguments are those of `snippets`."""
    way = record.way
    return {
        **summary(record),
        "route": way.route if way is not None else "",
        "steps": way.steps if way is not None else [],
        "headers": [[name, readable(value)] for name, value in record.headers],
        "body": _shown(record.body),
        "invocations": [_invocation(each) for each in record.invocations],
        "dropped": record.dropped,
        "response_headers": [[name, readable(value)] for name, value in record.response_headers],
        "response_body": _shown(record.response_body),
        "log": _shown(record.log),
        "snippets": snippets(record, target, is_app=is_app, is_template=is_template),
    }


def served(stack: Stack) -> list[dict[str, str]]:
    """Return what a template deploys: for each route, and each source of events, the function that it leads to."""
    rows = []
    for api in stack.apis.values():
        for route in api.routes:
            led = route.integration.function or route.integration.kind
            if route.authorizer:
                led += f", behind {route.authorizer}"
            key = route.path if api.kind == "websocket" else route.key
            rows.append({"api": f"{api.logical_id} ({api.kind})", "route": key, "function": led})
    rows += [{"api": each.kind, "route": each.name, "function": each.function} for each in stack.events]
    return rows


def _api(record: Record) -> str:
    if record.way is None:
        return ""
    way = record.way
    title = KINDS[way.api].title
    named = f"{way.name} ({title})" if way.name else title
    return " ".join([named, *(f"{name}={value}" for name, value in way.settings.items())])


def _invocation(invocation: RecordedInvocation) -> dict[str, Any]:
    return {
        "function": invocation.function.name,
        "request_id": invocation.request_id,
        "event": _json(invocation.event),
        "result": None if invocation.outcome is None else _json(invocation.outcome),
        "error": invocation.error,
        "streamed": invocation.streamed,
        "log": _shown(invocation.log),
        "milliseconds": invocation.milliseconds,
    }


def _json(kept: Kept) -> dict[str, Any]:
    """Return JSON for people, or its beginning as it is."""
    shown = _shown(kept)
    if kept.is_whole:
        shown["text"] = json.dumps(json.loads(kept.data), indent=2, ensure_ascii=False)
    return shown


def _shown(kept: Kept) -> dict[str, Any]:
    # A cut may be in the middle of a character.
    data = kept.data if kept.is_whole else kept.data.decode("utf-8", "ignore").encode()
    try:
        text, binary = data.decode(), False
    except UnicodeDecodeError:
        text, binary = kept.data[:_PREVIEW].hex(" "), True
    return {"text": text, "size": kept.size, "whole": kept.is_whole, "binary": binary}
