"""Text or base64: how bytes travel in JSON, both ways."""

from __future__ import annotations

import sys

from ..errors import BridgeError, EventError, ResultBodyError, ResultTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sources._client_request import ClientRequest
    from ..types import Result

TABLE_SIZE = 128

PAYLOAD = 6_291_556
"""Lambda's limit for an event, and for a result that is not streamed, in bytes of JSON: 6 MB and 100 bytes.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

BODY_LIMIT = PAYLOAD
"""Bytes of a streamed body after which it cannot fit any result. A stream without end is stopped here."""


def streamed_too_much() -> ResultTooLargeError:
    """Return what to say of an app whose body has gone beyond BODY_LIMIT."""
    return ResultTooLargeError(f"the app streamed more than {BODY_LIMIT:,} bytes, which no result can carry")


BODILESS = frozenset((*range(100, 200), 204, 304))
"""Statuses whose responses have no body (RFC 9110 section 6.4.1); those to HEAD have none either."""


def without_wrong_length(single: dict[str, str], status: int) -> None:
    """Take a Content-Length off the headers of a response without a body, where it says nothing.

    It has to be a number, and responses with 1xx and 204 have none, not even to HEAD (RFC 9110 section 8.6).
    """
    length = single.get("content-length")
    if length is not None and not (length.isascii() and length.isdigit() and (status == 304 or status not in BODILESS)):
        del single["content-length"]


# Lambda's runtime escapes what is not ASCII before Python 3.12.
_ESCAPES = sys.version_info < (3, 12)
MOST_JSON = 12 if _ESCAPES else 6
"""Bytes of JSON that one character becomes at most: an escaped surrogate pair, or an escaped control character."""

_BINARY_FAMILIES = ("image/", "audio/", "video/", "font/", "model/")
_BINARY_TYPES = frozenset(
    """
    application/avro application/cbor application/epub+zip application/grpc application/gzip application/java-archive
    application/msgpack application/msword application/octet-stream application/pdf application/protobuf
    application/vnd.apache.arrow.stream application/vnd.apache.parquet application/vnd.google.protobuf
    application/vnd.ms-excel application/vnd.ms-powerpoint application/vnd.msgpack application/vnd.rar
    application/vnd.sqlite3 application/wasm application/x-7z-compressed application/x-bzip2 application/x-gzip
    application/x-msgpack application/x-protobuf application/x-rar-compressed application/x-tar application/zip
    application/zstd
    """.split()  # noqa: SIM905
)


_EVENT_TEXT_TYPES = ("application/json", "application/xml", "application/javascript")


def is_text(media_type: str) -> bool:
    """Return whether a body of this media type (lower case, no parameters) is worth sending as text.

    Everything is, except what is plainly binary: a REST API without `binaryMediaTypes` shows base64 to the client as it
    is, while text arrives everywhere.
    """
    if media_type.endswith(("+xml", "+json")):
        return True
    return not (
        media_type.startswith(_BINARY_FAMILIES)
        or media_type in _BINARY_TYPES
        or media_type.startswith("application/vnd.openxmlformats")
    )


def media_type(content_type: str | None) -> str:
    """Return the media type that a Content-Type header names, in lower case and without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def is_json(content_type: str | None) -> bool:
    """Return whether Content-Type says JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    named = media_type(content_type)
    return named == "application/json" or named.endswith("+json")


class TextTypes(dict[str, bool]):
    """`is_text` of a Content-Type header, made once for each that apps send."""

    def __init__(self, rule: Callable[[str], bool]) -> None:
        self._rule = rule

    def __missing__(self, content_type: str) -> bool:
        text = bool(self._rule(media_type(content_type)))
        if len(self) < TABLE_SIZE:
            self[content_type] = text
        return text


def encoded(body: bytes, headers: dict[str, str], kinds: TextTypes) -> tuple[str, bool]:
    """Return a response body as a result carries it: the text, and whether it is base64.

    Text where the bytes are UTF-8, Content-Encoding is identity and `kinds` says so; base64 in all other cases. Either
    way the client gets the bytes the app sent.
    """
    if not body:
        return "", False
    content_type = headers.get("content-type")
    if (content_type is None or kinds[content_type]) and (
        "content-encoding" not in headers or headers["content-encoding"].lower() == "identity"
    ):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    from pybase64 import b64encode_as_string

    return b64encode_as_string(body), True


def decoded(body: str | None, is_base64: bool) -> bytes:
    """Return an event's body as the client sent it.

    Raises:
        EventError: it is no text, or no base64 where the event says that it is.
    """
    if not body and body in ("", None):
        return b""
    if not isinstance(body, str):
        raise EventError(
            f"the event breaks its format: its body must be a string, not {type(body).__name__}. In a test event too, "
            "it is the text that a client sends: of JSON, a string that has JSON in it"
        )
    if not is_base64:
        # Lone surrogates, which JSON can carry and UTF-8 cannot, keep the three bytes they would have had.
        return body.encode("utf-8", "surrogatepass")
    if is_base64 is not True:
        raise EventError(f"the event breaks its format: isBase64Encoded must be a boolean, not {is_base64!r}")
    return _from_base64(body, "event", EventError)


def _from_base64(text: str, carrier: str, failure: type[BridgeError]) -> bytes:
    from pybase64 import b64decode

    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise failure(f"the {carrier} says that its body is base64, and it is not base64: {error}") from error


# RFC 8259 section 7: JSON writes these as two characters, such as \n, other control characters as six, such as \u0000,
# and the rest of a text as it is.
_JSON_SHORT = b'"\\\b\f\n\r\t'
_JSON_AS_IT_IS = bytes(byte for byte in range(32, 256) if byte not in _JSON_SHORT)
_PIECE = 16_384


def carried(call: ClientRequest) -> tuple[str, bool]:
    """Return a request body as HTTP APIs, function URLs and load balancers send it, and whether it is base64.

    Text for `text/*`, JSON, XML and JavaScript without a Content-Encoding; base64 for all else, even for forms and for
    bodies that do not say what they are.
    """
    named = media_type(call.header("content-type"))
    if (named.startswith("text/") or named in _EVENT_TEXT_TYPES) and not call.header("content-encoding"):
        try:
            return call.body.decode(), False
        except UnicodeDecodeError:
            pass
    from pybase64 import b64encode_as_string

    return b64encode_as_string(call.body), True


def uncarried(text: str, is_base64: bool) -> bytes:
    """Return the body of a result as it goes to the client."""
    if not is_base64:
        return text.encode("utf-8", "replace")
    return _from_base64(text, "result", ResultBodyError)


def json_size(result: Result, limit: int = 0) -> int:
    """Return the bytes of JSON that Lambda's runtime makes of a result. Only what surrounds the body is made into JSON.

    A user's source may give a result any form; one that carries its body otherwise is made into JSON as a whole.

    Args:
        result: the result.
        limit: a size that is small enough. If this one is surely no larger, an upper bound of it is returned instead:
            to count is what a large text costs most.
    """
    import json

    if not isinstance(result, dict) or not isinstance(result.get("body", ""), str):
        return len(json.dumps(result, ensure_ascii=_ESCAPES).encode("utf-8", "surrogatepass"))
    text: str = result.get("body", "")
    bodiless = {**result, "body": ""} if text else result
    size = len(json.dumps(bodiless, ensure_ascii=_ESCAPES).encode("utf-8", "surrogatepass"))
    if result.get("isBase64Encoded") or result.get("bodyEncoding") == "base64":
        return size + len(text)
    # In pieces that stay in the processor's cache: as a whole it takes half as long again, or more.
    for start in range(0, len(text), _PIECE):
        most = size + (len(text) - start) * MOST_JSON
        if most <= limit:
            return most
        piece = text[start : start + _PIECE]
        if _ESCAPES and ("\x7f" in piece or not piece.isascii()):
            size += len(json.dumps(piece)) - 2
        else:
            raw = piece.encode("utf-8", "surrogatepass")
            escaped = raw.translate(None, _JSON_AS_IT_IS)
            size += len(raw) + len(escaped) + 4 * len(escaped.translate(None, _JSON_SHORT))
    return size
