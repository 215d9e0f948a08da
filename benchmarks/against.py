"""`python -m benchmarks.against FOLDER`: a cycle of Bridge's runtime, beside that of another checkout, and the floors.

FOLDER is the other checkout: `git worktree add --detach FOLDER REVISION` makes one. One floor is the least runtime in
Python around the least adapter in Python, the other has no app. Everyone has a turn in each round. A turn's time is the
median of its events; what is shown is that of the fastest turn.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from .cold import FLASK_APP, WSGI_APP
from .cycle import APPS, SOURCE
from .environment import Environment
from .least import RUNTIME
from .request import Request, payload
from .table import Table, seconds

ROUNDS = 20
EVENTS = 50
WARM_UP = 200

BEFORE = "the other checkout"
NOW = "this one"
FLOOR = "the least in Python"
LEAST = "the least in Python, no app"

_ROOT = Path(__file__).parent.parent


def _sources(app: str) -> dict[str, tuple[str, str]]:
    """Return the runtime of each contender, and the text of its app.py."""
    interface = "wsgi" if APPS[app] in (WSGI_APP, FLASK_APP) else "asgi"
    bridge = f"{APPS[app]}\nfrom bridge import Bridge\nhandler = Bridge(app)\n"
    floor = RUNTIME.replace("    json.loads(body)", "    result = handler(json.loads(body), None)")
    return {
        BEFORE: ("bridge.runtime", bridge),
        NOW: ("bridge.runtime", bridge),
        FLOOR: (
            "least",
            f"{APPS[app]}\nfrom benchmarks.least import {interface} as make\nhandler = make(app)\n{floor}",
        ),
        LEAST: ("least", RUNTIME),
    }


def cycles(app: str, other: Path, rounds: int = ROUNDS) -> dict[str, tuple[float, float]]:
    """Return the least seconds of a cycle, by the clock and of the processor, of each contender.

    Raises:
        RuntimeError: one does not start, or nothing tells the processor's time.
    """
    event = payload(SOURCE, Request())
    found: dict[str, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory() as cache, ExitStack() as stack:
        ready = {}
        for name, (runtime, source) in _sources(app).items():
            root = other.resolve() if name == BEFORE else _ROOT
            paths = (
                f"import sys\nsys.path[:0] = [{str(root / 'src')!r}, {str(_ROOT)!r}]\n" if runtime == "least" else ""
            )
            path = None if runtime == "least" else str(root / "src")
            try:
                ready[name] = stack.enter_context(Environment(runtime, paths + source, f"{cache}/{name}", path=path))
            except RuntimeError:
                if name != FLOOR:
                    raise
                continue  # CPython 3.11 has no eager tasks
            found[name] = [], []
            for _ in range(WARM_UP):
                ready[name].api.invoke(event)
        draw = random.Random(0)
        for _ in range(rounds):
            for name in draw.sample(list(ready), len(ready)):
                before = ready[name].cpu()
                times = [ready[name].api.invoke(event).cycle for _ in range(EVENTS)]
                after = ready[name].cpu()
                if before is None or after is None:
                    raise RuntimeError("nothing tells the processor's time here")
                found[name][0].append(statistics.median(times))
                found[name][1].append((after - before) / EVENTS)
    return {name: (min(clock), min(processor)) for name, (clock, processor) in found.items()}


def table(other: Path, apps: list[str], rounds: int = ROUNDS) -> Table:
    """Return the cycles of some apps; in parentheses, what they are of those of the other checkout."""
    names = (BEFORE, NOW, FLOOR, LEAST)
    rows = []
    for app in apps:
        found = cycles(app, other, rounds)
        for number, what in enumerate(("by the clock", "processor")):
            first = found[BEFORE][number]
            cells = [
                f"{seconds(found[name][number])} ({found[name][number] / first:.2f})" if name in found else "-"
                for name in names
            ]
            rows.append([f"{app}, {what}", *cells])
    return Table("A cycle of the runtime", ["", *names], list(rows))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description="Compare with another checkout.")
    parser.add_argument("folder", type=Path, help="the other checkout")
    options = parser.parse_args()
    print(table(options.folder, ["asgi", "fastapi", "flask"]).text())
    print(f"{ROUNDS} rounds of {EVENTS} events, CPython {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
