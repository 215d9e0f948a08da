"""What can be copied of a request does the same again."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from starlette.testclient import TestClient

from bridge import Bridge
from bridge.gateway import Gateway, Server, Template
from bridge.gateway._inspector import snippets
from bridge.gateway._inspector.recording import Kept, Record
from bridge.gateway._watch import Way

from .inspected import behind, inspecting

NEEDS_CURL = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("base64")), reason="needs curl and base64, which are not installed"
)


def mirror(event: Any, context: Any) -> Any:
    """What reached the function, as JSON."""
    kept = {name: value for name, value in event["headers"].items() if name.startswith("x-own")}
    said = [event["rawPath"], event["rawQueryString"], kept, event.get("body"), event["isBase64Encoded"]]
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(said)}


REQUESTS: list[Any] = [
    ("GET", "/tea?a=1&b=%20", {}, b""),
    ("GET", "/[a]/{b,c}/../d", {}, b""),
    ("POST", "/it's/$HOME/`id`", {"x-own": 'it\'s "$(id)" `id`', "x-own-empty": ""}, b"$(id) 'x' \"y\" \\n !!"),
    ("POST", "/", {"content-type": "text/plain", "x-own": "Zoë"}, "größer\n\n".encode()),
    ("PUT", "/", {}, b"@/etc/hostname"),
    ("PATCH", "/", {"content-type": "text/plain"}, b"@-"),
    ("DELETE", "/", {}, bytes(range(256))),
    ("POST", "/", {"content-type": "text/plain"}, b"a\0b"),
]


@NEEDS_CURL
@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_curl_sends_the_same_request(request_: Any) -> None:
    method, target, headers, body = request_
    lines = [("content-type", "application/octet-stream"), *headers.items()]
    encoded = [(name, value.encode().decode("latin-1")) for name, value in dict(lines).items()]
    with Server().serving(Gateway(mirror)) as url:
        record = Record(number=1, method=method, target=target, headers=encoded, server=url.removeprefix("http://"))
        record.body.add(body)
        command = snippets.curl(record)
        run = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    got = json.loads(run.stdout.partition(b"\r\n\r\n")[2])
    own = {name: value for name, value in headers.items() if name.startswith("x-own")}
    assert got[:3] == [target.partition("?")[0], target.partition("?")[2], own], command
    expected = TestClient(Gateway(mirror)).request(
        method, "/", content=body, headers={name: value.encode() for name, value in dict(lines).items()}
    )
    assert got[3:] == expected.json()[3:], command


@NEEDS_CURL
def test_curl_asks_for_a_head_only() -> None:
    with Server().serving(Gateway(mirror)) as url:
        record = Record(number=1, method="HEAD", target="/", server=url.removeprefix("http://"))
        run = subprocess.run(["sh", "-c", snippets.curl(record)], capture_output=True, check=True)
    assert run.stdout.startswith(b"HTTP/1.1 200")


@given(name=st.from_regex(r"[a-z-]{1,20}", fullmatch=True), value=st.text(max_size=50), target=st.text(max_size=50))
def test_no_value_gets_out_of_its_quotes(name: str, value: str, target: str) -> None:
    raw = value.encode("utf-8", "replace").decode("latin-1")
    record = Record(number=1, method="GET", target=f"/{target}", headers=[(f"x-{name}", raw)], server="127.0.0.1:1")
    record.way = Way(api="http", settings={})
    for command in (snippets.curl(record), snippets.event(record)):
        words = shlex.split(command)
        assert f"x-{name}: {snippets.readable(raw)}" in words or (not raw and f"x-{name};" in words)
        assert len(words) == len(shlex.split(command.replace("\n", " "))) or "\n" in value + target


APIS: list[dict[str, Any]] = [
    {"api": "http"},
    {"api": "http", "payload": "1.0", "stage": "prod"},
    {"api": "rest", "stage": "prod"},
    {"api": "url"},
    {"api": "alb", "multi_value": True},
    {"api": "lattice"},
    {"api": "edge", "trigger": "viewer-request"},
]

CHANGING = (
    "time",
    "id",
    "Id",
    "trace",
    "xamzn",
    "Epoch",
    "domain",
    "host",
    "Host",
    "forwarded",
    "port",
    "content-length",
)


def steady(value: Any) -> Any:
    """An event without what is different each time."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not any(part.lower() in k.lower() for part in CHANGING)}
        return {name: steady(each) for name, each in kept.items() if name not in ("agent", "distributionDomainName")}
    if isinstance(value, list):
        return [steady(each) for each in value]
    return value


