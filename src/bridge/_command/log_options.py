"""Options for the function's log, which are its logging settings in Lambda."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    levels = ["trace", "debug", "info", "warning", "error", "critical"]
    parser.add_argument("--log-level", choices=levels, help="of the function's log (default: warning, as in Lambda)")
    parser.add_argument("--log-format", choices=["text", "json"], help="of the function's log (default: text)")


def apply(options: argparse.Namespace) -> None:
    """Tell this process, and those that it starts, what Lambda says in a function's logging settings."""
    if options.log_level is not None:
        os.environ["AWS_LAMBDA_LOG_LEVEL"] = options.log_level.upper()
    if options.log_format is not None:
        os.environ["AWS_LAMBDA_LOG_FORMAT"] = options.log_format.upper()
