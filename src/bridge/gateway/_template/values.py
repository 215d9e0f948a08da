"""The maps and lists of a template, which know their lines, and the error that names one."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigurationError


class TemplateError(ConfigurationError):
    """A template that cannot be served; the text says what, where, and what would do."""


class Section(dict[str, Any]):
    """A map of the template.

    Attributes:
        line: where it begins, from 1.
        lines: of its keys.
        weight: how many values there are in it, itself among them.
    """

    def __init__(self, values: dict[str, Any] | None = None, *, line: int = 0) -> None:
        super().__init__(values or {})
        self.line = line
        self.lines: dict[str, int] = {}
        self.weight = 1


class Items(list[Any]):
    """A list of the template, with its line and its weight, as of `Section`."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.weight = 1
