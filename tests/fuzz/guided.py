"""Fuzz guided by coverage, with atheris: `python -m tests.fuzz.guided --seconds 60`. The first that it finds ends it.

Atheris is for Linux, and for the Pythons that it has wheels for: `pip install --group fuzz`.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys

import atheris

with atheris.instrument_imports(include=["bridge"]):
    from .__main__ import TARGETS, attempt

from .fuzzed_random import FuzzedRandom


def main() -> None:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long: 30")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; all of them, if none is given"
    )
    options = parser.parse_args()
    names = options.targets or [*TARGETS]
    random = FuzzedRandom()
    logging.disable()

    def one(data: bytes) -> None:
        name = names[data[0] % len(names)] if data else names[0]
        if not attempt(name, TARGETS[name].make(random.feed(data[1:])), set()):
            os._exit(1)

    settings = [f"-max_total_time={options.seconds:.0f}", "-max_len=512", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *settings], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
