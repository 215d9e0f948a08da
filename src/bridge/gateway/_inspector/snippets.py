"""A recorded request as something to copy: a curl command, a `bridge event` command, a test."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .recording import Record

_OF_THE_CONNECTION = frozenset(("host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"))
"""Headers that a client makes itself."""

_QUOTED_BODY = 2000
"""Bytes of a body that a test compares."""


def snippets(record: Record, target: str, *, is_app: bool, is_template: bool) -> dict[str, str]:
    """Return what can be copied of a request, by its title; nothing if the record has no whole request.

    Args:
        record: the request.
        target: what is served: "app:handler", or a template's path.
        is_app: whether the target is an app, which a test has to wrap.
        is_template: whether it is a template.
    """
    if record.method in ("WEBSOCKET", "EVENT") or not record.body.is_whole:
        return {}
    made = {"curl": curl(record)}
    if record.way is not None:
        made["bridge event"] = event(record)
        if record.milliseconds is not None and record.status is not None:
            made["pytest"] = template_test(record, target) if is_template else test(record, target, is_app=is_app)
    return made


def curl(record: Record) -> str:
    """Return a curl command that sends the request again."""
    url = shlex.quote(f"http://{record.server}{record.target}")
    parts = ["curl", "-i", "--globoff", "--path-as-is"]
    parts += ["--head"] if record.method == "HEAD" else ["-X", shlex.quote(record.method)]
    for name, value in _headers(record):
        parts += ["-H", shlex.quote(f"{name}: {value}" if value else f"{name};")]
    return _with_body(parts, record.body.data, "--data-raw", "--data-binary", url)


def event(record: Record) -> str:
    """Return a `bridge event` command that prints the event which the API makes of the request."""
    assert record.way is not None  # noqa: S101
    parts = ["python", "-m", "bridge", "event", shlex.quote(record.method)]
    stage = record.way.settings.get("stage", "$default")
    prefix = "" if stage == "$default" else f"/{stage}"
    path, query = urlsplit_target(record.target)
    path = (path[len(prefix) :] or "/") if (path + "/").startswith(f"{prefix}/") else path
    parts += [shlex.quote(path + query), "--api", record.way.api]
    for name, value in record.way.settings.items():
        if name in ("stage", "payload", "trigger"):
            parts += [f"--{name}", shlex.quote(value)]
        else:
            parts.append("--multi-value")
    for name, value in [("host", record.server), *_headers(record)]:
        parts += ["-H", shlex.quote(f"{name}: {value}")]
    safe = "-d" if not record.body.data.startswith(b"@") else ""
    return _with_body(parts, record.body.data, safe, "-d")


def urlsplit_target(target: str) -> tuple[str, str]:
    """Return path and query of a request, the query with its question mark."""
    split = urlsplit("//x" + target) if target.startswith("/") else urlsplit(target)
    return split.path or "/", f"?{split.query}" if split.query else ""


def test(record: Record, target: str, *, is_app: bool) -> str:
    """Return a test of the handler behind the same API."""
    assert record.way is not None  # noqa: S101
    module, _, name = target.partition(":") if ":" in target else target.rpartition(".")
    module = module.removesuffix(".py").removeprefix("./").replace("/", ".")
    imported = name.partition(".")[0]
    made = f"Bridge({name})" if is_app else name
    options = "".join(f", {key}={value!r}" for key, value in {"api": record.way.api, **record.way.settings}.items())
    lines = [
        "from starlette.testclient import TestClient",
        "",
        *(["from bridge import Bridge"] if is_app else []),
        "from bridge.gateway import Gateway",
        f"from {module} import {imported}",
        "",
        "",
        f"def {_name(record)}() -> None:",
        f"    with TestClient(Gateway({made}{options})) as client:",
    ]
    return "\n".join([*lines, *_asked(record)]) + "\n"


def template_test(record: Record, target: str) -> str:
    """Return a test of a template's API."""
    assert record.way is not None  # noqa: S101
    lines = [
        "from starlette.testclient import TestClient",
        "",
        "from bridge.gateway import Template",
        "",
        "",
        f"def {_name(record)}() -> None:",
        f"    with TestClient(Template({target!r}).app({record.way.name!r})) as client:",
    ]
    return "\n".join([*lines, *_asked(record)]) + "\n"


def _asked(record: Record) -> list[str]:
    content = f", content={record.body.data!r}" if record.body.data else ""
    indent = "        "
    headers = [f"{indent}    ({name!r}, {value!r})," for name, value in _headers(record)]
    lines = [f"{indent}headers = [", *headers, f"{indent}]"] if headers else []
    given = ", headers=headers" if headers else ""
    lines.append(
        f"{indent}response = client.request({record.method!r}, {record.target!r}{given}{content}, "
        "follow_redirects=False)"
    )
    return [*lines, *(f"    {line}" for line in _checks(record))]


def _checks(record: Record) -> list[str]:
    checks = [f"assert response.status_code == {record.status}"]
    body = record.response_body
    if record.method == "HEAD" or not body.is_whole or len(body.data) > _QUOTED_BODY:
        return checks
    headers = {name.lower(): value for name, value in record.response_headers}
    if "content-encoding" in headers:  # the client decodes what it gets
        return checks
    try:
        text = body.data.decode()
    except UnicodeDecodeError:
        return [*checks, f"assert response.content == {body.data!r}"]
    if "json" in headers.get("content-type", ""):
        try:
            return [*checks, f"assert response.json() == {json.loads(text)!r}"]
        except ValueError:
            pass
    return [*checks, f"assert response.content == {body.data!r}"] if text else checks


def _name(record: Record) -> str:
    path, _ = urlsplit_target(record.target)
    words = re.findall("[0-9A-Za-z]+", path)[:6]
    return "_".join(["test", record.method.lower().replace("-", "_"), *words]).lower()[:80]


def _headers(record: Record) -> list[tuple[str, str]]:
    return [(name, readable(value)) for name, value in record.headers if name.lower() not in _OF_THE_CONNECTION]


def readable(value: str) -> str:
    """Return a header's value, of which a character is a byte, as the text that it means."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


def _with_body(parts: list[str], body: bytes, plain: str, from_input: str, *rest: str) -> str:
    """Return a command with a body: as its argument if it can be one, else through a pipe."""
    if not body:
        return " ".join([*parts, *rest])
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and plain and "\0" not in text:
        return " ".join([*parts, plain, shlex.quote(text), *rest])
    piped = [f"printf %s {b64encode(body).decode()} | base64 -d |", *parts, from_input, "@-"]
    return " ".join([*piped, *rest])
