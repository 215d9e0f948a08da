"""The command line, as its user runs it: `python -m bridge`."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

import bridge
from bridge._command import cli
from bridge._command.cli import main
from bridge.sources import detect

from ..gateway.missing import run_without
from ..gateway.serving import Server, serving

MODULE = """
import sys

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})

def wsgi(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain; charset=utf-8")])
    return [environ["PATH_INFO"].encode("latin-1")]

def handler(event, context):
    return {"event": event, "milliseconds": context.get_remaining_time_in_millis(), "ä": True}

def chatty(event, context):
    print("printed")
    return "result"

class Class:
    def __call__(self, event, _context):
        return "instance"

    def method(self, event, context):
        return "method"

instance = Class()
text = "no app"
builtin = max
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module, as the current one."""
    (tmp_path / "things.py").write_text(MODULE, "utf-8")
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "event.json").write_text(json.dumps({"ä": 1}), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "things", raising=False)
    return tmp_path


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *arguments], input=stdin, capture_output=True, text=True, check=False
    )


def done(*arguments: str, stdin: str = "") -> Any:
    """What a command has printed, as JSON."""
    process = run(*arguments, stdin=stdin)
    assert (process.returncode, process.stderr) == (0, "")
    return json.loads(process.stdout)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line in which a command says why it cannot work."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert printed.out == ""
    assert line.startswith(f"bridge {arguments[0]}: ")
    return line


def event_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["event", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


APIS = {
    "http": ["--api", "http"],
    "http 1.0": ["--api", "http", "--payload", "1.0"],
    "http with a stage": ["--api", "http", "--stage", "prod"],
    "rest": ["--api", "rest"],
    "rest with a stage": ["--api", "rest", "--stage", "prod"],
    "url": ["--api", "url"],
    "alb": ["--api", "alb"],
    "alb multi": ["--api", "alb", "--multi-value"],
    "lattice": ["--api", "lattice"],
    "lattice 1.0": ["--api", "lattice", "--payload", "1.0"],
    "edge": ["--api", "edge"],
    "edge viewer": ["--api", "edge", "--trigger", "viewer-request"],
}


# invoke


def test_invoke_prints_the_result_of_a_file() -> None:
    result = done("invoke", "things:handler", "event.json", "--timeout", "3")
    assert result["event"] == {"ä": 1}
    assert 1000 < result["milliseconds"] <= 3000


def test_what_a_handler_prints_is_not_among_the_result() -> None:
    process = run("invoke", "things:chatty", "event.json")
    assert (json.loads(process.stdout), process.stderr) == ("result", "printed\n")


def test_invoke_reads_standard_input() -> None:
    assert done("invoke", "things:handler", "-", stdin='{"b": 2}')["event"] == {"b": 2}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("app", ["asgi", "wsgi"])
def test_event_of_each_api_is_one_to_invoke_with(api: str, app: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("made.json").write_text(json.dumps(event_of(capsys, "GET", "/a%20b", *APIS[api])))
    assert main(["invoke", f"things:{app}", "made.json"]) == 0
    result = json.loads(capsys.readouterr().out)
    path = "/prod/a b" if "stage" in api and app == "asgi" else "/a b"
    assert (int(result.get("statusCode") or result["status"]), result["body"]) == (200, path)


@pytest.mark.parametrize(("name", "result"), [("instance", "instance"), ("instance.method", "method")])
def test_handlers_are_not_wrapped(name: str, result: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invoke", f"things:{name}", "event.json"]) == 0
    assert json.loads(capsys.readouterr().out) == result


def test_result_is_printed_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invoke", "things:handler", "event.json"]) == 0
    assert '\n  "ä": true\n' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("things", "'things' is not MODULE:HANDLER, for example things:handler or things:app"),
        (":handler", "':handler' is not MODULE:HANDLER"),
        ("things:", "'things:' is not MODULE:HANDLER"),
        (".things:handler", "'.things:handler' is not MODULE:HANDLER"),
        ("absent:handler", "there is no module 'absent' (from "),
        ("absent.part:handler", "there is no module 'absent' (from "),
        ("things.part:handler", "there is no module 'things.part' (from "),
        ("things:absent", "module 'things' has no 'absent'"),
        ("things:handler.absent", "module 'things' has no 'handler.absent'"),
        ("things:text", "'no app' cannot be called"),
        ("things:Class", "is a class"),
        ("things:builtin", "cannot tell"),
    ],
)
def test_target_that_cannot_be_run(target: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in complaint(capsys, "invoke", target, "event.json")


def test_module_that_fails_to_import_keeps_its_traceback() -> None:
    process = run("invoke", "broken:app", "event.json")
    assert process.returncode == 1
    assert 'broken.py", line 1' in process.stderr
    assert process.stderr.endswith("ModuleNotFoundError: No module named 'nowhere_to_be_found'\n")


def test_module_of_the_current_folder_is_found_first(folder: Path) -> None:
    (folder / "httpx.py").write_text("def handler(event, context):\n    return 'mine'\n")
    assert done("invoke", "httpx:handler", "event.json") == "mine"


def test_file_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    text = complaint(capsys, "invoke", "things:handler", "absent.json")
    assert text.endswith("cannot read 'absent.json': No such file or directory")


@pytest.mark.parametrize("content", [b"{", b"", b"\xff"])
def test_file_that_is_no_json(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("event.json").write_bytes(content)
    assert "'event.json' is no JSON: " in complaint(capsys, "invoke", "things:handler", "event.json")


def test_event_that_bridge_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Its keys: ä." in complaint(capsys, "invoke", "things:asgi", "event.json")


# event


def test_event_has_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["post", "http://example.com/a b?c=d e", "-H", "X-Name:  ä ", "-H", "content-type: text/plain"]
    event = event_of(capsys, *arguments, "-d", "größer")
    assert event["requestContext"]["http"]["method"] == "POST"
    assert (event["rawPath"], event["rawQueryString"]) == ("/a b", "c=d%20e")
    assert event["body"] == "größer"
    headers = event["headers"]
    assert (headers["host"], headers["x-forwarded-proto"]) == ("example.com", "http")
    assert (headers["x-name"], headers["content-length"]) == ("ä", "8")


@pytest.mark.parametrize(
    ("url", "path"), [("/", "/"), ("", "/"), ("x/y", "/x/y"), ("https://h", "/"), ("/%2F", "/%2F")]
)
def test_event_of_any_url(url: str, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = event_of(capsys, "GET", url, "--api", "url")
    assert event["rawPath"] == path
    assert event["headers"]["host"] in ("local.lambda-url.us-east-1.on.aws", "h")
    assert event["headers"]["x-forwarded-proto"] == "https"


@pytest.mark.parametrize("api", APIS)
def test_event_of_each_api_is_known(api: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert detect(event_of(capsys, "GET", "/", *APIS[api]))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-H", "Accept"], "'Accept' is no header, for example 'Accept: text/html'"),
        (["--api", "url", "--stage", "prod"], "'prod'"),
        (["--stage", "/prod"], "'/prod'"),
    ],
)
def test_event_that_cannot_be_made(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in complaint(capsys, "event", "GET", "/", *arguments)


def test_url_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'http://[' is no URL: " in complaint(capsys, "event", "GET", "http://[")


# serve


@pytest.mark.parametrize("app", ["asgi", "wsgi"])
def test_serve_wraps_an_app(app: str, folder: Path) -> None:
    with serving(f"things:{app}", "--stage", "prod", cwd=folder) as server:
        assert server.url.endswith("/prod/")
        assert httpx.get(server.url + "x").text == ("/prod/x" if app == "asgi" else "/x")
        assert server.interrupt() == 0
    assert server.lines[0] == f"things:{app} behind HTTP API, stage prod, payload 2.0: {server.url}\n"
    assert server.lines[1].startswith("GET /prod/x 200 ")
    assert server.lines[2:] == []


def test_serve_takes_a_handler_as_it_is(folder: Path) -> None:
    with serving("things:handler", "--timeout", "3", cwd=folder) as server:
        result = httpx.get(server.url + "x").json()
    assert result["event"]["rawPath"] == "/x"
    assert result["milliseconds"] <= 3000


@pytest.mark.parametrize(("arguments", "body"), [(["--binary-media-types"], b"AP8="), ([], b"\x00\xff")])
def test_serve_sets_the_binary_media_types(folder: Path, arguments: list[str], body: bytes) -> None:
    code = 'def handler(event, context):\n    return {"body": "AP8=", "isBase64Encoded": True}\n'
    (folder / "bytes.py").write_text(code)
    with serving("bytes:handler", "--api", "rest", *arguments, cwd=folder) as server:
        assert httpx.get(server.url).content == body


def test_serve_listens_on_ipv6(folder: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with serving("things:asgi", "--host", "::1", cwd=folder) as server:
        assert server.url.startswith("http://[::1]:")
        assert httpx.get(server.url + "x").text == "/x"


def test_reload_serves_what_a_file_has_become(folder: Path) -> None:
    with serving("things:asgi", "--reload", cwd=folder) as server:
        assert httpx.get(server.url + "x").text == "/x"
        save_until_it_reloads(server, MODULE.replace('scope["path"]', '"it has changed"'))
        assert until_it_differs(server.url + "x", "/x") == "it has changed"
        assert server.interrupt() == 0


def save_until_it_reloads(server: Server, code: str) -> None:
    """Change the module. The reloader compares times, from its first look on."""
    for _ in range(100):
        Path("things.py").write_text(code, "utf-8")
        time.sleep(0.1)
        if "Reloading" in "".join(server.lines):
            return
    raise AssertionError(server.lines)


def until_it_differs(url: str, text: str) -> str:
    for _ in range(100):
        with suppress(httpx.TransportError):  # the old process may end before it has answered
            answer = httpx.get(url).text
            if answer != text:
                return answer
        time.sleep(0.1)
    return text


def test_reload_says_in_a_line_what_is_wrong_and_waits(folder: Path) -> None:
    with serving("things:absent", "--reload", cwd=folder) as server:
        server.wait_for("\nbridge serve: module 'things' has no 'absent'\n")
        save_until_it_reloads(server, MODULE + "absent = asgi\n")
        assert httpx.get(server.url + "x", timeout=20).text == "/x"
        assert server.interrupt() == 0
    assert "Traceback" not in "".join(server.lines)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["things:asgi", "--api", "url", "--streaming", "--processes", "2"],
            "--streaming is for function URLs and REST ",
        ),
        (["things:asgi", "--api", "websocket", "--streaming"], "--streaming is for function URLs and REST APIs, and "),
        (["things:asgi", "--port", "99999"], "cannot listen on 127.0.0.1, port 99999: "),
        (["things:asgi", "--host", "256.0.0.1"], "cannot listen on 256.0.0.1, port 8000: "),
        (["things:asgi", "--api", "alb", "--stage", "prod"], "'prod'"),
        (["things:asgi", "--concurrency", "0"], "concurrency"),
        (["things:asgi", "--streaming"], "'http' (HTTP API) has no streaming"),
        (["things:asgi", "--timeout", "0"], "timeout"),
        (["things"], "'things' is not MODULE:HANDLER"),
        (["things", "--reload"], "'things' is not MODULE:HANDLER"),
        (["things:absent"], "has no 'absent'"),
    ],
)
def test_serve_that_cannot_work(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in complaint(capsys, "serve", *arguments)


def test_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        text = complaint(capsys, "serve", "things:asgi", "--port", port)
    assert text.endswith(f"cannot listen on 127.0.0.1, port {port}: Address already in use")


# The command itself


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["serve", "things:asgi", "--port", "http"],
        ["serve", "things:asgi", "--api", "soap"],
        ["invoke", "things:asgi"],
        ["event", "GET", "/", "--payload", "3.0"],
        ["event", "GET", "/", "--trigger", "viewer-response"],
    ],
)
def test_bad_arguments_get_usage_and_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: bridge")
    assert ": error: " in printed.err.splitlines()[-1]


def test_exit_code_is_the_process_s_own() -> None:
    process = run("invoke", "things", "event.json")
    assert process.returncode == 2
    assert process.stderr == "bridge invoke: 'things' is not MODULE:HANDLER, for example things:handler or things:app\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"{bridge.__version__}\n"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("starlette", ["serve", "things:asgi"]),
        ("uvicorn", ["serve", "things:asgi"]),
    ],
)
def test_missing_extra_is_named(module: str, arguments: list[str]) -> None:
    process = run_without(module, f"from bridge._command.cli import main; sys.exit(main({arguments!r}))")
    assert process.returncode == 2
    assert process.stderr == f'bridge {arguments[0]}: {module} is missing: pip install "lambda-bridge[serve]"\n'


def test_a_sample_event_needs_no_extra() -> None:
    process = run_without("starlette", "from bridge._command.cli import main; sys.exit(main(['event', 'GET', '/']))")
    assert process.returncode == 0
    assert json.loads(process.stdout)["rawPath"] == "/"


# ---------------------------------------------------------------- as Lambda imports it

LATE = """
from bridge import Bridge
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware

app = Starlette()
handler = Bridge(app)
app.add_middleware(GZipMiddleware)
"""

STARTS = """
from bridge import Bridge

events = []

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        events.append("up")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})

