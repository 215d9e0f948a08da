"""`python -m benchmarks.loaded`: where an adapter's first milliseconds go, beside a framework that is loaded already.

Processes of every adapter in turn, with valid bytecode. A figure is the least of all starts: what is left when nothing
else disturbs. The parts of Bridge are its modules, as `python -X importtime` tells them.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile

from . import cold
from .contender import BRIDGE
from .request import Request, http_api
from .table import Table, seconds

STARTS = 15
SETTINGS = ("FastAPI loaded", "Flask loaded")

_SCRIPT = """\
import sys, time
{before}
event = {event!r}
print("loaded", file=sys.stderr)
times = [time.perf_counter()]
{imports}
times.append(time.perf_counter())
handler = {make}
times.append(time.perf_counter())
for _ in range(2):
    assert handler(event, None)["statusCode"] == 200
    times.append(time.perf_counter())
print(*(end - start for start, end in zip(times, times[1:])))
"""
_MODULE = re.compile(r"import time: +(\d+) \| +\d+ \| +(\S+)")
_STEPS = ("import", "make the handler", "first event", "second event")


def scripts(setting: str) -> dict[str, str]:
    """Return what each adapter's process runs."""
    before, names = cold.SETTINGS[setting]
    made = {}
    for name in names:
        imports, make = cold.MAKERS[name].split("|")
        made[name] = _SCRIPT.format(before=before, event=http_api(Request()), imports=imports, make=make)
    return made


def start(script: str, cache: str, *options: str) -> tuple[list[float], dict[str, float]]:
    """Start a process.

    Returns:
        Seconds of each step; and, with `-X importtime`, of each module that was imported in them.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, *options, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=cold.variables(cache))
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:200])
    _, _, lines = done.stderr.partition("loaded\n")
    modules = {name: int(microseconds) / 1e6 for microseconds, name in _MODULE.findall(lines)}
    return [float(step) for step in done.stdout.split()], modules


def tables(setting: str, starts: int = STARTS) -> list[Table]:
    """Return the steps of every adapter, and the modules of Bridge."""
    ready = scripts(setting)
    steps: dict[str, list[float]] = {}
    modules: dict[str, float] = {}
    errors = []
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as cache:
        for name in list(ready):  # not timed: writes the bytecode
            try:
                start(ready[name], cache)
            except RuntimeError as error:
                errors.append(f"{name}: {error}")
                del ready[name]
        for _ in range(starts):
            for name in draw.sample(list(ready), len(ready)):
                found, _ = start(ready[name], cache)
                steps[name] = [*map(min, found, steps.get(name, found))]
            _, found_modules = start(ready[BRIDGE], cache, "-X", "importtime")
            modules = {name: min(least, modules.get(name, least)) for name, least in found_modules.items()}
    named = [[name, *map(seconds, steps[name])] for name in ready]
    shares = sorted(modules.items(), key=lambda item: -item[1])
    return [
        Table(f"{setting}: the least seconds of each step", ["", *_STEPS], list(named), errors),
        Table(
            f"{setting}: what Bridge imports, {len(shares)} modules, {seconds(sum(modules.values()))}",
            ["", "the module itself"],
            [[name, seconds(share)] for name, share in shares],
        ),
    ]


if __name__ == "__main__":
    for title in SETTINGS:
        for made in tables(title):
            print(made.text(), end="\n\n")
    print(f"{STARTS} starts of each, CPython {sys.version.split()[0]}")
