"""The core of the suite in every mode of the interpreter: `python -m tests.modes`.

`-O`, development mode, asyncio's debug mode, other hash seeds, and uvloop for every loop.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

CORE = ["app", "dispatch", "invocation", "test_contract.py", "test_streamed_contract.py", "test_handler.py"]
QUIET = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]
MODES: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    # pytest says that it cannot check asserts outside of test modules then.
    "-O": ({}, ["-O"], ["-W", "ignore::pytest.PytestConfigWarning"]),
    "PYTHONDEVMODE=1": ({"PYTHONDEVMODE": "1"}, [], ["-p", "tests.no_slow_callbacks"]),
    "PYTHONASYNCIODEBUG=1": ({"PYTHONASYNCIODEBUG": "1"}, [], ["-p", "tests.no_slow_callbacks"]),
    "PYTHONHASHSEED=0": ({"PYTHONHASHSEED": "0"}, [], []),
    "PYTHONHASHSEED=4242": ({"PYTHONHASHSEED": "4242"}, [], []),
    "uvloop": ({}, [], ["-p", "tests.uvloop_everywhere"]),
}
"""Environment, options of Python and options of pytest, by the mode's name."""


def run(name: str, paths: list[str]) -> bool:
    """Run the core in a mode, print how it ended, and return whether all is well."""
    environment, python, pytest = MODES[name]
    root = Path(__file__).parents[1]
    command = [sys.executable, *python, "-m", "pytest", *QUIET, *pytest, *paths]
    started = time.monotonic()
    done = subprocess.run(command, env={**os.environ, **environment}, cwd=root, capture_output=True, text=True)
    last = (done.stdout.strip() or done.stderr.strip()).rpartition("\n")[2]
    print(f"{name}: {last} [{time.monotonic() - started:.0f} s]", flush=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    return done.returncode == 0


def main() -> None:
    """Run in the modes that are named, or in all."""
    paths = [f"tests/{name}" for name in CORE]
    good = [run(name, paths) for name in sys.argv[1:] or MODES]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
