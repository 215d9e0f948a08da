"""An event stays as cheap as it is: counts that do not depend on the machine.

When a count rises for a good reason, or has fallen: `python -m benchmarks.test_budget` prints the counts, and
`python -m benchmarks.test_budget --write` takes them over into budget.json, once with each version of Python.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from benchmarks import budget, environment

BUDGET: dict[str, dict[str, float]] = (
    json.loads(budget.FILE.read_text(encoding="utf-8")) if budget.FILE.exists() else {}
)
NAMES = sorted({name for figures in BUDGET.values() for name in figures})
TRACED = [name for name in NAMES if name.startswith("system calls")]

NEVER_AT_IMPORT = {"argparse", "asyncio", "boto3", "dataclasses", "enum", "httpx", "inspect", "json", "logging", "re"}
NEVER_WITH_WSGI = NEVER_AT_IMPORT
NEVER_WITH_ASGI = {"argparse", "boto3", "httpx", "json", "starlette", "urllib.parse", "uvicorn"}


@pytest.fixture(scope="session")
def counted() -> dict[str, Any]:
    """The counts, from a process of their own."""
    return budget.in_fresh_process()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TRACED])
def test_a_count_is_within_its_budget(name: str, counted: dict[str, Any]) -> None:
    """Calls, instructions, modules and bytes of source; 5 % are spare."""
    if budget.VERSION not in BUDGET:
        pytest.skip(f"no budget for Python {budget.VERSION}")
    allowed = BUDGET[budget.VERSION][name]
    assert counted["figures"][name] <= allowed * budget.SLACK


@pytest.fixture(scope="session")
def traced() -> dict[str, float | None]:
    """System calls, by name."""
    return budget.system_calls()


@pytest.mark.skipif(environment.STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize("name", TRACED)
def test_a_cycle_of_the_runtime_takes_few_system_calls(name: str, traced: dict[str, float | None]) -> None:
    """Two requests, a look before the one that cannot be repeated, two replies, one wait. CPython 3.11 adds some."""
    if budget.VERSION not in BUDGET:
        pytest.skip(f"no budget for Python {budget.VERSION}")
    found = traced[name]
    if found is None:
        pytest.skip("strace may not trace here")
    assert found <= BUDGET[budget.VERSION][name] + 0.5


@pytest.mark.parametrize("scenario", budget.LEFT)
def test_events_leave_nothing_behind(scenario: str, counted: dict[str, Any]) -> None:
    """After a thousand events: no object more, no cycle that waits for the collector, no memory that grows."""
    left = counted["left"][scenario]
    assert left["objects"] <= 5
    assert left["garbage"] == 0
    assert left["blocks"] <= 20
    assert left["bytes"] <= 2000


@pytest.mark.parametrize(
    ("name", "never"), [("import", NEVER_AT_IMPORT), ("wsgi", NEVER_WITH_WSGI), ("asgi", NEVER_WITH_ASGI)]
)
def test_modules_that_are_not_needed_are_not_imported(name: str, never: set[str]) -> None:
    """Neither by `import bridge` nor by a first event."""
    assert not never.intersection(budget.modules(name))


if __name__ == "__main__":
    budget.main(sys.argv[1:])
