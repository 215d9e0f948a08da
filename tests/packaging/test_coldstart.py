"""`bridge coldstart`: real starts, and what is said of them."""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import runpy
import select
import shutil
import socket
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridge._command.packaging import coldstart, launch, start as starting
from bridge._command.packaging.coldstart_report import PHASES, report
from bridge._command.packaging.imports import STANDARD_LIBRARY, Import, imports
from bridge._command.packaging.runtime_api import OneEventApi
from bridge._command.packaging.start import Start, start
from bridge._command.packaging.task_root import SHIPPED, WITH, WITHOUT, TaskRoot

from .conftest import Bridge
from .test_package import built

APP = """
import os
import sys
import library

def handler(event, context):
    loaded = [module for module in (library, sys.modules[__name__]) if os.path.exists(module.__cached__ or "")]
    return {"statusCode": 200, "loaded": [module.__name__ for module in loaded], "path": event["rawPath"]}
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"hello", "more_body": True})
    await send({"type": "http.response.body", "body": b"world"})
"""


FUNCTION_URL = {
    "version": "2.0",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {"host": "abc.lambda-url.eu-west-1.on.aws"},
    "requestContext": {
        "stage": "$default",
        "domainName": "abc.lambda-url.eu-west-1.on.aws",
        "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
    },
    "isBase64Encoded": False,
}


@pytest.fixture(autouse=True)
def on_posix() -> None:
    if os.name != "posix":
        pytest.skip("it counts processor time as POSIX systems do")


@pytest.fixture
def function(tmp_path: Path) -> Path:
    folder = tmp_path / "function"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "library.py").write_text("VALUE = 1\n")
    return folder


def event() -> bytes:
    return json.dumps({"rawPath": "/here"}).encode()


