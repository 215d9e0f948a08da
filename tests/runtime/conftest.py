"""A fake Runtime API, and runtimes that talk to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from .api import SECONDS, RuntimeApi

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = "tests.runtime.functions"
COMMAND = [sys.executable, "-W", "error", "-m", "bridge.runtime"]


class Runtime:
    """A `python -m bridge.runtime` of its own."""

    def __init__(
        self, target: str, api: RuntimeApi, log: Path, variables: dict[str, str], command: Sequence[str] = COMMAND
    ) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_"))}
        environ |= {"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_FUNCTION_NAME": "f", **variables}
        self._log = log
        arguments = [] if "_HANDLER" in variables else [f"{FUNCTIONS}.{target}"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def code(self) -> int:
        """The exit code, when it has ended."""
        return self.process.wait(SECONDS)

    @property
    def output(self) -> str:
        return self._log.read_bytes().decode()


class Runtimes:
    """Starts runtimes. They have ended when the test has."""

    def __init__(self, api: RuntimeApi, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._running: list[Runtime] = []

    def __call__(self, target: str, *, command: Sequence[str] = COMMAND, **variables: str) -> Runtime:
        log = self._folder / f"{len(self._running)}.log"
        self._running.append(Runtime(target, self._api, log, variables, command))
        return self._running[-1]

    def end(self) -> None:
        for runtime in self._running:
            try:
                runtime.code()
            finally:
                runtime.process.kill()


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    yield api
    api.close()


@pytest.fixture
def runtime(api: RuntimeApi, tmp_path: Path) -> Iterator[Runtimes]:
    runtimes = Runtimes(api, tmp_path)
    yield runtimes
    api.close()
    runtimes.end()
