"""Events out of JSON, results into JSON.

By the standard library's `json`: orjson and msgspec take 17 to 23 ms to import, and save 5 us of an event. What the
result of a handler looks like does not hang on which packages are installed either.
"""

from __future__ import annotations

import json
import math
import os
import sys
from json.encoder import encode_basestring

from ._fault import FaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

LARGE = 65_536
"""Characters from which a body is made into JSON apart from the rest: it is then copied once, not three times."""

_MARK = os.urandom(16).hex()
"""Surrounds numbers that `json` would write as text. Nobody outside knows it."""


def decoded(body: bytes | bytearray, content_type: str) -> Any:
    """Return an event, as the handler gets it: JSON, or bytes of another media type.

    Raises:
        FaultError: the event is no JSON.
    """
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        return bytes(body)
    try:
        return _decoded(body.decode())
    except ValueError as error:
        raise FaultError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def _decoded(text: str) -> Any:
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        pass
    else:
        if end == len(text):
            return value
    return json.loads(text)  # white space around it; or an error, which this says in its own words


def encoded(result: Any) -> tuple[list[bytes | str], str]:
    """Return a result as it is posted, in pieces, and its media type. Bytes go as they are.

    A piece that is text is ASCII, and large: to encode it whole would be one more copy.

    As in Lambda's own runtime, JSON has no escapes for what is not ASCII, NaN is `NaN`, a Decimal is a number and bytes
    within a result are UTF-8 text. A lone surrogate, which UTF-8 cannot carry, has all of it escaped.

    Raises:
        FaultError: the result cannot be made into JSON.
    """
    if isinstance(result, bytes):
        return [result], "application/unknown"
    try:
        return _pieces(result), "application/json"
    except (TypeError, ValueError, RecursionError) as error:
        raise FaultError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _pieces(result: Any) -> list[bytes | str]:
    body = result.get("body") if type(result) is dict else None
    if type(body) is not str or len(body) < LARGE:
        return [_encoded(result)]
    rest = _encoded({key: value for key, value in result.items() if key != "body"})
    name = b', "body": ' if len(result) > 1 else b'"body": '
    if result.get("isBase64Encoded") is True and _is_base64(body):
        return [rest[:-1], name, b'"', body, b'"}']
    text = encode_basestring(body)
    return [rest[:-1], name, text if text.isascii() else _utf8(text), b"}"]


def _is_base64(text: str) -> bool:
    """Return whether nothing in a text needs an escape. To decode it takes a twentieth of the time to escape it."""
    import pybase64

    try:
        pybase64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _encoded(value: Any) -> bytes:
    try:
        text = "".join(_quick(value, 0))
    except Exception:
        text = _encode(value)  # says what is wrong
    if _MARK in text:
        text = text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")
    return _utf8(text)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(char if not "\ud800" <= char <= "\udfff" else f"\\u{ord(char):04x}" for char in text).encode()


def _default(value: object) -> object:
    decimal = sys.modules.get("decimal")  # not imported: then the value is no Decimal
    if decimal is not None and isinstance(value, decimal.Decimal):
        return math.nan if value.is_nan() else f"{_MARK}{value}{_MARK}"
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_encode = json.JSONEncoder(ensure_ascii=False, default=_default).encode


def _encoder() -> Callable[[Any, int], Iterable[str]]:
    """Return what makes JSON of values that have no circle in them. `json` makes it anew for each, of 80 instructions.

    What it is made with is private to `json`, so it is tried. Where it does not work, it fails, and the usual way is
    taken.
    """

    def fails(value: Any, level: int) -> Iterable[str]:
        raise NotImplementedError

    try:
        made = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
            None, _default, encode_basestring, None, ": ", ", ", False, False, True
        )
        works = "".join(made({"a": [1, None, "é"], "b": 0.5}, 0)) == '{"a": [1, null, "é"], "b": 0.5}'
        return made if works else fails
    except Exception:
        return fails


_quick = _encoder()
