"""Each recipe of docs/observability.md, with the real package, in a process that Lambda would freeze."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from .measure import RUNTIMES, Observed, cell
from .table import COLUMNS, TABLE
from .tools import TOOLS, Tool


def is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


FULL = bool(os.environ.get("OBSERVE"))
LIGHT = ("Powertools Logger", "X-Ray SDK")
"""Tools that the whole suite tries too, streamed. The rest takes minutes: `make observe`."""


def needed(tool: Tool) -> None:
    missing = [name for name in tool.packages if not is_installed(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: pip install --group observe")


@pytest.mark.parametrize(("runtime", "interface"), COLUMNS)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_table_says_what_is_so(tool: Tool, runtime: str, interface: str, tmp_path: Path) -> None:
    if not FULL and (tool.name not in LIGHT or not runtime.endswith("streamed")):
        pytest.skip("make observe runs this: it takes minutes, and other packages")
    needed(tool)
    assert cell(tool, runtime, interface, tmp_path) == TABLE[tool.name][runtime, interface]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_client_does_not_wait_for_background_work_because_of_decorators(runtime: str, tmp_path: Path) -> None:
    tool = next(tool for tool in TOOLS if tool.name == "Powertools Logger")
    needed(tool)
    observed = Observed(tool, runtime, "asgi", tmp_path)
    try:
        _, body, _ = observed.answer("/late")
        is_late = "background work was done" in observed.log_at_answer
    finally:
        observed.close()
    assert b"first" in body
    assert is_late is (runtime == "awslambdaric")
