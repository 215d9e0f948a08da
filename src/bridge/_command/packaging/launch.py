"""Run a function as `python -m bridge.runtime` does, and tell a pipe when its parts were done: `launch.py FD TARGET`.

It runs in a process of its own, by its path, and takes the runtime that the function's own folder has: whatever version
of Bridge that is.
"""

import importlib
import os
import sys
import time

begun = time.perf_counter()

from bridge.runtime import __main__ as runtime  # noqa: E402 - it is timed

imported = time.perf_counter()


def main(pipe: int, target: str) -> int:
    """Run the function, and return the exit code.

    Args:
        pipe: gets three times, by `time.perf_counter`: the begin, and the ends of the two imports.
        target: MODULE:HANDLER or MODULE.HANDLER.
    """
    module = (target.partition(":")[0] if ":" in target else target.rpartition(".")[0]).replace("/", ".")
    import_module = importlib.import_module

    def timed(name: str, package: str | None = None) -> object:
        found = import_module(name, package)
        if name == module:
            os.write(pipe, f"{begun} {imported} {time.perf_counter()}\n".encode())
            importlib.import_module = import_module
        return found

    importlib.import_module = timed  # type: ignore[assignment] # it is the runtime's way to import a function
    return runtime.main([target])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
