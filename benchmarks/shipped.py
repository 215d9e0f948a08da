"""Cold start of the examples as they are shipped: without bytecode, as `sam build` does it, and by `bridge package`.

Each start is a new process that sees the function's folder and the standard library, and nothing else. It writes no
bytecode: on Lambda the folder cannot be written to. Times are processor time of the process. Every adapter has the same
folder, with a module of its own, and both folders take part in each round.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .contender import BRIDGE
from .deployed import PACKAGE, SAM, WAYS, deployed
from .request import Request, http_api
from .rounds import Effort, Figure, figure


@dataclass(frozen=True)
class Example:
    """An example.

    Attributes:
        title: for tables.
        source: of its module, with `Bridge`.
        interface: "asgi" or "wsgi".
        needs: distributions.
        makers: what makes a handler, by adapter: imports and expression.
        aim: at most how much of the import's time as `sam build` ships it may be left as packaged; None: no aim.
    """

    title: str
    source: str
    interface: str
    needs: tuple[str, ...]
    makers: dict[str, str]
    aim: float | None = None


Row = dict[str, Any]
"""As those of `cold`, with processor times; `aim`: contender, peer, what, limit, ratio."""

_SCRIPT = """\
import sys, time
folder = {folder!r}
sys.path.insert(0, folder)
{prelude}
event = {event!r}
before = len(sys.modules)
start = time.process_time()
import {module} as module
imported = time.process_time()
result = module.handler(event, None)
end = time.process_time()
assert result["statusCode"] == 200, result
print(imported - start, end - start, end, len(sys.modules) - before)
"""


def rows(example: Example, effort: Effort, say: Callable[[str], None]) -> list[Row]:
    """Start an example with every adapter, shipped in both ways."""
    times: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    errors: dict[str, dict[str, str]] = {way: {} for way in WAYS}
    with tempfile.TemporaryDirectory() as scratch:
        modules = {name: f"app_{number}" for number, name in enumerate(example.makers)}
        for number, way in enumerate(WAYS):
            say(f"cold start: {example.title}, {way}")
            write(way, example, modules, Path(scratch, str(number)))
        for number, way in enumerate(WAYS):
            for name, module in modules.items():
                try:  # not timed: it tells who can take part
                    launch(Path(scratch, str(number)), module)
                    times[way, name] = []
                except RuntimeError as error:
                    errors[way][name] = str(error)
        draw = random.Random(0)
        for _ in range(effort.launches):
            for way, name in draw.sample(list(times), len(times)):
                times[way, name].append(launch(Path(scratch, str(WAYS.index(way))), modules[name]))
    found = [_row(example, way, times, errors[way]) for way in WAYS]
    if example.aim and times.get((SAM, BRIDGE)) and times.get((PACKAGE, BRIDGE)):
        found[1]["aim"] = _aim(times, example.aim)
    return found


def write(way: str, example: Example, modules: dict[str, str], folder: Path) -> None:
    """Write a function's folder.

    Args:
        way: one of `deployed.WAYS`.
        example: what is in it.
        modules: by adapter, the name of the module that has the example with it.
        folder: is made.
    """
    folder.mkdir()
    for name, module in modules.items():
        imports, make = example.makers[name].split("|")
        text = example.source.replace("from bridge import Bridge\n", "").replace("Bridge(app)", make)
        (folder / f"{module}.py").write_text(f"{imports}\n{text}", encoding="utf-8")
    deployed(way, example.needs, folder)


def _row(example: Example, way: str, times: dict[tuple[str, str], list[tuple[float, ...]]], errors: Any) -> Row:
    figures: dict[str, Any] = {}
    for name in example.makers:
        if (way, name) in times:
            own, reference = times[way, name], times.get((way, BRIDGE), [])
            figures[name] = {
                kind: _column(own, reference, column)
                for column, kind in enumerate(("import", "first_event", "process"))
            }
            figures[name]["modules"] = int(own[0][3])
    found = {"setting": f"{example.title} {way}", "interface": example.interface, "shipped": True}
    return found | {"figures": figures, "errors": errors}


def _column(own: list[tuple[float, ...]], reference: list[tuple[float, ...]], column: int) -> Figure:
    return figure([line[column] for line in own], [line[column] for line in reference], 1)


def _aim(times: dict[tuple[str, str], list[tuple[float, ...]]], limit: float) -> dict[str, Any]:
    """How Bridge's import as packaged compares with the same as `sam build` ships it, round by round."""
    pairs = zip(times[PACKAGE, BRIDGE], times[SAM, BRIDGE], strict=True)
    ratio = statistics.median(packaged[0] / sam[0] for packaged, sam in pairs)
    packaged = f"{BRIDGE}, {PACKAGE}"
    return {"contender": packaged, "peer": SAM, "what": "import", "limit": limit, "ratio": round(ratio, 3)}


def launch(folder: Path, module: str, options: Sequence[str] = (), prelude: str = "") -> tuple[float, ...]:
    """Start once.

    Args:
        folder: the function's.
        module: has `handler`.
        options: of Python.
        prelude: a line of Python, which runs before the import.

    Returns:
        Seconds of processor time: the import, with the first event, of the whole process; and the number of modules.
    """
    event = http_api(Request(path="/hello", query=()))
    script = _SCRIPT.format(folder=str(folder), event=event, module=module, prelude=prelude)
    command = [sys.executable, "-I", "-S", "-B", *options, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1][:200])
    imported, first_event, process, modules = map(float, done.stdout.split()[-4:])
    return imported, first_event, process, modules
