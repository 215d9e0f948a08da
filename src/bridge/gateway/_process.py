"""A process that runs a handler, as seen from the gateway's side."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BridgeError, ConfigurationError
from . import _watch as watch
from ._piped import hand_on
from ._watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO, Any

    from ..types import Event, SyncResponder

END_SECONDS = 5.0
"""How long a process may take to end: its last event, and its app's shutdown."""

# The same search path, wherever this process has its own from; another Python has its own, and this one's at the end.
_START = """
import json, sys
target, exact, path, first, last, watched = json.loads(sys.argv[1])
sys.argv[1:] = []
own = [entry for entry in sys.path if entry]
sys.path[:] = [*first, *(own if path is None else path), *last]
from bridge.gateway._process_main import main
sys.exit(main(target, exact=exact, watched=watched))
"""


class ProcessError(BridgeError):
    """The handler's: it raised, and the text is its traceback; or its process ended.

    Attributes:
        message: of the exception, if it raised; else the text.
        kind: name of the exception's class; "" if it did not raise.
    """

    def __init__(self, text: str, message: str | None = None, kind: str = "") -> None:
        super().__init__(text)
        self.message = text if message is None else message
        self.kind = kind


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How a process is started.

    Attributes:
        python: an interpreter; "" for this one, with this one's search path.
        first: folders that come first on its search path.
        folder: its working directory; None for this one.
        environment: all of its variables; None for those of this process.
        exact: whether what is at the target is a Lambda handler as it is, and nothing wraps an app there.
    """

    python: str = ""
    first: tuple[str, ...] = ()
    folder: str | None = None
    environment: Mapping[str, str] | None = None
    exact: bool = False


class Process:
    """A process that runs a handler. It starts at once; the handler may take its time to load.

    Args:
        target: "MODULE:HANDLER".
        launch: how it is started.
    """

    def __init__(self, target: str, launch: Launch = Launch()) -> None:
        path = [str(entry) for entry in sys.path]
        own, last = (None, path) if launch.python else (path, [])
        start = json.dumps([target, launch.exact, own, launch.first, last, watch.watcher is not None])
        self._popen = subprocess.Popen(  # noqa: S603 - a Python, with code of our own
            [launch.python or sys.executable, "-u", "-c", _START, start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=launch.folder,
            env=launch.environment,
        )
        self._ready = self._late = self._refused = False
        self._watchdog = Watchdog(self._kill)

    def wait_until_ready(self) -> None:
        """Wait until it has loaded the handler.

        Raises:
            ConfigurationError: there is no such handler.
            ProcessError: it ended instead.
        """
        if not self._ready:
            answer = self._answer()
            if "refused" in answer:
                self._refused = True
                raise ConfigurationError(answer["refused"])
            self._ready = True

    def result(self, event: Event, context: Any) -> object:
        """Return the result of an event. When the context's time is over, the process is killed.

        Raises:
            ProcessError, ConfigurationError: as of `wait_until_ready`; and the handler raised.
        """
        with self._asked(event, context):
            return _of(self._answer())["result"]

    def stream(self, event: Event, context: Any, responder: SyncResponder) -> None:
        """Give the parts of a streamed answer to a responder as they come; return when the handler has ended.

        A handler that does not stream gives a result. If nobody waits for the answer any more, the handler goes on.

        Raises:
            ProcessError, ConfigurationError: as of `result`.
        """
        waiting = True
        with self._asked(event, context, streaming=True):
            while "part" in (answer := _of(self._answer())):
                if waiting:
                    try:
                        hand_on(answer, responder)
                    except OSError:
                        waiting = False
            if "result" in answer:
                responder.result(answer["result"])

    @contextmanager
    def _asked(self, event: Event, context: Any, **more: object) -> Iterator[None]:
        """Ask the handler, and kill its process when the context's time is over."""
        self.wait_until_ready()
        seconds = context.get_remaining_time_in_millis() / 1000
        self._watchdog.set(seconds)
        try:
            self._ask({"event": event, "request_id": context.aws_request_id, "seconds": seconds, **more})
            yield
        finally:
            self._watchdog.call_off()

    def has_ended(self) -> bool:
        """Return whether it can handle no more events."""
        return self._late or self._refused or self._popen.poll() is not None

    def tell_to_end(self) -> None:
        """Tell it to end when it has handled its event."""
        with suppress(OSError):  # what was left to write to a process that has ended
            _pipe(self._popen.stdin).close()

    def end(self) -> None:
        """End it, by force if it takes too long."""
        self._watchdog.close()
        self.tell_to_end()
        try:
            self._popen.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        _pipe(self._popen.stdout).close()

    def _ask(self, question: object) -> None:
        pipe = _pipe(self._popen.stdin)
        with suppress(OSError, ValueError):  # it has ended, or is being ended: the answer says so
            pipe.write(json.dumps(question).encode() + b"\n")
            pipe.flush()

    def _answer(self) -> dict[str, Any]:
        while line := self._line():
            answer: dict[str, Any] = json.loads(line)
            if "said" not in answer:
                return answer
            watch.said(answer["said"])
        code = self._popen.wait()
        if self._late:
            raise ProcessError("the function's time was over, and its process has been killed")
        if self._ready:
            raise ProcessError(f"the process of the handler ended, with exit code {code}, before it had a result")
        raise ProcessError(f"the process of the handler ended, with exit code {code}, before it had loaded it")

    def _line(self) -> bytes:
        try:
            return _pipe(self._popen.stdout).readline()
        except ValueError:  # `end` has closed it
            return b""

    def _kill(self) -> None:
        self._late = True
        self._popen.kill()


def _of(answer: dict[str, Any]) -> dict[str, Any]:
    if "failed" in answer:
        raise ProcessError(answer["failed"], answer["message"], answer["kind"])
    return answer


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101
    return pipe
