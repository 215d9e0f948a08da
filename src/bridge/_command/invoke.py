"""The command `bridge invoke`: the result of one event."""

from __future__ import annotations

import json
import sys
import uuid
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime._import_string import UsageError
from . import env_file, log_options
from .loading import loaded

if TYPE_CHECKING:
    import argparse
    from typing import Any


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `invoke` to the commands."""
    parser = commands.add_parser("invoke", help="print the result of one event")
    parser.add_argument("target", metavar="MODULE:HANDLER", help="a Lambda handler, or an app, which is then wrapped")
    parser.add_argument("event", metavar="EVENT.json", help="a file; - for standard input")
    parser.add_argument("--timeout", type=float, default=30, help="the function's timeout, seconds (default: 30)")
    env_file.add(parser)
    log_options.add(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the result of an event."""
    from .. import current
    from ..gateway import _local_log
    from ..gateway._context import LambdaContext
    from ..gateway._environment import lent

    with lent(env_file.variables(options)):
        log_options.apply(options)
        _local_log.set_up(sys.stderr)
        handler = loaded(options.target, "invoke")
        event = _event(options.event)
        with redirect_stdout(sys.stderr):  # standard output is the result's
            context = LambdaContext(str(uuid.uuid4()), options.timeout)
            current.context.set(context)
            result = handler(event, context)
        print(json.dumps(result, indent=2, ensure_ascii=False))


def _event(name: str) -> Any:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read {name!r}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{name!r} is no JSON: {error}") from None
