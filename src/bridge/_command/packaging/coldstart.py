"""`bridge coldstart`: what a function's cold start is made of, with and without bytecode."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import PackagingError
from .imports import STANDARD_LIBRARY, Import, imports
from .task_root import SHIPPED, WITH, WITHOUT, TaskRoot

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from .start import Start

_SHOWN = 10
"""Packages that are shown."""

_INIT = 10
"""Seconds that Lambda gives the init phase.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""


def add(commands: Any) -> None:
    """Add the subcommand to a parser's subparsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "coldstart",
        help="tell what a cold start is made of",
        description="Start a function again and again as Lambda does, in new processes, from a folder that cannot be "
        "written to, with and without bytecode, and tell what takes the time.",
    )
    parser.add_argument("target", metavar="MODULE:HANDLER", help="a Lambda handler, or an app, which is then wrapped")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="PATH",
        help="the project, or what is deployed: a folder with all that it needs, or a zip archive (default: this folder)",
    )
    parser.add_argument(
        "--event", type=Path, metavar="EVENT.json", help="the first event (default: GET / of an HTTP API)"
    )
    parser.add_argument("--starts", type=int, default=5, metavar="N", help="starts of each kind (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start the function and print how that went; the exit code.

    Raises:
        PackagingError: it cannot be started here.
    """
    if os.name != "posix":
        raise PackagingError("this takes Linux or macOS: it counts the processor time of processes as they do")
    if options.starts < 1:
        raise PackagingError(f"--starts is 1 or more, not {options.starts}")
    event = _event(options.event)
    with tempfile.TemporaryDirectory() as scratch, TaskRoot(options.folder, Path(scratch)) as root:
        starts, packages = measure(root, options.target, event, options.starts)
    print(f"{options.target} in {options.folder}: {options.starts} starts of each kind, one by one in turn")
    _answer(starts[WITH][-1])
    print("\n".join(["", *_table(starts), "", *_packages(packages), "", *_advice(starts, packages)]))
    return 0


def measure(root: TaskRoot, target: str, event: bytes, count: int) -> tuple[dict[str, list[Start]], list[Import]]:
    """Return the starts of each kind, and what the imports take with bytecode, package by package.

    Args:
        root: the function's folder.
        target: MODULE:HANDLER.
        event: the first event, as JSON.
        count: how many starts of each kind.
    """
    from .start import start  # not on Windows

    start([root.python], target, root.folder, root.learning(), event)
    root.learned()
    kinds = [WITHOUT, *([SHIPPED] if root.is_complete else []), WITH]
    starts: dict[str, list[Start]] = {kind: [] for kind in kinds}
    for number in range(count):
        for kind in kinds if number % 2 else reversed(kinds):
            starts[kind].append(start([root.python], target, root.folder, root.variables(kind), event))
    traced = start([root.python, "-X", "importtime"], target, root.folder, root.variables(WITH), event)
    return starts, imports(traced.output)


