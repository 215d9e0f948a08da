"""The table of docs/observability.md: `python -m tests.observe.table` measures it anew and writes it."""

from __future__ import annotations

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .measure import PAGE, RUNTIMES, cell
from .tools import TOOLS, Tool

COLUMNS = [(runtime, interface) for runtime in RUNTIMES for interface in ("asgi", "wsgi")]
HEAD = ["", *(f"{runtime}: {interface.upper()}" for runtime, interface in COLUMNS)]
BEGIN, END = "<!-- measured: python -m tests.observe.table -->\n", "<!-- end -->\n"


def _rows() -> dict[str, dict[tuple[str, str], str]]:
    text = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [[word.strip() for word in line.strip("|\n").split("|")] for line in text.splitlines()[2:]]
    return {line[0]: dict(zip(COLUMNS, line[1:], strict=True)) for line in lines}


TABLE = _rows()


def _measured(tool: Tool, runtime: str, interface: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        found = cell(tool, runtime, interface, Path(folder))
    print(f"{tool.name}, {runtime}, {interface}: {found}", flush=True)  # noqa: T201
    return found


def main() -> None:
    """Measure everything, and write the table."""
    with ThreadPoolExecutor(2) as pool:
        rows = [
            (tool, [pool.submit(_measured, tool, runtime, interface) for runtime, interface in COLUMNS])
            for tool in TOOLS
        ]
        lines = [HEAD, ["---"] * len(HEAD), *([tool.name, *(cell.result() for cell in cells)] for tool, cells in rows)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    text = PAGE.read_text("utf-8")
    text = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: BEGIN + table + END, text, flags=re.DOTALL)
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
