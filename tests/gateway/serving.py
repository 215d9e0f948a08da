"""`bridge serve` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Server:
    """A running `bridge serve`.

    Attributes:
        url: where it listens, with the stage.
        lines: what it has written so far.
    """

    def __init__(self, *arguments: str, cwd: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "serve", *arguments, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env={**os.environ, **environment},
        )
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        return self.wait_for(r"http://\S+")

    def wait_for(self, pattern: str) -> str:
        """The first that matches a pattern in the output, when it is there."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, "".join(self.lines))

        with self._grown:
            assert self._grown.wait_for(found, 20), f"{pattern!r} is not in {self.lines}"
            match = found()
        assert match
        return match[0]

    def interrupt(self) -> int:
        """Press Ctrl+C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        self._reader.join(20)
        return code

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                with self._grown:
                    self.lines.append(line)
                    self._grown.notify_all()


@contextmanager
def serving(*arguments: str, cwd: Path = ROOT, **environment: str) -> Iterator[Server]:
    """A server that ends with the block."""
    server = Server(*arguments, cwd=cwd, **environment)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.interrupt()
