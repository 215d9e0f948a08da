"""What a developer is told of a module that fails when it is imported: their own lines, and one sentence."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traceback import FrameSummary

_OURS = (str(Path(__file__).parents[1]), str(Path(importlib.__file__).parent), "<frozen ", "<string>")
"""Where the files are whose frames say nothing about the developer's code: Bridge's own, and importlib's."""


def told(target: str, error: BaseException) -> tuple[str, str]:
    """Return the traceback without the frames of Bridge and of importlib, and a sentence that names the target."""
    summary = traceback.TracebackException.from_exception(error)
    seen: traceback.TracebackException | None = summary
    while seen is not None:
        kept: list[FrameSummary] = [frame for frame in seen.stack if not frame.filename.startswith(_OURS)]
        seen.stack = traceback.StackSummary.from_list(kept)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    last = f"{type(error).__name__}: {error}".rstrip(": ")
    return "".join(summary.format()), f"{target} could not be imported: {last}"
