"""What an event costs, counted instead of timed: the same on every machine.

`python -m benchmarks.test_budget` prints the figures, `python -m benchmarks.test_budget --write` makes them the budget
of this Python version, in budget.json.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .rounds import in_lambda

FILE = Path(__file__).with_name("budget.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SLACK = 1.05
"""Of calls, instructions, modules and bytes of source, so many times the budget may be used before it is overdrawn."""

EVENTS = 1000
"""Events after which nothing may be left."""

SOURCES = ("HTTP API 2.0", "REST API 1.0")
SCENARIOS = [f"{interface} {source}" for interface in ("asgi", "wsgi") for source in SOURCES]
LEFT = [*SCENARIOS, "runtime, asgi", "runtime, wsgi"]
"""What must leave nothing behind."""

# Not of apps.py, which imports asyncio.
_APPS = """
import sys
async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"hello"})
def wsgi(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"hello"]
"""


def measured() -> dict[str, Any]:
    """All figures, by name. An event is counted as in Lambda."""
    found: dict[str, Any] = {}
    with in_lambda():
        for scenario in SCENARIOS:
            found |= _counts(scenario, _call(scenario))
        for interface in ("asgi", "wsgi"):
            found |= _counts(f"runtime, {interface}", _turn(interface))
    for name in ("import", "wsgi", "asgi"):
        imported = modules(name)
        found[f"modules: {name}"] = len(imported)
        found[f"bytes of source: {name}"] = source_bytes(imported)
    return found


def _counts(name: str, call: Callable[[], object]) -> dict[str, int]:
    """The least of three: now and then the loop has a turn besides, for timers and tasks left behind."""
    return {f"{what}: {name}": min(count(call) for _ in range(3)) for what, count in COUNTS.items()}


def system_calls() -> dict[str, float | None]:
    """System calls of a cycle of the runtime, by name; None where they cannot be traced."""
    from . import cycle

    return {f"system calls: runtime, {app}": cycle.system_calls(app) for app in ("asgi", "wsgi")}


def source_bytes(names: list[str]) -> int:
    """The size of the source of Bridge's own modules: what is compiled at a cold start, where no bytecode is."""
    paths = [FILE.parent.parent / "src" / Path(*name.split(".")) for name in names if name.split(".")[0] == "bridge"]
    files = [path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in paths]
    return sum(file.stat().st_size for file in files)


@in_lambda()
def left_behind(scenario: str) -> dict[str, int]:
    """What is left of many events: objects, blocks of memory, bytes, and garbage that only the collector can free.

    They are handled as in Lambda.
    """
    call = _call(scenario) if scenario in SCENARIOS else _turn(scenario.partition(", ")[2])
    gc.collect()
    gc.disable()
    try:
        _repeat(call)  # the collector has emptied the interpreter's free lists
        objects, blocks = len(gc.get_objects()), sys.getallocatedblocks()
        _repeat(call)
        grown = {"objects": len(gc.get_objects()) - objects, "blocks": sys.getallocatedblocks() - blocks}
        grown["garbage"] = gc.collect()
    finally:
        gc.enable()
    tracemalloc.start()
    _repeat(call)
    before = tracemalloc.get_traced_memory()[0]
    _repeat(call)
    grown["bytes"] = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown


def _repeat(call: Callable[[], object]) -> None:
    for _ in range(EVENTS):
        call()


def calls(call: Callable[[], object]) -> int:
    """Python functions entered or resumed in one call."""
    count = 0

    def profile(frame: Any, kind: str, argument: Any) -> None:
        nonlocal count
        count += kind == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


def instructions(call: Callable[[], object]) -> int:
    """Bytecode instructions carried out in one call."""
    count = 0

    def step(*_: Any) -> None:
        nonlocal count
        count += 1

    if sys.version_info >= (3, 12):
        monitoring = sys.monitoring
        monitoring.use_tool_id(monitoring.PROFILER_ID, "benchmarks.budget")
        monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION, step)
        monitoring.set_events(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION)
        try:
            call()
        finally:
            monitoring.set_events(monitoring.PROFILER_ID, 0)
            monitoring.free_tool_id(monitoring.PROFILER_ID)
        return count

    def trace(frame: Any, kind: str, argument: Any) -> Any:
        frame.f_trace_opcodes = True
        if kind == "opcode":
            step()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


COUNTS = {"calls": calls, "instructions": instructions}


def modules(name: str) -> list[str]:
    """Modules that come with `import bridge` ("import"), or with it and a first event ("asgi", "wsgi")."""
    event = {
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {"host": "example.org"},
        "requestContext": {"http": {"method": "GET", "path": "/", "sourceIp": "203.0.113.7"}, "stage": "$default"},
        "isBase64Encoded": False,
    }
    first = "" if name == "import" else f"bridge.Bridge({name})({event!r}, None)"
    script = "\n".join(
        [
            _APPS,
            "known = set(sys.modules)",
            "import bridge",
            first,
            "print(*sorted(set(sys.modules) - known))",
        ]
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ)
    return done.stdout.split()


def _call(scenario: str) -> Callable[[], object]:
    """One event of a scenario, after enough of them that everything is looked up and made."""
    from bridge import Bridge

    from . import apps
    from .contender import Context
    from .request import SOURCES as MAKERS, Request

    interface, _, source = scenario.partition(" ")
    handler = Bridge(apps.asgi if interface == "asgi" else apps.wsgi)
    event = MAKERS[source](Request())
    context = Context()

    def call() -> object:
        return handler(event, context)

    for _ in range(100):
        call()
    return call


def _turn(interface: str) -> Callable[[], object]:
    """A cycle of the runtime, after enough of them."""
    from . import apps, cycle

    call = cycle.turn(apps.asgi if interface == "asgi" else apps.wsgi)
    for _ in range(100):
        call()
    return call


def main(arguments: list[str]) -> None:
    """Print the figures beside the budget, or make them the budget."""
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    before = known.get(VERSION, {})
    found = measured() | {name: figure or before.get(name, 0) for name, figure in system_calls().items()}
    for name, figure in found.items():
        print(f"{name:32}{figure:8}   budget {before.get(name, 'none')}")
    for scenario in LEFT:
        print(f"left of {EVENTS} events, {scenario}: {left_behind(scenario)}")
    if "--write" in arguments:
        known[VERSION] = found
        FILE.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")
        print(f"wrote {FILE.name} for Python {VERSION}")


def in_fresh_process() -> dict[str, Any]:
    """All figures, and what is left behind, counted where nothing else traces, profiles or runs."""
    script = (
        "import json; from benchmarks import budget; "
        "left = {name: budget.left_behind(name) for name in budget.LEFT}; "
        "print(json.dumps([budget.measured(), left]))"
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ, cwd=root
    )
    figures, left = json.loads(done.stdout.splitlines()[-1])
    return {"figures": figures, "left": left}
