"""The sources that the user gives to `Bridge(app, sources=[...])`. They are asked before Bridge's own."""

from __future__ import annotations

from ..errors import ConfigurationError
from . import detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..types import CustomSource, Event, Source

_FUNCTIONS = {
    "accepts": "accepts(event)",
    "request": "request(event)",
    "result": "result(event, status, headers, body, is_base64)",
}


def detector(
    sources: Iterable[CustomSource], known: Callable[[Event], Source | None] = detect
) -> Callable[[Event], Source | None]:
    """Return what tells the source of an event: the first of these that accepts it, or else what `known` says.

    Raises:
        ConfigurationError: one of them is no source.
    """
    try:
        given = list(sources)
    except TypeError:
        raise ConfigurationError(f"Bridge(sources=...) takes a list of sources, not {sources!r}.") from None
    for source in given:
        _check(source)
    asked = [(source.accepts, source) for source in given]

    def first(event: Event) -> Source | None:
        for accepts, source in asked:
            if accepts(event):
                return source
        return known(event)

    return first


def _check(source: object) -> None:
    if isinstance(source, type):
        raise ConfigurationError(f"Bridge(sources=[...]): {source!r} is a class. Give an instance of it.")
    missing = [written for name, written in _FUNCTIONS.items() if not callable(getattr(source, name, None))]
    if not isinstance(getattr(source, "LIMIT", None), int):
        missing.append("LIMIT, an int: the bytes of JSON that a result may have")
    if missing:
        raise ConfigurationError(f"Bridge(sources=[...]): {source!r} is no source. It lacks {'; '.join(missing)}.")