def test_starts_are_with_and_without_bytecode(function: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with TaskRoot(function, scratch) as root:
        start([root.python], "app.handler", root.folder, root.learning(), event())
        root.learned()
        found = {
            kind: start([root.python], "app:handler", root.folder, root.variables(kind), event())
            for kind in (WITH, WITHOUT)
        }
        assert not list(root.folder.rglob("*.pyc"))
    loaded = {kind: json.loads(each.answer)["loaded"] for kind, each in found.items()}
    assert loaded == {WITH: ["library", "app"], WITHOUT: []}
    for each in found.values():
        assert len(each.seconds) == len(PHASES)
        assert all(seconds > 0 for seconds in each.seconds)
        assert 0 < each.processor < 60
        assert json.loads(each.answer)["path"] == "/here"


def test_the_standard_library_has_bytecode_in_both(function: Path, tmp_path: Path) -> None:
    (function / "library.py").write_text("import http.cookiejar as x, os\nVALUE = 1\n")
    (function / "app.py").write_text(APP.replace("library, sys.modules[__name__]", "library.x,"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with TaskRoot(function, scratch) as root:
        start([root.python], "app.handler", root.folder, root.learning(), event())
        root.learned()
        without = start([root.python], "app.handler", root.folder, root.variables(WITHOUT), event())
    assert json.loads(without.answer)["loaded"] == ["http.cookiejar"]


def test_nobody_can_write_to_the_folder(function: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (function / "run").write_text("")
    (function / "run").chmod(0o755)
    (function / "folder").mkdir()
    (function / "folder" / "x").write_text("")
    with TaskRoot(function, scratch) as root:
        modes = {path.name: path.stat().st_mode & 0o777 for path in (root.folder, *root.folder.rglob("*"))}
    assert modes == {"task": 0o555, "folder": 0o555, "app.py": 0o444, "library.py": 0o444, "x": 0o444, "run": 0o555}


def test_the_command_says_what_a_start_is_made_of(
    function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bridge("coldstart", "app:handler", "--folder", function, "--starts", 1) == 0
    said = capsys.readouterr().out
    assert f"app:handler in {function}: 1 starts of each kind" in said
    assert "the first event was answered with 200" in said
    header = next(line for line in said.splitlines() if line.startswith("milliseconds"))
    assert header.split("  ")[-1].strip() == WITH
    assert SHIPPED not in header
    for phase in (*PHASES, "all", "processor time"):
        assert re.search(rf"^ *{phase} +[\d.,]+ +[\d.,]+$", said, re.MULTILINE), phase
    assert re.search(r"^  the standard library +[\d.]+  \d+ modules +most: \w+", said, re.MULTILINE)
    assert re.search(r"^  bridge +[\d.]+ ", said, re.MULTILINE)
    assert "what to do\n* " in said


def test_what_is_deployed_is_started_as_it_is(
    made: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = built(tmp_path / "App", made, here)
    (folder / "app.py").write_text(ASGI)
    assert bridge("package", "--finish", folder, "-o", tmp_path / "function.zip") == 0
    assert bridge("coldstart", "app.app", "--folder", tmp_path / "function.zip", "--starts", 1) == 0
    said = capsys.readouterr().out
    assert "the first event was answered with 201" in said
    assert f"{WITHOUT}{SHIPPED:>20}{WITH:>20}" in said


def test_bytecode_of_a_package_is_used_though_all_is_of_1980(made: Path, tmp_path: Path, bridge: Bridge) -> None:
    here = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = built(tmp_path / "App", made, here)
    (folder / "app.py").write_text(APP)
    (folder / "library.py").write_text("VALUE = 1\n")
    found = []
    for number in range(2):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        with TaskRoot(folder, scratch) as root:
            assert root.is_complete
            each = start([root.python], "app.handler", root.folder, root.variables(SHIPPED), event())
            found.append(json.loads(each.answer)["loaded"])
            assert (root.folder / "app.py").stat().st_mtime == 315_532_800
        assert bridge("package", "--finish", folder) == 0
    assert found == [[], ["library", "app"]]


def test_a_package_s_own_bridge_is_the_one_that_runs(made: Path, tmp_path: Path) -> None:
    here = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = built(tmp_path / "App", made, here)
    import bridge as ours

    shutil.copytree(Path(ours.__file__).parent, folder / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "app.py").write_text("import bridge\ndef handler(event, context): return bridge.__file__")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with TaskRoot(folder, scratch) as root:
        each = start([root.python], "app.handler", root.folder, root.variables(SHIPPED), event())
    assert json.loads(each.answer) == str(root.folder / "bridge" / "__init__.py")


def test_a_package_for_another_machine_cannot_be_started(
    made: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "x86_64" if platform.machine() == "aarch64" else "arm64"
    folder = built(tmp_path / "App", made, other)
    assert bridge("coldstart", "app.app", "--folder", folder) == 2
    assert f"is for {other}, and this machine is" in capsys.readouterr().err


def test_a_package_that_fits_no_machine_cannot_be_started(
    made: Path, tmp_path: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = built(tmp_path / "App", made, here)
    (folder / "greeting-1.0.dist-info" / "WHEEL").write_text("Tag: cp313-cp313-win_amd64\nTag: x-y-z\n")
    shutil.rmtree(folder / "native")
    assert bridge("coldstart", "app.app", "--folder", folder) == 2
    assert "cannot run: greeting is from a wheel for cp313-cp313-win_amd64" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import absent_module", "Unable to import module 'app': No module named 'absent_module'"),
        ("other = 1", "Handler 'handler' missing on module 'app'"),
        ("import os\nprint('good', 'bye', flush=True)\nos._exit(3)", "it ended with 3\ngood bye"),
    ],
)
def test_a_function_that_does_not_start_is_told(
    source: str, complaint: str, function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (function / "app.py").write_text(source)
    assert bridge("coldstart", "app:handler", "--folder", function) == 2
    assert f"bridge coldstart: app:handler does not start: {complaint}" in capsys.readouterr().err


def test_a_function_that_ends_with_its_first_event_is_told(
    function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (function / "app.py").write_text("import os\ndef handler(event, context): os._exit(4)")
    assert bridge("coldstart", "app:handler", "--folder", function) == 2
    assert "app:handler does not start: it ended with 4" in capsys.readouterr().err


def test_processes_that_a_function_has_started_end_with_it(
    function: Path, bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTE", str(tmp_path / "pid"))
    source = """
import os, pathlib, time
child = os.fork()
if not child:
    time.sleep(600)
pathlib.Path(os.environ["NOTE"]).write_text(str(child))
def handler(event, context): return 1
"""
    (function / "app.py").write_text(source)
    assert bridge("coldstart", "app:handler", "--folder", function, "--starts", 1) == 0
    child = int((tmp_path / "pid").read_text())
    status = Path(f"/proc/{child}/status")
    assert not status.exists() or "State:\tZ" in status.read_text()


def test_a_function_that_never_answers_is_not_waited_for(
    function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_SECONDS", 0)
    (function / "app.py").write_text("import time\ntime.sleep(60)")
    assert bridge("coldstart", "app:handler", "--folder", function) == 2
    assert "no answer after 0 seconds" in capsys.readouterr().err


def test_an_error_of_the_first_event_is_told(
    function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (function / "app.py").write_text("def handler(event, context): raise ValueError(event['number'])")
    (tmp_path / "event.json").write_text('{"number": 42}')
    command = ["coldstart", "app:handler", "--folder", function, "--event", tmp_path / "event.json", "--starts", 1]
    assert bridge(*command) == 0
    assert "the first event ended with an error: 42" in capsys.readouterr().out


def test_an_answer_without_a_status_is_not_spoken_of(
    function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str]
) -> None:
    (function / "app.py").write_text("def handler(event, context): return 1")
    assert bridge("coldstart", "app:handler", "--folder", function, "--starts", 1) == 0
    assert "the first event" not in capsys.readouterr().out.splitlines()[1]


def test_a_stream_is_an_answer_too(function: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (function / "app.py").write_text(ASGI)
    monkeypatch.setenv("BRIDGE_STREAMING", "on")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with TaskRoot(function, scratch) as root:
        each = start([root.python], "app.app", root.folder, root.variables(WITH), json.dumps(FUNCTION_URL).encode())
    assert each.answer.endswith(b"helloworld")


def test_a_stream_that_breaks_off_is_an_error(
    function: Path, bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = ASGI.replace('await send({"type": "http.response.body", "body": b"world"})', "raise ValueError")
    (function / "app.py").write_text(broken)
    (tmp_path / "event.json").write_text(json.dumps(FUNCTION_URL))
    monkeypatch.setenv("BRIDGE_STREAMING", "on")
    command = ["coldstart", "app:app", "--folder", function, "--event", tmp_path / "event.json", "--starts", 1]
    assert bridge(*command) == 0
    assert "the first event ended with an error: the stream broke off: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--folder", "absent"], "there is no 'absent'"),
        (["--starts", "0"], "--starts is 1 or more, not 0"),
        (["--event", "absent.json"], "cannot read 'absent.json': No such file or directory"),
        (["--event", "app.py"], "'app.py' is no JSON"),
    ],
)
def test_a_command_line_that_cannot_work_is_refused(
    arguments: list[str],
    complaint: str,
    function: Path,
    bridge: Bridge,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(function)
    assert bridge("coldstart", "app:handler", *arguments) == 2
    assert complaint in capsys.readouterr().err


def test_windows_is_not_for_it(
    bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coldstart, "os", SimpleNamespace(name="nt"))
    assert bridge("coldstart", "app:handler") == 2
    assert "this takes Linux or macOS" in capsys.readouterr().err


def test_the_environment_is_like_a_function_s(function: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "elsewhere")
    monkeypatch.setenv("TABLE", "orders")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("PYTHONPATH", "of-the-user")
    root = TaskRoot(function, scratch)
    found = root.variables(SHIPPED)
    assert found["TABLE"] == "orders"
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["LAMBDA_TASK_ROOT"] == str(root.folder)
    assert found["PYTHONPATH"] == f"{root.folder}{os.pathsep}of-the-user"
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    found = root.variables(WITH)
    assert found["AWS_REGION"] == "eu-west-1"
    assert found["PYTHONPATH"] == str(root.folder)


def test_imports_are_read_and_grouped() -> None:
    output = """
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   encodings.utf_8
import time:       300 |        400 | encodings
a line of the app's
import time:      2000 |       2400 |   web.routing
import time:      1000 |       3400 | web
import time:       500 |        500 | app
"""
    assert imports(output) == [
        Import("web", 0.003, 2, "web.routing", 0.002),
        Import("app", 0.0005, 1, "app", 0.0005),
        Import(STANDARD_LIBRARY, 0.0004, 2, "encodings", 0.0003),
    ]


def made_up(processor: float, seconds: tuple[float, ...] = (0.01, 0.02, 0.1, 0.001, 0.001)) -> Start:
    return Start(seconds, processor, "", b"{}", "")


def test_a_gain_is_claimed_where_it_was_measured() -> None:
    starts = {WITHOUT: [made_up(1.0), made_up(0.9)], WITH: [made_up(0.4), made_up(0.5)]}
    assert "Ship bytecode, by `bridge package`: it takes 500 of 950 ms of processor time" in report(starts, [])


def test_no_gain_is_claimed_where_starts_overlap() -> None:
    starts = {WITHOUT: [made_up(1.0), made_up(0.5)], WITH: [made_up(0.4), made_up(0.6)]}
    assert "makes no difference that stands out" in report(starts, [])


def test_no_gain_is_claimed_that_a_package_has_already() -> None:
    starts = {WITHOUT: [made_up(1.0)], SHIPPED: [made_up(0.4)], WITH: [made_up(0.4)]}
    assert "Bytecode is there, and used: without it a cold start takes 600 ms more" in report(starts, [])
    starts[SHIPPED] = [made_up(1.0)]
    assert "it takes 600 of 1,000 ms" in report(starts, [])


def test_what_is_heavy_is_named() -> None:
    packages = [Import("web", 0.5, 3, "web.models", 0.3), Import(STANDARD_LIBRARY, 0.3, 9, "typing", 0.1)]
    packages += [Import(f"p{number}", 0.001, 1, f"p{number}", 0.001) for number in range(10)]
    slow = made_up(1, (0.01, 0.02, 11.0, 3.0, 4.0))
    said = report({WITHOUT: [slow], WITH: [slow]}, packages)
    assert "* web takes 500 ms to import (web.models alone 300)" in said
    assert "the standard library takes" not in said
    assert "* p0 takes" not in said
    assert re.search(r"^  2 more +2\.0$", said, re.MULTILINE)
    assert "* The startup takes 3,000 ms" in said
    assert "* The first event takes 4,000 ms" in said
    assert "* Lambda gives the init phase 10 seconds" in said


def test_what_is_light_is_not_named() -> None:
    said = report({WITHOUT: [made_up(1)], WITH: [made_up(1)]}, [Import("app", 0.001, 1, "app", 0.001)])
    assert "* The " not in said
    assert "Lambda gives" not in said
    assert "more  " not in said


def test_the_runtime_api_hands_out_one_event() -> None:
    asked_again = threading.Event()

    class Closing(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            asked_again.set()
            return super().wait(timeout)

    with OneEventApi(b'{"a": 1}') as api:
        api.closing = Closing()
        url = f"http://{api.address}/2018-06-01/runtime/invocation"
        with urllib.request.urlopen(f"{url}/next") as answer:
            request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            assert json.load(answer) == {"a": 1}
        second = threading.Thread(target=silence, args=(f"{url}/next",))
        second.start()
        assert asked_again.wait(60)
        with urllib.request.urlopen(urllib.request.Request(f"{url}/{request_id}/error", b"[1]")) as answer:
            assert answer.status == 202
        assert api.ended.wait(60)
        assert api.error == "b'[1]'"
        assert api.answered is not None
        assert second.is_alive()
    second.join()


def test_a_request_that_makes_no_sense_is_not_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    with OneEventApi(b"{}") as api:
        host, port = api.address.split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /x/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n")
            assert connection.recv(10) == b""
    assert "ValueError" in capsys.readouterr().err


def test_the_times_are_told_when_the_function_has_been_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    reader, writer = os.pipe()

    def main(arguments: list[str]) -> int:
        importlib.import_module("string")
        told.append(select.select([reader], [], [], 0)[0])
        importlib.import_module("json.decoder")
        told.append(arguments)
        return 3

    monkeypatch.setattr("bridge.runtime.__main__.main", main)
    for target in ("json.decoder:JSONDecoder", "json/decoder.JSONDecoder"):
        monkeypatch.setattr(sys, "argv", ["launch.py", str(writer), target])
        with pytest.raises(SystemExit) as raised:
            runpy.run_path(launch.__file__, run_name="__main__")
        assert raised.value.code == 3
        marks = [float(word) for word in os.read(reader, 1000).split()]
        assert len(marks) == 3
        assert marks == sorted(marks)
        assert told[-2:] == [[], [target]]
    for end in (reader, writer):
        os.close(end)


def silence(url: str) -> None:
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(url)
