"""What Lambda says in environment variables, and the import path that goes with it.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

from __future__ import annotations

import os
import site
import sys

from ..errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

LAYERS = "/opt/python"
"""Where layers put Python packages."""


CONCURRENCY = "AWS_LAMBDA_MAX_CONCURRENCY"

OPTIONS = {
    "BRIDGE_CONCURRENCY": ("processes", "tasks"),
    "BRIDGE_GRACEFUL_SHUTDOWN": ("0", "1"),
    "BRIDGE_SNAPSTART_LIFESPAN": ("keep", "restart"),
    "BRIDGE_STREAMING": ("off", "on", "auto"),
}
"""What a deployer may set, with the values that each may have: the first is the default."""


class Environment:
    """The settings of a runtime.

    Args:
        arguments: of the command line: the handler, or nothing.
        variables: the process's environment variables.

    Attributes:
        address: of the Runtime API, HOST:PORT.
        handler: MODULE.HANDLER.
        workers: invocations that are handled at once.
        tasks: whether workers are tasks on one loop, and not processes.
        graceful: whether to register as an extension, so that SIGTERM comes before the end.
        snap_start: whether a snapshot is taken after init.
        restarts: whether the app's lifespan ends before the snapshot, and begins anew after it.
        streaming: what `Bridge(streaming=...)` is told, where the handler is an app that it has to wrap.
        is_concurrent: whether Lambda has said how many.
    """

    def __init__(self, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        self.address = variables.get("AWS_LAMBDA_RUNTIME_API", "")
        self.handler = arguments[0] if arguments else variables.get("_HANDLER", "")
        concurrency = variables.get(CONCURRENCY, "")
        self.is_concurrent = bool(concurrency)
        self.workers = int(concurrency) if concurrency.isascii() and concurrency.isdigit() else int(not concurrency)
        self.tasks = variables.get("BRIDGE_CONCURRENCY") == "tasks"
        self.graceful = variables.get("BRIDGE_GRACEFUL_SHUTDOWN") == "1"
        self.restarts = variables.get("BRIDGE_SNAPSTART_LIFESPAN") == "restart"
        self.snap_start = variables.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
        self.streaming: Any = variables.get("BRIDGE_STREAMING") or "off"
        self._variables = variables

    def check(self) -> None:
        """Check that every variable has a value that is known.

        Raises:
            ConfigurationError: one has not.
        """
        if self.workers < 1:
            raise ConfigurationError(f"{CONCURRENCY} is a number from 1 on, not {self._variables[CONCURRENCY]!r}")
        for name, values in OPTIONS.items():
            value = self._variables.get(name)
            if value and value not in values:
                raise ConfigurationError(f"{name} is {' or '.join(values)}, not {value!r}")


def set_up_path(root: str, layers: str = LAYERS) -> None:
    """Put the function's folder and its layers on the import path, as Lambda's own runtime does.

    First the folder, then what layers hold for this version of Python, then what they hold for all. `.pth` files there
    count.

    Args:
        root: LAMBDA_TASK_ROOT; "" where there is none.
        layers: the folder of the layers.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = [root, os.path.join(layers, "lib", version, "site-packages"), layers]
    folders = [folder for folder in folders if folder and os.path.isdir(folder)]
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    for folder in folders:
        site.addsitedir(folder)
