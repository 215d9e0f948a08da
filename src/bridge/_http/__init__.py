"""HTTP messages as Bridge has them: a request's fields, and what header names and values may be.

Names repeat from event to event, so each form of a name is made once and looked up afterwards. The tables are bounded:
clients choose names too. A table that is full begins anew.
"""

from __future__ import annotations

from ..errors import AppError, EventError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Final, TypeVar

    from ..types import HeaderItems, Request, ResponseHeaders

    T = TypeVar("T", str, bytes)

METHOD: Final = 0
SCHEME: Final = 1
HOST: Final = 2
PATH: Final = 3
RAW_PATH: Final = 4
ROOT_PATH: Final = 5
QUERY: Final = 6
PROTOCOL: Final = 7
HEADERS: Final = 8
COOKIE: Final = 9
CLIENT: Final = 10
BODY: Final = 11
IS_BASE64: Final = 12
"""The places of a `bridge.types.Request`, which is a plain tuple: an object would cost 15 % of an event."""

SINGLE: Final = 0
COOKIES: Final = 1
REPEATED: Final = 2
"""The places of `bridge.types.ResponseHeaders`."""

STATUS: Final = 0
RESPONSE_HEADERS: Final = 1
RESPONSE_BODY: Final = 2
"""The places of a `bridge.types.Response`."""


class UnvouchedRequest(tuple):  # type: ignore[type-arg]
    """A request out of an event in which AWS vouches for nothing: `bridge.identity` believes no part of that."""

    __slots__ = ()


def replaced(request: Request, fields: dict[int, Any]) -> Request:
    """Return a request of the same class with other values in some of its places."""
    changed: Any = list(request)
    for place, value in fields.items():
        changed[place] = value
    same_class: Any = type(request)
    made: Request = same_class(changed)
    return made


TABLE_SIZE = 512

# RFC 9110 section 5.6.2, token.
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
)
"""Headers of one connection (RFC 9110 section 7.6.1). The client's ends in front of the function, the app's at Bridge.

Where `Transfer-Encoding` is left of a body that is in one piece, Werkzeug reads nothing and Bottle looks for chunks.
"""

NOT_FORWARDED = HOP_BY_HOP | {"content-length"}
"""Response headers that are not passed on. A length is the gateway's to compute: it knows what it sends."""


TRACE = b"x-amzn-trace-id"
"""The name in which a trace arrives. Every spelling of it becomes this very object: `is` is enough to know it."""

ASGI_NAMES: dict[str, bytes] = {}
"""Names that `to_asgi` has met lately: one that is in it needs no work."""
_environ_keys: dict[str, str] = {}


def to_asgi(lines: HeaderItems) -> list[tuple[bytes, bytes]]:
    """Return request headers as ASGI wants them: lower-case names, bytes, one pair per line.

    Values become UTF-8: CloudFront, for one, sends place names that are no latin-1. A name with an underscore does not
    arrive, as in WSGI: an app that is mounted below by a2wsgi reads `x_forwarded_proto` as `X-Forwarded-Proto`.
    """
    # Names that must not be learnt do not arrive; no header has an empty one.
    lines = [line for line in lines if line[0] and "_" not in line[0] and line[0].lower() not in HOP_BY_HOP]
    _learn(ASGI_NAMES, lines, _asgi_name)
    try:
        return [(ASGI_NAMES[name], value.encode()) for name, value in lines]
    except (AttributeError, KeyError, UnicodeEncodeError):
        return [(_asgi_name(name), value.encode()) for name, value in _tolerant(lines)]


def _asgi_name(name: str) -> bytes:
    lower = name.lower().encode("utf-8", "replace")
    return TRACE if lower == TRACE else lower


def to_environ(lines: HeaderItems, environ: dict[str, Any]) -> None:
    """Put request headers into a WSGI environ: `HTTP_` names, values as latin-1 text of UTF-8 bytes (PEP 3333)."""
    size = len(environ)
    try:
        for name, value in lines:
            environ[_environ_keys[name]] = value if value.isascii() else value.encode().decode("latin-1")
        plain = len(environ) == size + len(lines)
    except (AttributeError, KeyError, UnicodeEncodeError):
        plain = False
    if not plain:
        _learn(_environ_keys, lines, _environ_key)
        _merge(lines, environ)
    environ.pop("", None)


