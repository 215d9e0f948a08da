"""Patterns of media types: "image/svg+xml", "text/*", "application/*+json"."""

from __future__ import annotations

from ..errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def matcher(patterns: str | Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a media type (lower case, no parameters) fits one of the patterns.

    Args:
        patterns: media types, in which "*" stands for any characters, and none.

    Raises:
        ConfigurationError: they are no text, or one of them is no media type.
    """
    try:
        parts = [_parts(pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns)]
    except TypeError:
        raise _complaint(patterns) from None

    def matches(media_type: str) -> bool:
        return any(_fits(media_type, pattern) for pattern in parts)

    return matches


def _parts(pattern: object) -> list[str]:
    """Return the texts between the "*" of a pattern."""
    if not isinstance(pattern, str) or pattern.count("/") != 1 or ";" in pattern:
        raise _complaint(pattern)
    return pattern.strip().lower().split("*")


def _fits(text: str, parts: list[str]) -> bool:
    first, *middle = parts
    if not middle:
        return text == first
    last = middle.pop()
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    text = text[len(first) : len(text) - len(last)]
    for part in middle:
        _, found, text = text.partition(part) if part else ("", "*", text)
        if not found:
            return False
    return True


def _complaint(came: object) -> ConfigurationError:
    return ConfigurationError(
        "Bridge(is_text=...) takes a function of a media type, or media types such as 'image/svg+xml' and 'text/*', "
        f"not {came!r}."
    )