@pytest.mark.parametrize("options", APIS, ids=str)
def test_bridge_event_prints_the_event_of_the_request(options: dict[str, Any], tmp_path: Path) -> None:
    prefix = f"/{options['stage']}" if "stage" in options else ""
    with behind(lambda event, context: {"statusCode": 200, "status": "200"}, **options) as asked:
        headers = {"content-type": "text/plain", "x-own": "it's"}
        asked.client.post(f"{prefix}/a%20b?c=d%20e", headers=headers, content="größer")
        shown = asked.detail(1)
    command = shown["snippets"]["bridge event"].replace("python", shlex.quote(sys.executable), 1)
    run = subprocess.run(["sh", "-c", command], capture_output=True, check=True, text=True)
    event = json.loads(shown["invocations"][0]["event"]["text"])
    assert steady(json.loads(run.stdout)) == steady(event)


def executed(code: str, **modules: Any) -> None:
    """Run the one test in a piece of code."""
    names: dict[str, Any] = {}
    for name, module in modules.items():
        sys.modules[name] = module
    try:
        exec(compile(code, "copied", "exec"), names)
        (test,) = [value for name, value in names.items() if name.startswith("test_")]
        test()
    finally:
        for name in modules:
            del sys.modules[name]


class Main:
    """A module."""

    handler = staticmethod(mirror)

    @staticmethod
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 404, "headers": [(b"location", b"/x")]})
        await send({"type": "http.response.body", "body": b"\xff\x00"})


@pytest.mark.parametrize("options", [{}, {"stage": "prod"}, {"api": "url"}], ids=str)
def test_the_test_passes_and_fails_if_the_answer_is_another(options: dict[str, Any]) -> None:
    prefix = f"/{options['stage']}" if "stage" in options else ""
    with behind(mirror, **options) as asked:
        asked.client.post(f'{prefix}/it\'s/tea?a="1"', headers={"x-own": "it's"}, content=b"\xff")
        code = asked.detail(1)["snippets"]["pytest"]
    executed(code, main=Main)
    broken = type("main", (), {"handler": staticmethod(lambda event, context: {"statusCode": 200, "body": "[]"})})
    with pytest.raises(AssertionError):
        executed(code, main=broken)


def test_the_test_of_an_app_wraps_it() -> None:
    with inspecting(Gateway(Bridge(Main.app)), "./main.py:app") as asked:
        asked.client.app.is_app = True  # type: ignore[attr-defined]
        asked.client.get("/")
        code = asked.detail(1)["snippets"]["pytest"]
    assert "from main import app" in code
    assert "Gateway(Bridge(app), api='http')" in code
    executed(code, main=Main)


def test_the_test_of_a_handler_with_lambda_s_spelling() -> None:
    with inspecting(Gateway(mirror), "main.handler") as asked:
        asked.client.get("/")
        executed(asked.detail(1)["snippets"]["pytest"], main=Main)


@pytest.mark.parametrize(
    ("headers", "body", "check"),
    [
        ([("Content-Type", "application/json")], b"{broken", "assert response.content == b'{broken'"),
        ([("Content-Type", "application/json")], b'{"a": 1}', "assert response.json() == {'a': 1}"),
        ([("Content-Encoding", "gzip")], b"\x1f\x8b", ""),
        ([], b"", ""),
        ([], b"x" * 3000, ""),
    ],
)
def test_what_a_test_can_compare(headers: list[tuple[str, str]], body: bytes, check: str) -> None:
    record = Record(number=1, method="GET", target="/", status=200, response_headers=headers, milliseconds=1.0)
    record.response_body.add(body)
    record.way = Way(api="http", settings={})
    last = snippets.test(record, "main:app", is_app=True).splitlines()[-1].strip()
    assert last == (check or "assert response.status_code == 200")


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": event["pathParameters"]["id"]}
      Events:
        Item:
          Type: HttpApi
          Properties: {Path: "/items/{id}", Method: get}
"""


def test_the_test_of_a_template_serves_it(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    template = Template(path)
    with inspecting(template.app(), str(path), lambda: template._stack) as asked:
        assert asked.client.get("/items/tea").text == "tea"
        shown = asked.detail(1)
    assert (shown["route"], shown["functions"]) == ("GET /items/{id}", ["Shop"])
    assert shown["api"] == "ServerlessHttpApi (HTTP API)"
    assert any(step.startswith("permission ") for step in shown["steps"])
    executed(shown["snippets"]["pytest"])


def test_a_request_that_has_not_ended_makes_no_test() -> None:
    record = Record(number=1, method="GET", target="/", way=Way(api="http", settings={}))
    assert set(snippets.snippets(record, "main:app", is_app=False, is_template=False)) == {"curl", "bridge event"}
    record.way = None
    assert set(snippets.snippets(record, "main:app", is_app=False, is_template=False)) == {"curl"}
    record.body = Kept(b"", 1)
    assert snippets.snippets(record, "main:app", is_app=False, is_template=False) == {}


@settings(max_examples=30)
@given(st.text(max_size=30))
def test_the_name_of_a_test_is_one(path: str) -> None:
    record = Record(number=1, method="M-SEARCH", target=f"/{path}", status=200, way=Way(api="http", settings={}))
    compile(snippets.test(record, "main:app", is_app=False), "copied", "exec")