def _merge(lines: HeaderItems, environ: dict[str, Any]) -> None:
    found: dict[str, list[str]] = {}
    for name, value in _tolerant(lines):
        key = _environ_keys.get(name)
        found.setdefault(_environ_key(name) if key is None else key, []).append(value.encode().decode("latin-1"))
    environ.update((key, ("; " if key == "HTTP_COOKIE" else ",").join(values)) for key, values in found.items())


def _learn(table: dict[str, T], lines: HeaderItems, form: Callable[[str], T]) -> None:
    """Put the names of header lines into a table, in their form. A table that is full begins anew.

    So a client that invents names costs others nothing: what they send is known again after one request.
    """
    names = {name for name, _ in lines}
    new = names.difference(table)
    if len(table) + len(new) > TABLE_SIZE:
        table.clear()
        new = names
    if len(new) <= TABLE_SIZE:
        table.update((name, form(name)) for name in new)


def _environ_key(name: str) -> str:
    """Return the environ key of a header, or "" for a name that must not arrive.

    A name with an underscore must not: `x_forwarded_proto` would read as `X-Forwarded-Proto`, so that a client could
    pose as the gateway. nginx and Django's server drop such names too.
    """
    key = name.upper().replace("-", "_")
    if "_" in name or not name.isascii() or name.lower() in HOP_BY_HOP:
        return ""
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key


def _tolerant(lines: HeaderItems) -> HeaderItems:
    # Emulators send null, and JSON can carry lone surrogates, which UTF-8 cannot.
    return [(name, _text(name, value)) for name, value in lines if value is not None]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise EventError(
            f"the event breaks its format: the header {name!r} must be a string, not {type(value).__name__}"
        )
    return value.encode("utf-8", "replace").decode()


class ResponseNames(dict["bytes | str", str]):
    """A response header's name, as the app gave it, in lower case; or "" where it is not to be forwarded."""

    def __init__(self, exclude: Iterable[str] = (), dropped: frozenset[str] = NOT_FORWARDED) -> None:
        self._exclude = [name.lower() for name in exclude]
        self._dropped = dropped.union(self._exclude)
        self._bodiless: ResponseNames | None = None

    @property
    def bodiless(self) -> ResponseNames:
        """Return the names for responses to HEAD and for 304, whose Content-Length is that of the GET's response.

        Nobody but the app knows it (RFC 9110 section 8.6).
        """
        if self._bodiless is None:
            self._bodiless = ResponseNames(self._exclude, HOP_BY_HOP)
        return self._bodiless

    def __missing__(self, name: bytes | str) -> str:
        raw = name.encode("latin-1", "replace") if isinstance(name, str) else name
        if not isinstance(raw, bytes) or not raw or raw.translate(None, _TOKEN):
            raise AppError(f"the app sent a header whose name is not a token of RFC 9110: {name!r}")
        lower = raw.decode().lower()
        if lower in self._dropped:
            lower = ""
        if len(self) >= TABLE_SIZE:
            self.clear()
        self[name] = lower
        return lower


def from_asgi(lines: Iterable[tuple[bytes, bytes]], names: ResponseNames) -> ResponseHeaders:
    """Return the headers of an `http.response.start` message. Their bytes become text by latin-1, one to one."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    repeated: dict[str, list[str]] = {}
    try:
        for raw_name, raw_value in lines:
            name = names[raw_name]
            value = raw_value.decode("latin-1")
            if not value.isprintable():
                _check(name, value)
            if name == "set-cookie":
                cookies.append(value)
            elif name in headers:
                repeated.setdefault(name, [headers[name]]).append(value)
            elif name:
                headers[name] = value
        if repeated:
            headers.update((name, ", ".join(values)) for name, values in repeated.items())
    except (AttributeError, TypeError, ValueError) as error:
        raise AppError(
            f"the app sent headers that are no pairs of bytes (ASGI, http.response.start), but {_types(lines)}"
        ) from error
    return headers, cookies, repeated


def from_wsgi(lines: Iterable[tuple[str, str]], names: ResponseNames) -> ResponseHeaders:
    """Return the headers given to `start_response`. They are text that stands for latin-1 bytes (PEP 3333)."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    repeated: dict[str, list[str]] = {}
    try:
        for raw_name, value in lines:
            name = names[raw_name]
            if not value.isprintable():
                _check(name, value)
            if name == "set-cookie":
                cookies.append(value.strip(" \t"))  # Django 5 puts a space in front
            elif name in headers:
                repeated.setdefault(name, [headers[name]]).append(value)
            elif name:
                headers[name] = value
        if repeated:
            headers.update((name, ", ".join(values)) for name, values in repeated.items())
    except (AttributeError, TypeError, ValueError) as error:
        raise AppError(
            f"the app sent headers that are no pairs of str (PEP 3333, start_response), but {_types(lines)}"
        ) from error
    return headers, cookies, repeated