handler = Bridge(app)
started = [*events]
"""

FAILS = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""


def test_what_lambda_refuses_at_import_is_refused_here(folder: Path) -> None:
    (folder / "late.py").write_text(LATE)
    serve = ["serve", "late:handler", "--port", "0"]
    for command in (["invoke", "late:handler", "event.json"], serve, [*serve, "--concurrency", "2"]):
        process = run(*command)
        assert process.returncode == 1
        assert "RuntimeError: Cannot add middleware after an application has started" in process.stderr


def test_what_streams_is_started_up_after_the_import_as_by_the_runtime_that_it_needs(folder: Path) -> None:
    (folder / "late.py").write_text(LATE)
    with serving("late:handler", "--api", "url", "--streaming", cwd=folder) as server:
        assert httpx.get(server.url).json()["statusCode"] == 404  # it answers: what AWS shows of a result


def test_a_startup_that_fails_is_said_in_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "fails.py").write_text(FAILS)
    assert "no database" in complaint(capsys, "invoke", "fails:app", "event.json")


@pytest.fixture
def starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `serve` makes of its arguments for a process that uvicorn starts; the module is imported by it."""
    (folder / "starts.py").write_text(STARTS)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "starts", raising=False)

    def made(**settings: Any) -> Any:
        given = {
            "target": "starts:handler",
            "processes": 0,
            "routing": "turn",
            "websocket": None,
            "hosts": [],
            "any_signature": False,
            "api": "http",
            **settings,
        }
        monkeypatch.setenv(cli._SETTINGS, json.dumps({"streaming": False, "concurrency": 1, **given}))
        return cli.gateway(), sys.modules["starts"]

    return made


