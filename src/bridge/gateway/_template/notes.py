"""What of a template is not served, or not as it would be: said once, by name and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Notes:
    """Lines for the reader, each once, in the order in which they came up."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, str], None] = {}

    def add(self, line: int, text: str) -> None:
        """Add a note about a line of the template; 0 for none."""
        self._notes[line, text] = None

    def __iter__(self) -> Iterator[str]:
        for line, text in sorted(self._notes):
            yield f"line {line}: {text}" if line else text