_CONTROLS = frozenset(map(chr, [*range(9), *range(10, 32), 127]))
"""RFC 9110 section 5.5: a header's value has none of the control characters but the tab."""


def _check(name: str, value: str) -> None:
    # Printable is stricter than HTTP: a tab may stand in a value, and latin-1 has letters that Python does not print.
    if not _CONTROLS.isdisjoint(value):
        raise AppError(f"the app sent a header {name!r} whose value has a control character in it")


def _types(value: object) -> str:
    """Return what a value is made of. The value itself may be a secret, and errors are logged."""
    if type(value) not in (list, tuple):
        return type(value).__name__
    parts: Any = value
    return f"{type(value).__name__}({', '.join([_types(part) for part in parts[:20]])})"


def to_lists(headers: ResponseHeaders) -> dict[str, list[str]]:
    """Return response headers as `multiValueHeaders`."""
    single, cookies, repeated = headers
    lists = {name: [value] for name, value in single.items()}
    lists.update(repeated)
    if cookies:
        lists["set-cookie"] = cookies
    return lists


def items(multi: Mapping[str, list[str]] | None, single: Mapping[str, str] | None) -> HeaderItems:
    """Return the header lines of an event that has `multiValueHeaders`, or `headers`, or both, or neither.

    AWS's two maps have the same names. In hand-made events, and in AWS's own sample of a REST API's, each has a part.
    https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
    """
    if not multi:
        return single.items() if single else ()
    one_each = _is_single(multi)
    if single and len(single) != len(multi):
        names = {name.lower() for name in multi}
        multi = {**{name: [value] for name, value in single.items() if name.lower() not in names}, **multi}
    elif one_each and single:
        return single.items()  # both maps say the same
    lines = [
        (name, value)
        for name, values in multi.items()
        for value in (values if type(values) is list else listed(values))
    ]
    return lines if one_each else one_cookie_line(lines)


def listed(values: list[Any] | None) -> list[Any]:
    """Return the values that a multi-value map has for a name; emulators send null for none.

    Raises:
        TypeError: it is no list. Text would be split into its letters.
    """
    if type(values) is list:
        return values
    if values is None:
        return []
    raise TypeError(type(values))


def _is_single(multi: Mapping[str, list[str]]) -> bool:
    """Return whether each name has one line."""
    try:
        # To unpack takes half the time of asking for lengths.
        for [_] in multi.values():
            pass
    except (TypeError, ValueError):
        return False  # emulators send null for a list
    return True


def one_cookie_line(lines: list[tuple[str, str]]) -> HeaderItems:
    """Return header lines, with several of Cookie made one.

    A request has one Cookie line (RFC 6265 section 5.4); HTTP/2 may split it, and frameworks read the first.
    """
    cookies = [value for name, value in lines if name.lower() == "cookie" and value is not None]
    if len(cookies) < 2:
        return lines
    return [*(line for line in lines if line[0].lower() != "cookie"), ("cookie", "; ".join(cookies))]


def first(headers: Mapping[str, object] | None, name: str) -> str | None:
    """Return the first line of a header. `name` is as gateways write it, so theirs is found before a client's.

    REST APIs send names in the client's case: `X-Forwarded-Proto` is the gateway's own, whatever else came.
    """
    value = headers.get(name) if headers else None
    if value is None:
        value = _respelt(headers, name)
    if type(value) is list:
        value = value[0] if value else None
    return value if type(value) is str else None


def joined(headers: Mapping[str, object] | None, name: str) -> str | None:
    """Return all lines of a header as one (RFC 9110 section 5.3)."""
    value = headers.get(name) if headers else None
    if value is None:
        value = _respelt(headers, name)
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return value if isinstance(value, str) else None


def _respelt(headers: Mapping[str, object] | None, name: str) -> object:
    """Return a header that is not there as `name` is written, but in another case: lower case before all others."""
    if not headers:
        return None
    lower = name.lower()
    value = headers.get(lower)
    if value is None:
        value = next((headers[other] for other in headers if other.lower() == lower), None)
    return value
