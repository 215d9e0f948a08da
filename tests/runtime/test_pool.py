"""Several invocations at once."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from ..samples import sample
from .api import RuntimeApi
from .conftest import Runtimes


def test_as_many_processes_as_lambda_says(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.waits", AWS_LAMBDA_MAX_CONCURRENCY="3")
    for name in ("a", "b", "c"):
        api.invoke(name, f"id-{name}")
    for name in ("a", "b", "c"):
        api.arrived(name)  # all at once
    for name in ("a", "b", "c"):
        api.open(name)
    pids = {api.post().json()["pid"] for _ in range(3)}
    assert len(pids) == 3
    assert process.process.pid not in pids
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
    assert "0 go on" in process.output


def test_a_worker_that_is_killed_is_told_of_and_replaced(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("plain.handler", AWS_LAMBDA_MAX_CONCURRENCY="1")
    api.invoke()
    pid = api.post().json()["pid"]
    os.kill(pid, signal.SIGKILL)
    # One of them may be given to the connection of the dead.
    api.invoke(2, "id-2")
    api.invoke(3, "id-3")
    assert api.post().json()["pid"] != pid
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGKILL, process.output
    assert f"worker {pid} has ended with -9; 0 go on, and another takes its place" in process.output


def test_workers_that_end_at_once_are_replaced_so_often_only(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("absent.handler", AWS_LAMBDA_MAX_CONCURRENCY="2")
    assert process.code() == 1
    assert process.output.count("another takes its place") == 3
    assert process.output.count("none takes its place: 3 did within 60 s") == 2


def test_each_process_has_a_log_of_its_own(api: RuntimeApi, runtime: Runtimes, tmp_path: Path) -> None:
    path = str(tmp_path / "logs")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        listener.settimeout(60)
        process = runtime("asgi.handler", AWS_LAMBDA_MAX_CONCURRENCY="1", _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET=path)
        output, _ = listener.accept()
        errors, _ = listener.accept()
        api.invoke(sample("http_api"))
        api.post()
        assert output.recv(100) == b"startup\n"
        output.close()
        errors.close()
    assert "startup" not in process.output


def test_as_many_tasks_on_one_loop(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.together", AWS_LAMBDA_MAX_CONCURRENCY="3", BRIDGE_CONCURRENCY="tasks")
    for name in ("a", "b", "c"):
        api.invoke(name, name, Lambda_Runtime_Trace_Id=f"Root={name}")
    for name in ("a", "b", "c"):
        api.arrived(name)
    for name in ("c", "a", "b"):
        api.open(name)
        post = api.post()
        assert f"/{name}/" in post.path
        assert post.json() == {"trace": f"Root={name}", "environ": None}
    assert {connection for connection, _, path in api.requests if path.endswith("/next")} == {
        connection for connection, _, path in api.requests if path.endswith("/response")
    }
    process.process.send_signal(signal.SIGTERM)
    assert process.code() == 128 + signal.SIGTERM
    assert process.output.splitlines() == ["startup", "shutdown"]


def test_a_refusal_of_one_task_ends_all(api: RuntimeApi, runtime: Runtimes) -> None:
    process = runtime("asgi.together", AWS_LAMBDA_MAX_CONCURRENCY="2", BRIDGE_CONCURRENCY="tasks")
    api.replies["response"].append(500)
    api.open("a")
    api.invoke("a", "a")
    assert process.code() == 1
    assert "answered 500" in process.output


def test_children_of_others_are_none_of_its_workers() -> None:
    """A process that inherits children, as process 1 of a container does, is told of their end too."""
    code = """
import os, sys
from bridge.runtime import _pool as pool
if not os.fork():
    os._exit(5)
sys.exit(pool.serve(1, lambda: 3, None))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert len(lines) == 4  # the first, and three that took its place
    assert all(re.match(r"bridge.runtime: worker \d+ has ended with 3; 0 go on", line) for line in lines)


def test_a_signal_that_comes_while_a_worker_is_being_made_ends_that_one_too() -> None:
    code = """
import os, signal, sys, time
from bridge.runtime import _pool as pool
fork = os.fork

def interrupted():
    child = fork()
    if child:
        os.kill(os.getpid(), signal.SIGTERM)
    return child

os.fork = interrupted
sys.exit(pool.serve(1, lambda: time.sleep(60), None))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGTERM
    assert re.fullmatch(r"bridge.runtime: worker \d+ has ended with -15; 0 go on\n", done.stderr)
