"""The page on other adapters: its code before and its code after give a client the same."""

from __future__ import annotations

import asyncio
import base64
import copy
import importlib.util
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .frameworks.events import CUSTOM_DOMAIN, HTTP_V2, REST, Source, payload_v1_reply, rest_api

PAGE = Path(__file__).parent.parent / "docs/migrating.md"
DOMAIN = Source("rest-domain", rest_api, payload_v1_reply, CUSTOM_DOMAIN, "prod")
ORDER = b'{"item": "tea"}'


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""


SECTIONS: dict[str, tuple[str, list[Source], list[Asked]]] = {
    "Mangum": (
        "mangum",
        [HTTP_V2, DOMAIN],
        [Asked("GET", "/v1/items/tea"), Asked("GET", "/v1/report"), Asked("GET", "/v1/x"), Asked("GET", "/v1/fails")],
    ),
    "apig-wsgi": (
        "apig_wsgi",
        [HTTP_V2, REST],
        [Asked("GET", "/items/tea", "tag=a"), Asked("GET", "/pixel"), Asked("GET", "/x")],
    ),
    "serverless-wsgi": (
        "serverless_wsgi",
        [HTTP_V2, REST],
        [Asked("GET", "/items/tea", "tag=a&tag=b"), Asked("GET", "/pixel"), Asked("POST", "/items/tea")],
    ),
    "aws-wsgi": ("awsgi", [REST], [Asked("GET", "/items/tea", "tag=a"), Asked("GET", "/pixel"), Asked("GET", "/x")]),
    "Chalice": (
        "chalice",
        [REST],
        [Asked("GET", "/items/tea"), Asked("GET", "/items/x"), Asked("POST", "/orders", "dry=1", ORDER)],
    ),
}
RESOURCES = {"Chalice": {"/items/tea": "/items/{name}", "/items/x": "/items/{name}", "/orders": "/orders"}}
"""The routes of the API, by which Chalice finds its own."""


class Pair(NamedTuple):
    before: dict[str, Any]
    after: dict[str, Any]


def load(section: str) -> Pair:
    """Run the page's code up to a section's end, with the code before and the code after each in its own namespace."""
    text = PAGE.read_text("utf-8")
    namespace: dict[str, Any] = {"__name__": "migrating"}
    before: dict[str, Any] = {}
    for part in re.split(r"^## From ", text, flags=re.MULTILINE)[1:]:
        for kind, code in re.findall(r"^```(py|python)\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
            if kind == "python":
                exec(compile(code, PAGE, "exec"), namespace)
            elif part.startswith(f"{section}\n"):
                before = dict(namespace)
                exec(compile(code, PAGE, "exec"), before)
        if part.startswith(f"{section}\n"):
            return Pair(before, namespace)
    raise AssertionError(section)


@pytest.fixture(params=list(SECTIONS))
def section(request: pytest.FixtureRequest) -> Iterator[str]:
    module = SECTIONS[request.param][0]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed: it is in the dependency group `bench`")
    loop = asyncio.new_event_loop()  # Mangum looks for one, and leaves it open
    asyncio.set_event_loop(loop)
    yield request.param
    asyncio.set_event_loop(None)
    loop.close()


def event(section: str, source: Source, asked: Asked) -> dict[str, Any]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(asked.body)))] if asked.body else []
    made = source.event(asked.method, asked.path, asked.query, headers, asked.body)
    if section in RESOURCES:
        resource = RESOURCES[section][asked.path]
        made["resource"] = made["requestContext"]["resourcePath"] = resource
        made["pathParameters"] = {"name": asked.path.rpartition("/")[2]} if "{" in resource else None
    return made


def told(result: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
    """What a client gets: status, body, and the headers that say what the body is."""
    body = result["body"]
    decoded = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    lists = {name: ", ".join(values) for name, values in result.get("multiValueHeaders", {}).items()}
    headers = {name.lower(): value for name, value in {**result.get("headers", {}), **lists}.items()}
    with suppress(ValueError):
        decoded = json.dumps(json.loads(decoded)).encode()  # spaces are a matter of taste
    # A REST API says application/json where a result says nothing.
    told = {"content-type": "application/json", "x-internal": "", **headers}
    return int(result["statusCode"]), decoded, {name: told[name] for name in ("content-type", "x-internal")}


def test_before_and_after_a_client_gets_the_same(section: str) -> None:
    before, after = load(section)
    _, sources, requests = SECTIONS[section]
    statuses = []
    for source in sources:
        for asked in requests:
            made = event(section, source, asked)
            old = told(before["handler"](copy.deepcopy(made), Context()))
            new = told(after["handler"](made, Context()))
            if asked.path == "/v1/report" and source is HTTP_V2:
                assert old[2].pop("x-internal") == "1"  # as the page says of payload 2.0
                assert new[2].pop("x-internal") == ""
            assert old == new, (source.name, asked)
            statuses.append(new[0])
    assert statuses.count(200) >= len(sources)
    assert len(set(statuses)) > 1


class Context:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@pytest.mark.parametrize("section", ["Mangum"], indirect=True)
def test_a_custom_handler_of_mangum_s_is_a_source(section: str) -> None:
    before, after = load(section)
    made = {"queue-url": "/items/tea", "payload": ""}
    old, new = (pair["handler"](copy.deepcopy(made), Context()) for pair in (before, after))
    assert old == new == {"status": 200, "payload": '{"name":"tea","stage":"queue"}'}


@pytest.mark.parametrize("section", ["Mangum"], indirect=True)
def test_the_table_of_paths_is_right(section: str) -> None:
    before, after = load(section)
    text = PAGE.read_text("utf-8")
    seen: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append((scope["path"], scope["root_path"]))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    made = DOMAIN.event("GET", "/v1/items/tea")
    before["Mangum"](app, lifespan="off", api_gateway_base_path="/v1")(made, None)
    after["Bridge"](app, lifespan="off", base_path="/v1")(made, None)
    (old_path, old_root), (new_path, new_root) = seen
    assert f'| `scope["path"]`, `request.url.path` | `{old_path}` | `{new_path}` |' in text
    assert f'| `scope["root_path"]` | {old_root or "empty"} | `{new_root}` |' in text


@pytest.mark.parametrize("section", ["Mangum"], indirect=True)
def test_the_access_log_writes_a_line(section: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "access")
    logged = load(section).after["logged"]
    logged(HTTP_V2.event("GET", "/items/tea"), None)
    assert "GET /items/tea 200" in caplog.messages
