"""Fuzz for a time: `python -m tests.fuzz --seconds 60`. What is found is written to `cases`."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import time
import traceback
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from . import answers, apps, events, replies, results, websockets

TARGETS: dict[str, Any] = {
    "events": events,
    "websockets": websockets,
    "apps": apps,
    "results": results,
    "replies": replies,
    "answers": answers,
}
"""What is fuzzed, by name: modules with `make(random)` and `check(input)`."""

CASES = Path(__file__).parent / "cases"


def keep(name: str, given: Any) -> Path:
    """Write an input that has found something where the suite will try it."""
    written = json.dumps({"target": name, "input": given}, indent=1)
    path = CASES / f"{name}_{hashlib.sha256(written.encode()).hexdigest()[:10]}.json"
    path.write_text(written + "\n", "utf-8")
    return path


def attempt(name: str, given: Any, known: set[str]) -> bool:
    """Check an input. What it finds is shown and kept, once for each place in the code.

    Args:
        name: of the target.
        given: the input.
        known: places where something has been found already.
    """
    try:
        TARGETS[name].check(given)
    except Exception as error:
        place = traceback.format_tb(error.__traceback__)[-1] + type(error).__name__
        if place not in known:
            known.add(place)
            traceback.print_exc()
            sys.stderr.write(f"{name}: found with {keep(name, given)}\n")
        return False
    return True


def seeded(names: list[str], seconds: float, seed: int) -> bool:
    """Try inputs of a seed, target after target, until the time is over; print how many there were."""
    counts = dict.fromkeys(names, 0)
    known: set[str] = set()
    for name in names:
        end = time.monotonic() + seconds / len(names)
        while time.monotonic() < end:
            counts[name] += 1
            attempt(name, TARGETS[name].make(Random(f"{seed}:{name}:{counts[name]}")), known)
    tried = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    print(f"seed {seed}: {tried}; {len(known)} found")
    return not known


def main() -> None:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long: 30")
    parser.add_argument("--seed", type=int, default=None, help="of the inputs; if not given, another one each time")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; all of them, if none is given"
    )
    options = parser.parse_args()
    logging.disable()
    names = options.targets or [*TARGETS]
    seed = SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    sys.exit(not seeded(names, options.seconds, seed))


if __name__ == "__main__":
    main()
