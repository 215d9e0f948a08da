"""`bridge coldstart`: what a function's cold start is made of, with and without bytecode."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .coldstart_report import report
from .errors import PackagingError
from .imports import Import, imports
from .task_root import SHIPPED, WITH, WITHOUT, TaskRoot

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from .start import Start


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
        help="the project, or what is deployed: a folder with all it needs, or a zip archive (default: this folder)",
    )
    parser.add_argument(
        "--event", type=Path, metavar="EVENT.json", help="the first event (default: GET / of an HTTP API)"
    )
    parser.add_argument("--starts", type=int, default=5, metavar="N", help="starts of each kind (default: %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start the function and print how that went. Return the exit code.

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
    print("\n" + report(starts, packages))
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
        from ...gateway._apis import api as api_of
        from ...sources._client_request import ClientRequest

        api = api_of("http", stage="$default", payload="2.0", multi_value=False, trigger="origin-request")
        headers = [("host", "localhost"), ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https")]
        request = ClientRequest(method="GET", headers=headers, seconds=time.time())
        return json.dumps(api.event(request)).encode()
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
