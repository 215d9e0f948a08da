"""Run a function as `python -m bridge.runtime` does, and tell a pipe when its parts were done: `launch.py FD TARGET`.

It runs in a process of its own, by its path. What it takes from Bridge is the runtime that lies in the function's own
folder.
"""

import os
import sys
import time

begun = time.perf_counter()

from bridge.runtime import __main__ as runtime, process  # noqa: E402 - it is timed

imported = time.perf_counter()


def main(pipe: int, target: str) -> int:
    """Run the function; the exit code."""
    load = process.load

    def timed(*arguments):  # type: ignore[no-untyped-def] # noqa: ANN
        function = load(*arguments)
        os.write(pipe, f"{begun} {imported} {time.perf_counter()}\n".encode())
        return function

    process.load = timed
    return runtime.main([target])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