def test_startup_runs_where_bridge_is_made(starts: Any) -> None:
    _, module = starts()
    assert module.started == ["up"]
    module.handler.close()


async def test_startup_runs_there_too_where_uvicorn_imports_the_module_on_its_loop(starts: Any) -> None:
    _, module = starts()
    assert module.started == ["up"]
    await asyncio.to_thread(module.handler.close)


@pytest.mark.parametrize("settings", [{"concurrency": 2}, {"streaming": True, "api": "url"}])
async def test_a_gateway_that_runs_the_app_on_its_own_loop_starts_it_up_there(starts: Any, settings: Any) -> None:
    gateway, module = starts(**settings)
    assert module.events == []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://localhost") as client:
        assert (await client.get("/")).status_code == 200
    assert module.events == ["up"]
    await module.handler.shutdown()


def test_to_import_a_module_otherwise_starts_nothing_up(folder: Path) -> None:
    (folder / "starts.py").write_text(STARTS)
    code = "import starts; print([*starts.events], starts.handler.open(), starts.events)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "[] None ['up']\n"


def test_a_body_may_come_from_a_file_or_from_standard_input(folder: Path) -> None:
    (folder / "body.bin").write_bytes(b"\xff\x00")
    process = run("event", "POST", "/", "--data", "@body.bin")
    assert (json.loads(process.stdout)["body"], json.loads(process.stdout)["isBase64Encoded"]) == ("/wA=", True)
    process = run("event", "POST", "/", "-d", "@-", "-H", "content-type: text/plain", stdin="hi")
    assert json.loads(process.stdout)["body"] == "hi"
    process = run("event", "POST", "/", "-d", "@absent")
    assert process.stderr == "bridge event: cannot read 'absent': No such file or directory\n"


