"""`bridge --print-completion SHELL`: a script that completes commands and options, by shtab."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

SHELLS = ("bash", "zsh")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the option to the command itself."""
    parser.add_argument(
        "--print-completion",
        choices=SHELLS,
        action=PrintCompletion,
        help='print what makes a shell complete this command (needs pip install "lambda-bridge[completion]")',
    )


class PrintCompletion(argparse.Action):
    """What prints the script and ends the command, as `--version` does."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Print the script of a shell."""
        try:
            import shtab  # type: ignore[import-not-found, unused-ignore]
        except ModuleNotFoundError:
            parser.error('shtab is missing: pip install "lambda-bridge[completion]"')
        print(shtab.complete(parser, shell=values))
        parser.exit()