def _event(path: Path | None) -> bytes:
    if path is None:
        from ...call import Call
        from ...gateway.apis import api as api_of

        api = api_of("http", stage="$default", payload="2.0", multi_value=False, trigger="origin-request")
        headers = [("host", "localhost"), ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https")]
        call = Call(
            method="GET",
            raw_path="/",
            query_string="",
            headers=headers,
            body=b"",
            stage="$default",
            domain=api.domain("$default"),
            request_id=str(uuid.uuid4()),
            seconds=time.time(),
        )
        return json.dumps(api.event(call)).encode()
    try:
        text = path.read_bytes()
        json.loads(text)
    except OSError as error:
        raise PackagingError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except ValueError as error:
        raise PackagingError(f"{str(path)!r} is no JSON: {error}") from None
    return text


def _answer(last: Start) -> None:
    if last.error:
        print(f"the first event ended with an error: {last.error}")
        return
    try:
        status = json.loads(last.answer)["statusCode"]
    except (ValueError, TypeError, LookupError):
        return
    print(f"the first event was answered with {status}")


def _table(starts: dict[str, list[Start]]) -> list[str]:
    """Medians in milliseconds: a line for each phase, a column for each kind."""
    from .start import PHASES

    lines = ["milliseconds (medians)".ljust(24) + "".join(kind.rjust(20) for kind in starts)]
    for number, phase in enumerate(PHASES):
        medians = [statistics.median(start.seconds[number] for start in found) for found in starts.values()]
        lines.append(f"  {phase}".ljust(24) + "".join(_milliseconds(median).rjust(20) for median in medians))
    sums = [[sum(start.seconds) for start in found] for found in starts.values()]
    spans = [f"{_milliseconds(min(found))} to {_milliseconds(max(found))}" for found in sums]
    lines.append("all".ljust(24) + "".join(_milliseconds(statistics.median(found)).rjust(20) for found in sums))
    lines.append("  from ... to".ljust(24) + "".join(span.rjust(20) for span in spans))
    lines.append(
        "processor time".ljust(24) + "".join(_milliseconds(_processor(found)).rjust(20) for found in starts.values())
    )
    return lines


def _packages(packages: Sequence[Import]) -> list[str]:
    lines = ["imports by package, with bytecode (milliseconds of their own, in one start that was traced)"]
    for package in packages[:_SHOWN]:
        modules = f"{package.modules} module{'s' if package.modules > 1 else ''}"
        lines.append(
            f"  {package.name:<24}{_milliseconds(package.seconds):>8}  {modules:<12}"
            f"most: {package.heaviest} {_milliseconds(package.heaviest_seconds)}"
        )
    rest = packages[_SHOWN:]
    if rest:
        lines.append(f"  {f'{len(rest)} more':<24}{_milliseconds(sum(package.seconds for package in rest)):>8}")
    return lines


def _advice(starts: dict[str, list[Start]], packages: Sequence[Import]) -> list[str]:
    from .start import PHASES

    lines = ["what to do"]
    now = starts.get(SHIPPED) or starts[WITHOUT]
    times, best = ([start.processor for start in found] for found in (now, starts[WITH]))
    gain = statistics.median(times) - statistics.median(best)
    if min(times) > max(best):
        lines.append(
            f"* Ship bytecode: `bridge package` takes {_milliseconds(gain)} ms of {_milliseconds(statistics.median(times))} "
            "ms of processor time off a cold start, as measured here."
        )
    else:
        lines.append("* Bytecode: no difference that stands out of the measurements.")
    own = [package for package in packages if package.name not in (STANDARD_LIBRARY, "bridge")]
    total = sum(package.seconds for package in packages)
    for package in own[:3]:
        if package.seconds > total / 10:
            lines.append(
                f"* {package.name} takes {_milliseconds(package.seconds)} ms to import, {package.heaviest} alone "
                f"{_milliseconds(package.heaviest_seconds)}. If few events need it, import it in the function that uses it."
            )
    medians = [statistics.median(start.seconds[number] for start in starts[WITH]) for number in range(len(PHASES))]
    for number, text in ((3, "the app's startup"), (4, "the first event")):
        if medians[number] > sum(medians) / 5:
            lines.append(
                f"* {text.capitalize()} takes {_milliseconds(medians[number])} ms: see what it does or connects to."
            )
    if sum(statistics.median(start.seconds[number] for start in now) for number in range(len(PHASES) - 1)) > _INIT:
        lines.append(f"* Lambda gives the init phase {_INIT} seconds, and starts again from the beginning after that.")
    lines.append(
        "* More memory is more processor: 1,769 MB have one vCPU, and processor time grows as memory shrinks. What is "
        "left is for SnapStart or provisioned concurrency."
    )
    return lines


def _processor(starts: Sequence[Start]) -> float:
    return statistics.median(start.processor for start in starts)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}" if seconds >= 0.01 else f"{seconds * 1000:.1f}"
