"""An execution environment: a process that runs a function, as Lambda would start it, and its Runtime API."""

from __future__ import annotations

import subprocess
import sys
import tempfile
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

STATUS = "/proc/{}/status"


class Environment:
    """It is there when the function has asked for its first event, and ends with the `with` block.

    Args:
        runtime: which of RUNTIMES.
        source: the text of app.py.
        cache: the folder for bytecode.
        managed: whether the environment says that the runtime is a managed one; in a container it does not.

    Attributes:
        api: hands out events.
        started: seconds from the start of the process until it asked for its first event.

    Raises:
        RuntimeError: the function does not start; with the last line of what it wrote.
    """

    def __init__(self, runtime: str, source: str, cache: str, managed: bool = True) -> None:
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
        start = perf_counter_ns()
        with self._log.open("wb") as log:
            command = [sys.executable, *RUNTIMES[runtime]]
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
        """End the process."""
        self.process.kill()
        self.process.wait()
        self.api.close()
        self._folder.cleanup()

    def memory(self) -> dict[str, int] | None:
        """Bytes that are resident now (`resident`), and the most that ever were (`peak`). None where Linux is not."""
        try:
            lines = Path(STATUS.format(self.process.pid)).read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        found = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
        return {"resident": int(found["VmRSS"]) * 1024, "peak": int(found["VmHWM"]) * 1024}

    def cpu(self) -> float | None:
        """Seconds of processor time that the process has used, with all its threads. None where Linux is not."""
        try:
            threads = [*Path(f"/proc/{self.process.pid}/task").iterdir()]
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
        except OSError:
            return None

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
