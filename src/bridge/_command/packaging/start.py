"""One cold start of a function, in a process of its own, and how long its parts took."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from . import launch
from .errors import PackagingError
from .runtime_api import OneEventApi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import IO

_SECONDS = 60
_TELLING = 20
"""Lines of a function's output that an error shows."""


@dataclass(frozen=True)
class Start:
    """The course of one start.

    Attributes:
        seconds: of each of `coldstart_report.PHASES`, by the clock.
        processor: seconds of processor time, of all phases together.
        output: what the process wrote.
        answer: the first event's result, as JSON; b"" where the function reported an error.
        error: that error's message.
    """

    seconds: tuple[float, ...]
    processor: float
    output: str
    answer: bytes
    error: str


def start(python: Sequence[str], target: str, folder: Path, variables: Mapping[str, str], event: bytes) -> Start:
    """Start a function in a new process, let it handle one event, and end it.

    Args:
        python: the interpreter, with options.
        target: MODULE:HANDLER or MODULE.HANDLER.
        folder: where it runs.
        variables: its environment.
        event: the JSON of the event.

    Raises:
        PackagingError: it did not come so far as to handle an event.
    """
    reader, writer = os.pipe()
    command = [*python, "-P", launch.__file__, str(writer), target]
    with OneEventApi(event) as api, tempfile.TemporaryFile() as output, open(reader, encoding="ascii") as notes:
        before = _processor()
        begun = time.perf_counter()
        process = _process(command, folder, {**variables, "AWS_LAMBDA_RUNTIME_API": api.address}, output, writer)
        try:
            _wait(api, process)
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)  # and whatever the function has started
            process.wait()
        processor = _processor() - before
        marks = [float(word) for word in notes.read().split()]
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if len(marks) != 3 or api.asked is None or api.answered is None:
        reason = api.error or f"it ended with {process.returncode}"
        shown = "\n".join(said.splitlines()[-_TELLING:])
        raise PackagingError(f"{target} does not start: {reason}\n{shown}".rstrip())
    times = [begun, *marks, api.asked, api.answered]
    seconds = tuple(after - before for before, after in pairwise(times))
    return Start(seconds, processor, said, api.answer, api.error)


def _process(
    command: list[str], folder: Path, variables: dict[str, str], output: IO[bytes], pipe: int
) -> subprocess.Popen[bytes]:
    """Start a process that has the writing end of a pipe, and is the first of a group."""
    try:
        return subprocess.Popen(  # noqa: S603 - a Python, with code of our own
            command,
            cwd=folder,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[pipe],
            start_new_session=True,
        )
    finally:
        os.close(pipe)


def _wait(api: OneEventApi, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS
    while not api.ended.wait(0.02):
        if process.poll() is not None:
            return
        if time.monotonic() > until:
            raise PackagingError(f"no answer after {_SECONDS} seconds")


def _processor() -> float:
    """Return the processor time of all children that have ended: there is one at a time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
