"""How soon a served template answers, how long a request takes, and what a function's process holds.

    python -m benchmarks.templates [FOLDER]

FOLDER has an npm installation of serverless and serverless-offline, which is then measured with the same function. All
figures are of this machine, at this moment: the median of five starts, and of 300 requests over one connection.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path

ROUNDS = 5
REQUESTS = 300
DESK = Path(__file__).parent.parent / "tests" / "template" / "templates" / "desk" / "template.yaml"

HANDLER = """
def handler(event, context):
    return {"statusCode": 200, "body": event["rawPath"]}
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.13, Handler: echo.handler, CodeUri: ., Events: { Any: { Type: HttpApi } } }
"""
SERVERLESS = """
service: echo
frameworkVersion: "3"
provider: { name: aws, runtime: python3.11 }
plugins: [serverless-offline]
functions: { echo: { handler: echo.handler, events: [{ httpApi: "*" }] } }
"""


class Measured:
    """A server, started again and again.

    Args:
        command: that starts it.
        folder: in which.
        port: on which it answers.
        path: of a request that a function answers.
    """

    def __init__(self, command: Sequence[str], folder: Path, port: int, path: str) -> None:
        self._command = command
        self._folder = folder
        self._port = port
        self._path = path

    def row(self, name: str) -> str:
        """Return a line of the table: seconds to the first answer, CPU seconds till then, p50, memory."""
        starts, cpu = [], []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            process = subprocess.Popen(
                self._command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            self._wait(process)
            starts.append(time.perf_counter() - started)
            cpu.append(sum(_cpu(each) for each in _tree(process.pid)))
            times = self._times()
            memory = [_memory(each) for each in _tree(process.pid)]
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        p50 = statistics.median(times) * 1000
        sizes = ", ".join(f"{size:.0f}" for size in memory)
        return f"| {name} | {statistics.median(starts):.2f} | {statistics.median(cpu):.2f} | {p50:.1f} | {sizes} |"

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                connection.request("GET", self._path)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.005)
            finally:
                connection.close()
        raise RuntimeError(f"{self._command} has ended with {process.returncode}")

    def _times(self) -> list[float]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        times = []
        for _ in range(REQUESTS):
            started = time.perf_counter()
            connection.request("GET", self._path)
            connection.getresponse().read()
            times.append(time.perf_counter() - started)
        connection.close()
        return times


def _tree(pid: int) -> list[int]:
    """Return a process and those below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    threads = [each for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()]
    return [pid, *(each for child in dict.fromkeys([*children, *threads]) for each in _tree(int(child)))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Return the proportional set size of a process, in MB."""
    match = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


def main() -> None:
    """Print the table."""
    print(
        "| served | first answer, s | CPU till then, s | p50, ms | memory of each process, MB |\n|---|--:|--:|--:|---|"
    )
    serve = [sys.executable, "-m", "bridge", "serve"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "echo.py").write_text(HANDLER)
        (folder / "template.yaml").write_text(TEMPLATE)
        print(Measured([*serve, "--port", "8871"], folder, 8871, "/a").row("one plain function"), flush=True)
        desk = Measured([*serve, str(DESK), "--port", "8871"], folder, 8871, "/open/logo.png")
        print(desk.row("FastAPI, Flask, a chat, two authorizers"), flush=True)
        if sys.argv[1:]:
            (folder / "serverless.yml").write_text(SERVERLESS)
            (folder / "node_modules").symlink_to(Path(sys.argv[1]).resolve() / "node_modules")
            offline = ["node_modules/.bin/serverless", "offline", "--httpPort", "8872", "--noPrependStageInUrl"]
            print(Measured(offline, folder, 8872, "/a").row("one plain function, serverless-offline"), flush=True)


if __name__ == "__main__":
    main()
