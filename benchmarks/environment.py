"""An execution environment: a process that runs a function, as Lambda would start it, and its Runtime API."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic, perf_counter_ns
from types import TracebackType

from .cold import variables
from .runtime_api import SECONDS, RuntimeApi

RUNTIMES = {
    "awslambdaric": ("-m", "awslambdaric", "app.handler"),
    "bridge.runtime": ("-m", "bridge.runtime", "app:handler"),
    "least": ("app.py",),
}
"""What Python is started with."""

FLOOR = "floor"
SIDECAR = "sidecar"
"""Runtimes in C: alone, and before uvicorn."""

COMPILER = shutil.which("cc")
STRACE = shutil.which("strace")
ASKS = '"GET /2018-06-01/runtime/'
"""What strace shows of a runtime that asks for its next event."""

CYCLES = 50
"""Events whose system calls are counted."""


class Environment:
    """It is there when the function has asked for its first event, and ends with the `with` block.

    Args:
        runtime: which of RUNTIMES, or FLOOR, or SIDECAR.
        source: the text of app.py.
        cache: the folder for bytecode.
        managed: whether the environment says that the runtime is a managed one; in a container it does not.
        path: where Bridge is imported from; None: where this Python has it.

    Attributes:
        api: hands out events.
        started: seconds from the start of the process until it asked for its first event.

    Raises:
        RuntimeError: the function does not start; with the last line of what it wrote.
    """

    def __init__(self, runtime: str, source: str, cache: str, managed: bool = True, path: str | None = None) -> None:
        command = _command(runtime, cache)
        self._folder = tempfile.TemporaryDirectory()
        self.api = RuntimeApi()
        folder = Path(self._folder.name)
        (folder / "app.py").write_text(source, encoding="utf-8")
        self._log = folder / "log"
        environ = variables(cache) | {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "LAMBDA_TASK_ROOT": str(folder),
        }
        if managed:
            environ["AWS_EXECUTION_ENV"] = f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}"
        if path is not None:
            environ["PYTHONPATH"] = path
        start = perf_counter_ns()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=subprocess.STDOUT)
        try:
            self.started = (self._asked() - start) / 1e9
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and what it has started."""
        for process in self._processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.api.close()
        self._folder.cleanup()

    def memory(self) -> dict[str, int] | None:
        """Bytes that are resident now (`resident`), and the most that ever were (`peak`). None where Linux is not."""
        try:
            texts = [Path(f"/proc/{process}/status").read_text(encoding="utf-8") for process in self._processes()]
            return {
                kind: sum(int(text.partition(name)[2].split()[0]) * 1024 for text in texts)
                for kind, name in (("resident", "VmRSS:"), ("peak", "VmHWM:"))
            }
        except OSError:
            return None

    def cpu(self) -> float | None:
        """Seconds of processor time that the processes have used, with all threads. None where Linux is not."""
        try:
            threads = [thread for process in self._processes() for thread in Path(f"/proc/{process}/task").iterdir()]
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
        except OSError:
            return None

    def system_calls(self, event: bytes, cycles: int = CYCLES) -> float | None:
        """Return how many system calls a cycle takes; None where there is no strace, or it may not trace."""
        if STRACE is None:
            return None
        report = Path(self._folder.name) / "report"
        traced = [part for process in self._processes() for part in ("-p", str(process))]
        with subprocess.Popen([STRACE, "-f", "-o", str(report), *traced], stderr=subprocess.PIPE, text=True) as tracer:
            try:
                assert tracer.stderr is not None
                for _ in self._processes():
                    if "attached" not in tracer.stderr.readline():
                        return None
                for _ in range(cycles):
                    self.api.invoke(event)
            finally:
                tracer.send_signal(signal.SIGINT)
        lines = report.read_text(encoding="utf-8", errors="replace").splitlines()
        calls = [line for line in lines if re.match(r"\d+ +\w+\(", line)]
        # Whole cycles, from one `GET /next` to the next: the tracer comes and goes in the middle of one.
        asked = [number for number, line in enumerate(calls) if ASKS in line]
        return round((asked[-1] - asked[0]) / (len(asked) - 1), 1) if len(asked) > 1 else None

    def _processes(self) -> list[int]:
        """Return the ids of the process and of those that it has started."""
        found = [self.process.pid]
        with suppress(OSError):
            found += map(int, Path(f"/proc/{found[0]}/task/{found[0]}/children").read_text().split())
        return found

    def _asked(self) -> int:
        deadline = monotonic() + SECONDS
        while not self.api.accept():
            if self.process.poll() is not None or monotonic() > deadline:
                lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise RuntimeError(lines[-1][:200] if lines else f"it ended with {self.process.returncode}")
        try:
            return self.api.asked()
        except ValueError as error:
            raise RuntimeError(str(error)) from error


def _command(runtime: str, cache: str) -> list[str]:
    """Return the command of a runtime.

    Raises:
        RuntimeError: it takes a C compiler, and there is none.
    """
    if runtime in RUNTIMES:
        return [sys.executable, *RUNTIMES[runtime]]
    if COMPILER is None:
        raise RuntimeError("there is no C compiler")
    program = Path(cache) / FLOOR
    if not program.exists():
        source = Path(__file__).with_name("floor.c")
        subprocess.run([COMPILER, "-O2", "-D_GNU_SOURCE", "-o", program, source], check=True)
    if runtime == FLOOR:
        return [str(program)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    server = [sys.executable, "-m", "uvicorn", "app:app", "--port", port, "--no-access-log", "--log-level", "warning"]
    return [str(program), port, *server, "--timeout-keep-alive", "3600"]  # between turns it waits
