"""What of an event breaks its format: looked for only when a source could not read the event.

A source says in its `FORM` what it reads, by paths: names with dots between them.
"""

from __future__ import annotations

from ..errors import BridgeError, EventError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

_WORDS = {str: "a string", dict: "an object", list: "an array", bool: "a boolean", int: "a number", float: "a number"}


def event_error(source: object, event: object, failure: Exception) -> Exception:
    """Return what to raise where a source could not read an event.

    Args:
        source: the source. One of a user's has no FORM, and says in its own words what is wrong.
        event: the event.
        failure: what the source raised.
    """
    form: Mapping[str, str] | None = getattr(source, "FORM", None)
    if isinstance(failure, BridgeError) or form is None:
        return failure
    found = breach(form, event) or repr(failure)
    error = EventError(f"the event breaks its format: {found}")
    error.__cause__ = failure
    return error


def breach(form: Mapping[str, str], event: object) -> str | None:
    """Return the first field that is not of its type, what was expected and what came; None: all are."""
    event = getattr(event, "raw_event", event)
    for paths, kind in form.items():
        for path in paths.split():
            for where, expected, value in _CHECKS[kind](path, _at(event, path)):
                if value is not None and type(value) not in expected:
                    wanted = " or ".join(_WORDS[each] for each in expected)
                    return f"{where} must be {wanted}, not {_WORDS.get(type(value), type(value).__name__)}"
    return None


def _at(event: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(event, list) and name.isdigit():
            event = event[int(name)] if int(name) < len(event) else None
        else:
            event = event.get(name) if isinstance(event, dict) else None
    return event


def _one(*expected: type) -> Callable[[str, Any], Iterator[tuple[str, tuple[type, ...], Any]]]:
    def check(path: str, value: Any) -> Iterator[tuple[str, tuple[type, ...], Any]]:
        yield path, expected, value

    return check


def _texts(path: str, value: Any) -> Iterator[tuple[str, tuple[type, ...], Any]]:
    yield path, (dict,), value
    for name, each in value.items() if isinstance(value, dict) else ():
        yield f"{path}.{name}", (str,), each


def _list_of_texts(path: str, value: Any) -> Iterator[tuple[str, tuple[type, ...], Any]]:
    yield path, (list,), value
    for index, each in enumerate(value if isinstance(value, list) else ()):
        yield f"{path}[{index}]", (str,), each


def _lists(path: str, value: Any) -> Iterator[tuple[str, tuple[type, ...], Any]]:
    yield path, (dict,), value
    for name, each in value.items() if isinstance(value, dict) else ():
        yield from _list_of_texts(f"{path}.{name}", each)


def _texts_or_lists(path: str, value: Any) -> Iterator[tuple[str, tuple[type, ...], Any]]:
    yield path, (dict,), value
    for name, each in value.items() if isinstance(value, dict) else ():
        yield f"{path}.{name}", (str, list), each
        yield from _list_of_texts(f"{path}.{name}", each) if isinstance(each, list) else ()


def _header_lines(path: str, value: Any) -> Iterator[tuple[str, tuple[type, ...], Any]]:
    yield path, (dict,), value
    for name, lines in value.items() if isinstance(value, dict) else ():
        yield f"{path}.{name}", (list,), lines
        for index, line in enumerate(lines if isinstance(lines, list) else ()):
            yield f"{path}.{name}[{index}]", (dict,), line
            yield f"{path}.{name}[{index}].value", (str,), line.get("value") if isinstance(line, dict) else None


_CHECKS: dict[str, Callable[[str, Any], Iterator[tuple[str, tuple[type, ...], Any]]]] = {
    "text": _one(str),
    "flag": _one(bool),
    "object": _one(dict),
    "texts": _texts,
    "list": _list_of_texts,
    "lists": _lists,
    "texts or lists": _texts_or_lists,
    "header lines": _header_lines,
}
