"""Init, and the end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.runtime.__main__ import main

from ..samples import sample
from .api import RuntimeApi
from .conftest import FUNCTIONS, Runtimes


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        (
            "broken.handler",
            "Runtime.ImportModuleError",
            f"Unable to import module '{FUNCTIONS}.broken': No",
        ),
        ("raises.handler", "ArithmeticError", "in the module"),
        ("plain.absent", "Runtime.HandlerNotFound", f"Handler 'absent' missing on module '{FUNCTIONS}.plain'"),
        ("plain:Missing.absent", "Runtime.HandlerNotFound", "Handler 'Missing.absent' missing on module"),
        ("plain:Missing", "ConfigurationError", "is a class"),
        ("refusing.handler", "LifespanError", "the app's lifespan startup failed: no database"),
    ],
)
def test_what_cannot_start_is_an_init_error(
    target: str, kind: str, message: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(target)
    post = api.post()
    assert post.path == "/2018-06-01/runtime/init/error"
    error = post.json()
    assert error["errorType"] == post.headers["lambda-runtime-function-error-type"] == kind
    assert message in error["errorMessage"]
    assert process.code() == 1
    assert f"[ERROR] {kind}: " in process.output
    assert [path for _, _, path in api.requests] == ["/2018-06-01/runtime/init/error"]


@pytest.mark.parametrize(
    ("variables", "kind", "message"),
    [
        ({"_HANDLER": "handler"}, "Runtime.MalformedHandlerName", "Bad handler 'handler': expected MODULE.HANDLER"),
        ({"_HANDLER": "sys.handler"}, "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys"),
        ({"_HANDLER": "wrong.handler"}, "Runtime.UserCodeSyntaxError", "Syntax error in module 'wrong'"),
        ({"AWS_LAMBDA_MAX_CONCURRENCY": "many"}, "ConfigurationError", "AWS_LAMBDA_MAX_CONCURRENCY is a number"),
        ({"AWS_LAMBDA_MAX_CONCURRENCY": "0"}, "ConfigurationError", "from 1 on, not '0'"),
        ({"BRIDGE_CONCURRENCY": "threads"}, "ConfigurationError", "BRIDGE_CONCURRENCY is processes or tasks, not"),
        (
            {"BRIDGE_CONCURRENCY": "tasks", "AWS_LAMBDA_MAX_CONCURRENCY": "2"},
            "ConfigurationError",
            "BRIDGE_CONCURRENCY=tasks is for ASGI apps",
        ),
    ],
)
def test_settings_that_cannot_work_are_an_init_error(
    variables: dict[str, str], kind: str, message: str, api: RuntimeApi, runtime: Runtimes, tmp_path: Path
) -> None:
    (tmp_path / "wrong.py").write_text("def handler(:\n")
    process = runtime("plain.handler", LAMBDA_TASK_ROOT=str(tmp_path), **variables)
    error = api.post().json()
    assert error["errorType"] == kind
    assert message in error["errorMessage"]
    assert process.code() == 1
    if kind == "Runtime.UserCodeSyntaxError":
        assert "has to be one for which its code is written" in error["notes"][0]


@pytest.mark.parametrize("target", ["plain.modules", "wsgi.modules"])
def test_plain_code_does_without_what_is_slow_to_import(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    runtime(target, COVERAGE_PROCESS_CONFIG="", COVERAGE_PROCESS_START="")
    api.invoke(sample("http_api"))
    modules = set(json.loads(api.post().json()["body"]))
    assert {"bridge.runtime._worker", "json", "logging", "socket"} <= modules
    # CPython 3.14's logging imports inspect.
    least = "import json, logging, socket, sys; print(json.dumps(list(sys.modules)))"
    modules -= set(json.loads(subprocess.check_output([sys.executable, "-c", least])))
    assert not modules & {"asyncio", "concurrent", "decimal", "email", "http", "inspect", "multiprocessing", "ssl"}
    assert not modules & {
        "bridge._app.asgi",
        "bridge.runtime._extension",
        "bridge.runtime._pool",
        "bridge.runtime._snapshot",
    }


def test_an_import_error_shows_where(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("raises.handler")
    assert 'raise ArithmeticError("in the module")' in "".join(api.post().json()["stackTrace"])
    assert process.code() == 1
    assert process.output.startswith("[WARNING]\t")
    assert "Z\t\tabout to raise\n" in process.output


@pytest.mark.parametrize("name", ["folder/app.handler", "folder.app:handler", "folder.app.handler"])
def test_the_handler_is_found_as_lambda_finds_it(name: str, api: RuntimeApi, runtime: Runtimes, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "app.py").write_text("def handler(event, context): return event")
    runtime("", _HANDLER=name, LAMBDA_TASK_ROOT=str(tmp_path))
    api.invoke("hi")
    assert api.post().json() == "hi"


@pytest.mark.parametrize("address", ["", "nowhere"])
def test_without_a_runtime_api_it_says_what_it_is_for(address: str, runtime: Runtimes) -> None:
    process = runtime("plain.handler", AWS_LAMBDA_RUNTIME_API=address)
    assert process.code() == 2
    assert f"AWS_LAMBDA_RUNTIME_API is HOST:PORT, not {address!r}. This runs in Lambda" in process.output


@pytest.mark.parametrize("target", ["plain.handler", "plain.absent", "asgi.handler"])
def test_a_runtime_api_that_is_not_there(target: str, runtime: Runtimes) -> None:
    process = runtime(target, AWS_LAMBDA_RUNTIME_API="127.0.0.1:1", BRIDGE_GRACEFUL_SHUTDOWN="1")
    assert process.code() == 1
    assert "Runtime API" in process.output
    assert "Traceback" not in process.output.partition("[ERROR]")[0]


def test_the_lifespan_runs_once_and_ends_with_sigterm(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.handler")
    for _ in range(2):
        api.invoke(sample("http_api"))
        assert api.post().json()["statusCode"] == 200
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
    assert process.output.splitlines() == ["startup", "shutdown"]


@pytest.mark.parametrize("concurrency", ["processes", "tasks"])
def test_a_shutdown_that_hangs_is_left(concurrency: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("hanging.handler", BRIDGE_CONCURRENCY=concurrency)
    api.invoke("no http")
    api.post()
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
    assert "lifespan shutdown took longer than 0.4 s" in process.output


def test_sigterm_ends_an_invocation_too(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.terminated")
    api.invoke(sample("http_api"))
    assert process.code() == 128 + signal.SIGTERM
    assert process.output.splitlines() == ["startup", "shutdown"]
    assert api.posts.empty()


@pytest.mark.parametrize("target", ["plain.at_exit", "plain.at_exit_async"])
def test_sigterm_ends_handlers_that_are_no_apps(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(target)
    api.invoke()
    api.post()
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
    assert process.output.splitlines() == ["the end"]


def test_sigterm_waits_for_an_invocation_of_plain_code(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.waits")
    api.invoke("a")
    api.arrived("a")
    process.process.send_signal(signal.SIGTERM)
    api.open("a")
    assert api.post().json() == {"pid": process.process.pid}
    assert process.code() == 128 + signal.SIGTERM


def test_a_function_may_see_to_sigterm_itself(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("own_signal.handler")
    api.invoke()
    pid = api.post().json()
    os.kill(pid, signal.SIGTERM)
    api.arrived("signalled")
    api.open("signalled")
    api.invoke(2, "id-2")
    assert api.post().json() == pid
    assert process.output == ""


def test_sigterm_ends_a_startup_too(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("starting.handler")
    api.arrived("startup")
    process.process.send_signal(signal.SIGTERM)
    api.open("startup")
    assert process.code() == 128 + signal.SIGTERM
    assert "Traceback" not in process.output
    assert api.posts.empty()


def test_without_an_address_it_says_so_in_process_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    assert main(["app.handler"]) == 2
    assert "AWS_LAMBDA_RUNTIME_API" in capsys.readouterr().err


def test_a_bridge_within_a_handler_starts_up_in_init(api: RuntimeApi, runtime: Runtimes) -> None:
    runtime("asgi.wrapped")
    api.invoke(sample("http_api"))
    result: Any = api.post().json()
    assert result["result"]["statusCode"] == 200
    assert result["started in init"] is True


@pytest.mark.parametrize("target", ["asgi.handler", "wsgi.app"])
def test_the_extension_is_registered_in_init_and_waits(target: str, api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime(target, BRIDGE_GRACEFUL_SHUTDOWN="1")
    register = api.post()
    assert register.path == "/2020-01-01/extension/register"
    assert register.headers["lambda-extension-name"]
    assert json.loads(register.body) == {"events": []}
    api.arrived("extension")
    api.invoke(sample("http_api"))
    assert api.post().json()["statusCode"] == 200
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM


def test_a_registration_that_is_refused_is_no_reason_to_stop(api: RuntimeApi, runtime: Runtimes) -> None:
    api.replies["register"].append(403)
    process = runtime("plain.handler", BRIDGE_GRACEFUL_SHUTDOWN="1")
    api.invoke()
    assert api.post().path.endswith("register")
    assert api.post().path.endswith("response")
    assert "no SIGTERM will come: the Runtime API answered 403" in process.output


def test_a_startup_that_fails_is_an_init_error_where_a_loop_is_shared_too(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("refusing.handler", BRIDGE_CONCURRENCY="tasks")
    assert api.post().json()["errorType"] == "LifespanError"
    assert process.code() == 1


def test_a_handler_that_is_no_app_may_share_a_loop(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.coroutine", BRIDGE_CONCURRENCY="tasks")
    api.invoke("x")
    assert api.post().json() == {"async": "x"}
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
