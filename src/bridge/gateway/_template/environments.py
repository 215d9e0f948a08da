"""A function's execution environments: processes of its own, as many as there are events at once."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .._environment import identity
from .._process import Launch, Process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...types import Event, SyncResponder
    from .model import FunctionResource

AT_ONCE = 10
"""Events that a function handles at once, where the template reserves no number. Lambda's own default is 1000."""


SDK = str(Path(__file__).parent / "sdk")
"""Has botocore's rules for endpoints of `@connections`, in AWS's own format, with one more: "https" and an address of
this machine mean "http". Functions make `https://{domainName}/{stage}` of their events, as AWS's guide shows.
https://botocore.amazonaws.com/v1/documentation/api/latest/reference/loaders.html"""


class Environments:
    """A Lambda handler that runs a function in processes: `handler(event, context)`, one event at a time in each.

    An event takes the process that has been idle for the shortest time, or a new one. One that ends, or is ended
    because its event took longer than the function's timeout, is not replaced before it is needed.

    Args:
        function: the function.
        launch: how its processes are started.

    Attributes:
        variables: of the processes' environment.
    """

    def __init__(self, function: FunctionResource, launch: Launch) -> None:
        module, _, name = function.handler.rpartition(".")
        self._target = f"{module.replace('/', '.')}:{name}"
        self._launch = launch
        self.variables = launch.environment or {}
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._ending: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __call__(self, event: Event, context: Any) -> object:
        """Return the result of an event.

        Raises:
            ProcessError: the handler raised, or its process ended.
            ConfigurationError: there is no such handler.
        """
        with self._process() as process:
            return process.result(event, context)

    # What the gateway's `Streams` asks a handler for.
    is_asgi = False

    def respond_sync(self, event: Event, context: Any, responder: SyncResponder) -> None:
        """Give an event's answer to a responder, in parts if the handler streams; errors as of the plain call."""
        with self._process() as process:
            process.stream(event, context, responder)

    @contextmanager
    def _process(self) -> Iterator[Process]:
        """Lend a process, and take it back if it can handle more events."""
        process = self._taken()
        try:
            yield process
        finally:
            with self._lock:
                kept = process in self._busy and not process.has_ended()
                self._busy.discard(process)
                if kept:
                    self._idle.append(process)
            if not kept:
                process.tell_to_end()
                ending = threading.Thread(target=process.end, daemon=True)
                ending.start()
                self._ending = [*(each for each in self._ending if each.is_alive()), ending]

    def start(self) -> None:
        """Start a process, and do not wait until it is ready."""
        with self._lock:
            self._idle.append(Process(self._target, self._launch))

    def renew(self) -> None:
        """Run events in new processes from now on: the code has changed. Those that handle one finish it."""
        with self._lock:
            ended, self._idle = self._idle, []
            self._busy.clear()
        _end(ended)
        self.start()

    def close(self) -> None:
        """End the processes, once they have handled their events."""
        with self._lock:
            ended, self._idle = [*self._idle, *self._busy], []
            self._busy.clear()
        _end(ended)
        for each in self._ending:
            each.join()

    def _taken(self) -> Process:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if not process.has_ended():
                    break
                process.end()
            else:
                process = Process(self._target, self._launch)
            self._busy.add(process)
        return process


def _end(processes: list[Process]) -> None:
    for process in processes:
        process.tell_to_end()
    for process in processes:
        process.end()


def launch(
    function: FunctionResource, *, region: str, given: Mapping[str, str], urls: Mapping[str, str], python: str
) -> Launch:
    """Return how a function's processes are started.

    Args:
        function: with its code in a folder.
        region: where it is taken to run.
        given: variables that replace the template's.
        urls: of what is served here, by the URLs that they have in AWS.
        python: an interpreter; "" for this one.
    """
    folder = str(function.code)
    variables = {name: local(value, urls) for name, value in function.environment.items()}
    reserved = {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_TASK_ROOT": folder,
        "_HANDLER": function.handler,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    environment = {
        **function.logging,
        **os.environ,
        **identity(),
        **urls_for_sdks(urls),
        **variables,
        **given,
        **reserved,
    }
    first = (folder, *map(str, function.layers))
    return Launch(python=python, first=first, folder=folder, environment=environment, exact=True)


def urls_for_sdks(urls: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which AWS's SDKs find what is served here; those that are set already stay."""
    wanted = {"AWS_ENDPOINT_URL_LAMBDA": urls.get("lambda", ""), "BRIDGE_LAMBDA_ENDPOINT": urls.get("lambda", "")}
    sockets = [url for name, url in urls.items() if name.startswith("management ")]
    if len(sockets) == 1:
        wanted["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"] = wanted["BRIDGE_MANAGEMENT_ENDPOINT"] = sockets[0]
    found = {name: os.environ.get(name) or url for name, url in wanted.items() if url}
    if sockets:
        found["AWS_DATA_PATH"] = os.pathsep.join(filter(None, (SDK, os.environ.get("AWS_DATA_PATH"))))
    return found


def local(value: str, urls: Mapping[str, str]) -> str:
    """Return a text with the URLs of what is served here in place of those that it has in AWS."""
    for name, url in urls.items():
        if name.startswith("//"):
            for scheme in ("https:", "wss:", "http:", "ws:"):
                secure = "ws" if scheme.startswith("ws") else "http"
                value = value.replace(scheme + name, url.replace("http", secure, 1))
    return value


def written(function: FunctionResource, folder: str) -> None:
    """Write the code that the template itself has into a folder, and let that be the function's."""
    place = Path(tempfile.mkdtemp(dir=folder, prefix=function.logical_id))
    (place / "index.py").write_text(function.inline, encoding="utf-8")
    function.code = place
