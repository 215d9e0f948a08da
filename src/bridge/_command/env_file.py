"""`--env-file`: environment variables from a file, for an app or a handler. Templates read theirs by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime._import_string import UsageError

if TYPE_CHECKING:
    import argparse

HELP = "variables of the function's environment: lines of NAME=value, or JSON as `sam local` takes it"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the option to a command."""
    parser.add_argument("--env-file", metavar="FILE", help=HELP)


def variables(options: argparse.Namespace) -> dict[str, str]:
    """Return the variables of the file, if there is one.

    Raises:
        UsageError: it has variables for functions of a template, and none is served.
        ConfigurationError: it cannot be read.
    """
    if not options.env_file:
        return {}
    from ..gateway._template import variables as files

    found = files.read(Path(options.env_file))
    functions = [name for name in found if name]
    if functions:
        raise UsageError(
            f"{options.env_file} has variables for {', '.join(functions)}, which are functions of a template. "
            'What is served is one function: its variables stand by themselves, or under "Parameters"'
        )
    return found[""]
