from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from bridge.errors import ConfigurationError
from bridge.gateway import Template
from bridge.gateway._listener import listener
from bridge.gateway._template import reloading, tokens
from bridge.gateway._template.api_model import AuthorizerResource
from bridge.gateway._template.authorizing import DeniedError
from bridge.gateway._template.deployment import Deployment, ThrottledError
from bridge.gateway._template.environments import local
from bridge.gateway._template.serving import Desk

CODE = """
import os, time

VALUE = {value}

def handler(event, context):
    wants = event.get("rawPath", "/")[1:]
    if wants == "slow":
        time.sleep(1)
    if wants == "wait":
        with open("/".join((os.path.dirname(__file__), "waits")), "w") as file:
            file.write(f"{{VALUE}} {{os.getpid()}}")
    while wants == "wait" and not os.path.exists("/".join((os.path.dirname(__file__), "go"))):
        time.sleep(0.01)
    if wants == "end":
        os._exit(3)
    return {{"statusCode": 200, "body": f"{{VALUE}} {{os.getpid()}}"}}
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      { Runtime: python3.13, Handler: app.handler, CodeUri: code, Timeout: 5, Events: { E: { Type: HttpApi } } }
  Other:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.13, Handler: app.handler, CodeUri: other }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "other").mkdir()
    write(tmp_path, 1)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path / "template.yaml"


def write(folder: Path, value: int) -> None:
    (folder / "code" / "app.py").write_text(CODE.format(value=value))


def test_there_are_as_many_processes_as_events_at_once(path: Path) -> None:
    with Template(path).serving() as apis:
        first = httpx.get(apis.url).text
        assert httpx.get(apis.url).text == first
        waits = threading.Thread(target=httpx.get, args=(apis.url + "/wait",))
        waits.start()
        file = path.parent / "code" / "waits"
        while not (file.exists() and file.read_text()):
            time.sleep(0.01)
        assert file.read_text() == first
        assert httpx.get(apis.url).text != first
        (path.parent / "code" / "go").touch()
        waits.join()


def test_a_process_that_ends_is_replaced_when_the_next_event_comes(path: Path) -> None:
    with Template(path).serving() as apis:
        first = httpx.get(apis.url).text
        assert httpx.get(apis.url + "/end").status_code == 500
        second = httpx.get(apis.url).text
        assert second.startswith("1 ")
        assert second != first


def test_a_process_that_has_ended_while_it_was_idle_is_replaced(path: Path) -> None:
    with Template(path).serving() as apis:
        pid = int(httpx.get(apis.url).text.split()[1])
        os.kill(pid, 9)
        deadline = time.monotonic() + 10
        while httpx.get(apis.url).status_code != 200:
            assert time.monotonic() < deadline


def test_no_more_events_run_than_the_template_reserves(path: Path) -> None:
    path.write_text(TEMPLATE.replace("Timeout: 5", "Timeout: 5, ReservedConcurrentExecutions: 1"))

    async def both() -> list[int]:
        async with httpx.AsyncClient() as client:
            answers = [client.get(apis.url + "/slow", timeout=20) for _ in range(2)]
            return sorted(answer.status_code for answer in await asyncio.gather(*answers))

    with Template(path).serving() as apis:
        assert asyncio.run(both()) == [200, 500]


async def test_a_function_with_nothing_reserved_is_throttled() -> None:
    plain = Path(__file__).parent / "templates" / "plain" / "template.yaml"
    with pytest.raises(ThrottledError):
        await Deployment(Template(plain)._stack).invoke("Full", {}, "id", 1)


def test_functions_run_in_the_environment_that_is_named(path: Path, tmp_path: Path) -> None:
    # A virtual environment's interpreter that finds nothing of this one but the standard library.
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    python.chmod(0o755)
    (path.parent / "code" / "app.py").write_text(
        "import sys\ndef handler(event, context): return {'statusCode': 200, 'body': str(sys.flags.no_site)}"
    )
    with TestClient(Template(path, python=str(python)).app()) as client:
        assert client.get("/").text == "1"


def test_an_app_starts_its_functions_without_a_lifespan_too(path: Path) -> None:
    template = Template(path)
    app = template.app("ServerlessHttpApi")
    assert TestClient(app).get("/").text.startswith("1 ")
    for environments in app._deployment.environments.values():  # type: ignore[attr-defined]
        environments.close()
    with pytest.raises(KeyError):
        template.app("Nothing")


def served(path: Path) -> tuple[Desk, str]:
    desk = Template(path).desk("127.0.0.1", 0, eager=True)
    desk.prepare()
    return desk, desk.served["ServerlessHttpApi"]


async def test_functions_and_templates_that_change_are_served_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reloading, "SECONDS", 0.01)
    caplog.set_level("INFO")
    desk, _ = served(path)
    renewed = asyncio.Event()

    def renew() -> None:
        desk.renew(Template(path).deployment())
        renewed.set()

    async def value() -> Any:
        event = {"rawPath": "/", "requestContext": {}}
        return json.loads(await desk.deployment.invoke("F", event, "id", 20))["body"].split()[0]

    task = asyncio.create_task(reloading.follow(path, lambda: desk.deployment, renew))
    assert await value() == "1"
    while "its code has changed" not in caplog.text:
        write(path.parent, 22)  # of another length: Python takes the bytecode of a source as long, of the same second
        await asyncio.sleep(0.05)
    assert await value() == "22"
    (path.parent / "code" / ".hidden").mkdir()
    (path.parent / "code" / "more").mkdir()
    (path.parent / "code" / "gone").symlink_to("nowhere")
    path.write_text(TEMPLATE.replace("Timeout: 5", "Timeout: 6"))
    await asyncio.wait_for(renewed.wait(), 20)
    assert desk.deployment.timeout("F") == 6
    task.cancel()
    path.write_text(TEMPLATE + "  Late: { Type: AWS::Serverless::HttpApi }\n")
    with pytest.raises(ConfigurationError, match="has other APIs now: start again"):
        renew()
    await asyncio.gather(*desk._ending)
    desk.close()


async def test_what_runs_beside_and_fails_is_said_at_the_end(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk, _ = served(path)

    async def failing() -> None:
        raise RuntimeError("it failed")

    async def waiting() -> None:
        await asyncio.sleep(60)

    desk.companions += [failing, waiting]
    received: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    task = asyncio.create_task(desk({"type": "lifespan"}, received.get, send))
    await received.put({"type": "lifespan.startup"})
    await asyncio.sleep(0.05)
    await received.put({"type": "lifespan.shutdown"})
    await task
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert "what runs beside has failed: RuntimeError('it failed')" in caplog.text
    desk.close()


def test_each_further_app_is_on_the_next_port_that_is_free(path: Path) -> None:
    with listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigurationError, match="cannot listen"):
            Template(path).desk("127.0.0.1", port, eager=False)
    with listener("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1] - 1
        try:
            desk = Template(path).desk("127.0.0.1", port, eager=False)
        except ConfigurationError:
            pytest.skip("another process has the port before")
    assert int(desk.control.rpartition(":")[2]) > port + 1
    assert next(iter(desk.lines())) == f"ServerlessHttpApi (HTTP API): http://127.0.0.1:{port}/"
    desk.close()
    ipv6 = Template(path).desk("::1", 0, eager=False)
    assert ipv6.control.startswith("http://[::1]:")
    ipv6.close()


def test_urls_in_variables_are_those_of_this_machine() -> None:
    urls = {"//a.execute-api.us-east-1.amazonaws.com": "http://127.0.0.1:1", "lambda": "http://127.0.0.1:2"}
    text = "https://a.execute-api.us-east-1.amazonaws.com/x wss://a.execute-api.us-east-1.amazonaws.com https://b"
    assert local(text, urls) == "http://127.0.0.1:1/x ws://127.0.0.1:1 https://b"


class Issuer(BaseHTTPRequestHandler):
    keys: object = {"keys": [{"kid": "one"}]}

    def do_GET(self) -> None:
        assert isinstance(self.server, HTTPServer)
        place = f"http://127.0.0.1:{self.server.server_port}/keys"
        answer = (
            self.keys if self.path == "/keys" else {"jwks_uri": place if self.path.startswith("/a/") else "file:///x"}
        )
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        return


async def test_an_issuers_keys_are_fetched_once_and_from_the_web_only(caplog: pytest.LogCaptureFixture) -> None:
    server = HTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    class Request:
        what = "GET /"

    def authorizer(issuer: str) -> tokens.TokenAuthorizer:
        return tokens.TokenAuthorizer(AuthorizerResource(name="T", kind="jwt", issuer=issuer), {})

    try:
        good = authorizer(url + "/a")
        assert await good._fetched(Request()) == [{"kid": "one"}]  # type: ignore[arg-type]
        Issuer.keys = {"keys": []}
        assert await good._fetched(Request()) == [{"kid": "one"}]  # type: ignore[arg-type]
        for issuer in (url + "/b", "file:///etc", "http://127.0.0.1:9", ""):
            with pytest.raises(ValueError, match="does not answer"):
                await authorizer(issuer)._fetched(Request())  # type: ignore[arg-type]
    finally:
        server.shutdown()
        server.server_close()
    assert "--jwks FILE" in caplog.text
    assert not tokens._verified({"n": "AQAB", "e": "AQAB"}, "RS256", b"x", b"y")
    assert DeniedError("UNAUTHORIZED").challenge == ""


def test_what_sam_has_built_is_served_with_the_packages_beside_it(tmp_path: Path) -> None:
    """`sam build` leaves a template whose CodeUri is a folder with the code and its packages."""
    built = tmp_path / ".aws-sam" / "build"
    (built / "F" / "shelf").mkdir(parents=True)
    (built / "F" / "shelf" / "__init__.py").write_text("NAME = 'built'\n")
    (built / "F" / "app.py").write_text(
        "import shelf\ndef handler(event, context): return {'statusCode': 200, 'body': shelf.NAME}\n"
    )
    (built / "template.yaml").write_text(TEMPLATE.replace("CodeUri: code", "CodeUri: F").partition("  Other:")[0])
    with TestClient(Template(built / "template.yaml").app()) as client:
        assert client.get("/").text == "built"
