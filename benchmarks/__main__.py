"""`python -m benchmarks`: measure, print, and write results.json, the chart, docs/benchmark.md and README.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from . import bodies, cold, events, gateway, growth, machine, page, report, runtime
from .case import CASES
from .rounds import FULL, QUICK, Effort, in_lambda
from .table import LEGEND

ROOT = Path(__file__).parent.parent
FILES = ("benchmarks/results.json", "benchmarks/chart.svg", "docs/benchmark.md", "README.md")
"""What a whole run writes, from the root."""


def main(arguments: list[str] | None = None) -> int:
    """Run all, or what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Bridge beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a glance, not a result")
    cases = [case.name for case in CASES]
    parser.add_argument(
        "--only",
        metavar="NAME",
        choices=[*report.PARTS, *cases],
        help=f"a part ({', '.join(report.PARTS)}), or a case of the events ({', '.join(cases)}); it is only printed",
    )
    parser.add_argument("--no-write", action="store_true", help="print, and leave all files as they are")
    parser.add_argument("--results", metavar="FILE", type=Path, help="measure nothing, write the pages of these")
    options = parser.parse_args(arguments)
    if options.results:
        write(json.loads(options.results.read_text(encoding="utf-8")))
        return 0
    effort = QUICK if options.quick else FULL
    results = run(effort, options.only, "python -m benchmarks --quick" if options.quick else "python -m benchmarks")
    if not (options.no_write or options.only):
        write(results)
    return 0


def run(effort: Effort, only: str | None, command: str) -> dict[str, Any]:
    """Measure and print. Return the results of each part, with where and how they were made."""
    found = machine.described()
    print(machine.text(found))
    case = None if only in (None, *report.PARTS) else only
    measures: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "cold": lambda: cold.measure(effort, _say),
        "runtime": lambda: runtime.measure(effort, _say),
        "events": lambda: events.measure(effort, case, _say),
        "bodies": lambda: bodies.measure(effort, _say),
        "growth": lambda: growth.measure(effort, _say),
        "gateway": lambda: gateway.measure(effort, _say),
    }
    results = {}
    for part, measure in measures.items():
        if only in (None, part) or (case and part == "events"):
            start = perf_counter()
            with in_lambda():
                rows = measure()
            rounds = rounds_of(part, effort)
            results[part] = {"made": {"command": command, "rounds": rounds, "machine": found}, "rows": rows}
            _say("")
            print(*(f"\n{table.text()}" for table in report.tables(part, rows)), sep="\n")
            print(f"{LEGEND}\n{part}: {rounds} rounds, {perf_counter() - start:.0f} s")
    return results


def rounds_of(part: str, effort: Effort) -> int:
    """Return how many rounds a part has."""
    if part == "cold":
        return effort.launches
    return max(1, effort.rounds // {"events": 1, "growth": 4, "gateway": 4}.get(part, 2))


def write(results: dict[str, Any], root: Path = ROOT) -> None:
    """Write the files of a whole run."""
    data, picture, pages, readme = (root / name for name in FILES)
    data.write_text(json.dumps(results, ensure_ascii=False).replace('{"', '\n{"') + "\n", encoding="utf-8")
    picture.write_text(page.picture(results), encoding="utf-8")
    page.rewrite(pages, page.fragment(results))
    page.rewrite(readme, page.headline(results))
    print(f"wrote {', '.join(FILES)}")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
