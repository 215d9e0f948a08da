"""`python -m benchmarks`: measure, print, and write results.json, the charts and the page of figures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from . import bodies, cold, events, growth, machine, page, report, runtime
from .case import CASES
from .charts import CHARTS
from .rounds import FULL, QUICK, Effort, in_lambda

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "benchmark.md"
README = HERE.parent / "README.md"


def main(arguments: list[str] | None = None) -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Bridge beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a glance, not a result")
    cases = [case.name for case in CASES]
    parser.add_argument(
        "--only",
        metavar="NAME",
        choices=[*report.PARTS, *cases],
        help=f"a part ({', '.join(report.PARTS)}), or a case of the events ({', '.join(cases)}), which is only printed",
    )
    parser.add_argument("--no-write", action="store_true", help="print, and leave all files as they are")
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else FULL
    command = " ".join(["python -m benchmarks", *(["--quick"] if options.quick else [])])
    results = run(effort, options.only, command)
    if not options.no_write and options.only not in cases:
        write(results)
    return 0


def run(effort: Effort, only: str | None, command: str) -> dict[str, Any]:
    """Measure and print. The results of each part, with where and how they were made."""
    found = machine.described()
    print(machine.text(found))
    case = None if only in (None, *report.PARTS) else only
    measures: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "events": lambda: events.measure(effort, case, _say),
        "bodies": lambda: bodies.measure(effort, _say),
        "cold": lambda: cold.measure(effort, _say),
        "growth": lambda: growth.measure(effort, _say),
        "runtime": lambda: runtime.measure(effort, _say),
    }
    results = {}
    for part, measure in measures.items():
        if only in (None, part) or (case and part == "events"):
            start = perf_counter()
            with in_lambda():
                rows = measure()
            rounds = effort.launches if part == "cold" else rows_rounds(part, effort)
            made = {"command": command, "rounds": rounds, "machine": found}
            results[part] = {"made": made, "rows": rows}
            _say("")
            print(f"\n{report.text(part, rows)}\n{rounds} rounds, {perf_counter() - start:.0f} s")
    return results


def rows_rounds(part: str, effort: Effort) -> int:
    """How many rounds a part has had."""
    return effort.rounds if part == "events" else max(1, effort.rounds // 2)


def write(results: dict[str, Any], here: Path = HERE, page_file: Path = PAGE, readme: Path = README) -> None:
    """Write the files. Parts that were not measured now stay as they were."""
    file = here / RESULTS.name
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known.update(results)
    file.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {file.name}")
    for part in results:
        (here / f"{part}.svg").write_text(CHARTS[part](results[part]), encoding="utf-8")
        print(f"wrote {part}.svg")
    for file, markers, fragment in (
        (page_file, page.MARKERS, page.fragment(known)),
        (readme, page.RUNTIME_MARKERS, page.runtime_fragment(known)),
    ):
        if page.rewrite(file, markers, fragment):
            print(f"wrote {file.name}")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
