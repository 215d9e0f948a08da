"""The invocation that is being handled, for code that has no request at hand: log filters, libraries.

from bridge.current import LogFilter

handler.addFilter(LogFilter())   # a logging handler; its format may then have %(aws_request_id)s
"""

from __future__ import annotations

import os
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from logging import LogRecord
    from typing import Any

    from .handler import Bridge

TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
"""The variable in which Lambda's runtime says the segment of the invocation, where there is one at a time."""

context: ContextVar[Any] = ContextVar("bridge.context", default=None)
"""The Lambda context of the invocation; None where there is none. Tasks and `asyncio.to_thread` inherit it, as they do
all context variables; a thread that the app starts by itself does not."""

serves_lifespans = False
"""Whether this process is importing an app that `bridge.runtime` will serve, which sees to the lifespan itself."""

made: list[Bridge] | None = None
"""Every Bridge that this process makes, while `bridge.runtime` imports a function; None: nobody asks."""


class LambdaEvent:
    """The event of an invocation, as apps find it in `aws.event`: read like the dict that it holds, and not shown.

    An event has the client's cookies and body in the clear, and frameworks show scopes and environs: Django mails
    `request.META` to ADMINS, debug pages and error trackers have local variables. Nothing that prints or walks a
    scope or an environ gets at what is in here, because this is no dict, and no `Mapping` either.

    Args:
        event: as Lambda gave it.

    Attributes:
        raw_event: the same object, for what needs a real dict: `json.dumps`, `isinstance`, `match`, data models.
    """

    __slots__ = ("raw_event",)
    __hash__ = None  # type: ignore[assignment]  # as a dict

    def __init__(self, event: Any) -> None:
        self.raw_event = event

    def __getitem__(self, name: Any) -> Any:
        """Return the value of a key, as the event has it: a dict within is a plain one."""
        return self.raw_event[name]

    def __contains__(self, name: object) -> bool:
        """Return whether the event has a key."""
        return name in self.raw_event

    def __iter__(self) -> Iterator[Any]:
        """Return an iterator of the keys."""
        return iter(self.raw_event)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self.raw_event)

    def __eq__(self, other: object) -> bool:
        """Return whether two events say the same; one of them may be a dict."""
        return bool(self.raw_event == (other.raw_event if isinstance(other, LambdaEvent) else other))

    def __repr__(self) -> str:
        """Return what this is, and nothing of what is in it."""
        return "<the Lambda event; what is in it is not shown, and raw_event has it>"

    def get(self, name: Any, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        return self.raw_event.get(name, default)

    def keys(self) -> Any:
        """Return the keys, so that `dict(event)` and `{**event}` make a plain dict."""
        return self.raw_event.keys()

    def values(self) -> Any:
        """Return the values."""
        return self.raw_event.values()

    def items(self) -> Any:
        """Return the keys with their values."""
        return self.raw_event.items()


class UnvouchedEvent(LambdaEvent):
    """An event in which AWS vouches for nothing: who wrote it may have written any part of it. It has no identity."""

    __slots__ = ()


imports_as_lambda = False
"""Whether this process is importing an app as Lambda does, so that startup runs in `Bridge(app)`: `bridge serve` and
`bridge invoke` do, so that what fails in Lambda for that reason fails here too."""

starts_later = False
"""Whether startup, in an import as in Lambda, has to wait for the app's loop, which does not run yet: `bridge serve
--concurrency`. Then the app's lifespan is called, and waits."""


def trace_id() -> str:
    """Return Lambda's own segment of the X-Ray trace ("Root=...;Parent=...;Sampled=1"), or "".

    The runtime says it for each invocation, in the context or in the environment. In Lambda an app finds it in the
    header `X-Amzn-Trace-Id`, so that what it calls hangs below the function: what the event has there names the segment
    of whoever sent it, the API's, or one that the client made up.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    known: str | None = getattr(context.get(), "trace_id", None)
    if known:
        return known
    value: Any = _variables.get(_KEY)
    if not value:
        return ""
    try:
        text: str = value.decode("utf-8", "surrogateescape")
    except AttributeError:
        return str(value)  # Windows keeps text
    return text


def set_trace_id(value: str | None) -> None:
    """Say Lambda's own segment of the trace in the environment, as its runtime does; None: take it away.

    `os.environ` gets what its own methods would give it, which take four calls for that.
    """
    if value is None or _variables is os.environ:
        os.environ.pop(TRACE_VARIABLE, None)
        if value is not None:
            os.environ[TRACE_VARIABLE] = value
    else:
        raw = os.environ.encodevalue(value)
        os.putenv(_KEY, raw)
        _variables[_KEY] = raw


# os.environ encodes the name and decodes the value at each call, which takes 200 ns instead of 80. What it keeps them
# in is private: bytes, on Windows text.
_variables: Any = getattr(os.environ, "_data", os.environ)
_KEY = os.environ.encodekey(TRACE_VARIABLE)


class LogFilter:
    """A filter for `logging` that lets every record pass and gives it `aws_request_id`, `tenant_id` and `trace_id`.

    They are text, "" where there is none; the first two are named as Lambda's own log formatter names them.
    """

    def filter(self, record: LogRecord) -> bool:
        """Give a record its attributes."""
        invocation = context.get()
        record.aws_request_id = getattr(invocation, "aws_request_id", None) or ""
        record.tenant_id = getattr(invocation, "tenant_id", None) or ""
        record.trace_id = trace_id()
        return True
