"""Handlers and apps as the command loads them: a module that fails is told of by its own lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import BridgeError
from ..runtime._import_string import UsageError, load

if TYPE_CHECKING:
    from ..runtime._import_string import Handler
    from ..types import StreamingMode

EXTRA = ("starlette", "uvicorn", "websockets", "yaml")
"""What the extra "serve" installs."""


class NotImportedError(Exception):
    """A module that has failed when it was imported; the text is its traceback and a sentence."""


def loaded(
    target: str, command: str, *, streaming: StreamingMode = "off", as_lambda: bool = True, starts_later: bool = False
) -> Handler:
    """Return the handler at a target: see `load`.

    Args:
        target: where it is.
        command: that loads it, for the sentence.
        streaming: what a Bridge that wraps an app is told.
        as_lambda: whether an app starts up when it is wrapped.
        starts_later: whether its startup waits for a loop that does not run yet, all the same.

    Raises:
        UsageError, BridgeError: as of `load`.
        NotImportedError: its module has raised something.
    """
    try:
        return load(target, streaming=streaming, as_lambda=as_lambda, starts_later=starts_later)
    except (BridgeError, UsageError):
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in EXTRA:
            raise
        from ..gateway._import_failure import told

        trace, sentence = told(target, error)
        raise NotImportedError(f"{trace}bridge {command}: {sentence}") from None
