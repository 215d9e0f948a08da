"""Lambda's Runtime Interface Emulator, where it is installed."""

from __future__ import annotations

import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(os.environ.get("BRIDGE_RIE") or Path(sys.prefix) / "rie")
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "other")
BINARY = FOLDER / f"aws-lambda-rie-{MACHINE}"

SECONDS = 60
PATH = "/2015-03-31/functions/function/invocations"


def missing() -> str:
    """Why it cannot be used here; "" where it can."""
    if platform.system() != "Linux":
        return "the Runtime Interface Emulator is for Linux"
    return "" if BINARY.exists() else f"there is no {BINARY}: .ci/rie fetches it"


class Emulator:
    """An emulator with a runtime in it. It takes one invocation at a time."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self._log = log

    @property
    def output(self) -> str:
        return self._log.read_text("utf-8")

    def invoke(self, event: Any) -> Any:
        """The result of an event."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        try:
            connection.request("POST", PATH, json.dumps(event))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def emulator(module: str, target: str, folder: Path, log: Path, **variables: str) -> Iterator[Emulator]:
    """An emulator that runs `python -m MODULE TARGET`.

    Args:
        module: the runtime: "bridge.runtime" or "awslambdaric".
        target: its argument.
        folder: where it runs, as Lambda runs it in the function's folder.
        log: a file for what is written to standard output and error.
        variables: for the environment.
    """
    port, api_port = free_ports()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_"))}
    environ |= {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]), **variables}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                BINARY,
                *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
                *("--runtime-api-address", f"127.0.0.1:{api_port}"),
                *(sys.executable, "-m", module, target),
            ],
            cwd=folder,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(port, process)
        yield Emulator(port, log)
    finally:
        process.terminate()
        process.wait(SECONDS)


def free_ports() -> tuple[int, int]:
    """Ports that nobody listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens on a port."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None, "the emulator has ended"
            assert time.monotonic() < end, "the emulator does not listen"
            time.sleep(0.01)
        else:
            return