def test_a_closed_pipe_leaves_no_traceback(folder: Path) -> None:
    command = [sys.executable, "-m", "bridge", "event", "POST", "/", "-d", "x" * 100_000]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_event_has_the_headers_that_aws_adds_and_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["-H", "Host: api.example.com", "-H", "X-Forwarded-For: 9.9.9.9", "-H", "X-Forwarded-Proto: http"]
    headers = event_of(capsys, "GET", "/x", "--api", "http", *given)["headers"]
    assert headers["host"] == "api.example.com"
    assert headers["x-forwarded-for"] == "9.9.9.9, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-port"] == "443"
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    headers = event_of(capsys, "GET", "http://h:8080/x", "--api", "alb")["headers"]
    assert (headers["host"], headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("h:8080", "http", "8080")


def test_event_of_a_url_is_of_its_domain_and_its_stage(capsys: pytest.CaptureFixture[str]) -> None:
    event = event_of(capsys, "GET", "https://example.com/x", "--api", "rest")
    assert event["requestContext"]["domainName"] == "example.com"
    host = "abc123.execute-api.eu-west-1.amazonaws.com"
    event = event_of(capsys, "GET", f"https://{host}/prod/x", "--api", "rest", "--stage", "prod")
    context = event["requestContext"]
    assert (event["path"], context["path"], context["domainName"]) == ("/x", "/prod/x", host)
    assert context["apiId"] == "abc123"
    event = event_of(capsys, "GET", f"https://{host}/prod/x", "--api", "http", "--stage", "prod")
    assert (event["rawPath"], event["requestContext"]["domainName"]) == ("/prod/x", host)


def test_event_of_a_rest_api_has_null_where_nobody_has_signed(capsys: pytest.CaptureFixture[str]) -> None:
    context = event_of(capsys, "GET", "/", "--api", "rest")["requestContext"]
    assert context["identity"]["userArn"] is None
    assert len(context["identity"]) == 12
    assert context["deploymentId"]


def test_event_of_an_origin_request_has_an_origin(capsys: pytest.CaptureFixture[str]) -> None:
    request = event_of(capsys, "GET", "/", "--api", "edge")["Records"][0]["cf"]["request"]
    assert request["origin"]["custom"]["domainName"]
    assert request["headers"]["via"]
    request = event_of(capsys, "GET", "/", "--api", "edge", "--trigger", "viewer-request")["Records"][0]["cf"][
        "request"
    ]
    assert "origin" not in request
    assert "via" not in request["headers"]


def test_event_of_a_load_balancer_keeps_a_parameter_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    event = event_of(capsys, "GET", "/?=c&a=1&&b", "--api", "alb")
    assert event["queryStringParameters"] == {"": "c", "a": "1", "b": ""}
