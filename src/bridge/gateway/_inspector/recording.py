"""The last requests, with what the functions made of them: in memory, and cut to a size that it can bear."""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections import OrderedDict, deque
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ... import current
from .._incoming import target
from .._invocations import START
from .._process import ProcessError
from .._watch import Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...types import Message, Scope
    from .._function import LocalFunction

MOST = 100
"""Requests that are kept."""

MOST_INVOCATIONS = 50
"""Of one request: a WebSocket connection has one for each message."""

LIMIT = 128 * 1024
"""Bytes that are kept of a body, an event, a result or a log."""

SENDERS_HEADER = "x-bridge-send"
"""By which `bridge send` shows that it is of the same user: whoever sees the inspector need not be."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Kept:
    """The beginning of some bytes.

    Attributes:
        data: at most `LIMIT` bytes.
        size: of all of them.
    """

    data: bytes = b""
    size: int = 0

    def add(self, data: bytes) -> None:
        """Add bytes at the end."""
        self.data += data[: LIMIT - len(self.data)]
        self.size += len(data)

    @property
    def is_whole(self) -> bool:
        """Return whether nothing has been cut off."""
        return self.size == len(self.data)


@dataclass(kw_only=True)
class RecordedInvocation:
    """An invocation of a function.

    Attributes:
        function: that was invoked.
        request_id: of the invocation.
        event: as JSON.
        outcome: the result, as JSON.
        error: what was raised, or "".
        streamed: whether the answer is a stream: the response has it.
        log: what the function has printed and logged meanwhile.
        milliseconds: that it took; None while it goes on.
    """

    function: LocalFunction
    request_id: str
    event: Kept
    outcome: Kept | None = None
    error: str = ""
    streamed: bool = False
    log: Kept = field(default_factory=Kept)
    milliseconds: float | None = None

    @property
    def result(self) -> bytes | None:
        """Return what has been kept of the result."""
        return None if self.outcome is None else self.outcome.data

    @result.setter
    def result(self, result: bytes | None) -> None:
        self.outcome = Kept()
        self.outcome.add(result or b"")


@dataclass(kw_only=True)
class Record:
    """A request; a WebSocket connection; or an invocation that comes of neither: a schedule's.

    Attributes:
        number: counts from 1.
        method: "GET"; "WEBSOCKET" for a connection, "EVENT" for an invocation.
        target: path and query, percent-encoded; or the function's name.
        headers: as the client sent them; a character stands for a byte.
        body: of the request.
        server: host and port that it was sent to.
        started: seconds since the epoch.
        callers: for a call that functions make: numbers of the records, and functions, that were running.
        replayed: number of the record that this one repeats.
        way: through the API, once it is known.
        invocations: of functions, oldest first.
        dropped: how many older ones are no longer there.
        status: of the response.
        response_headers, response_body: of the response.
        log: what the gateway said of it.
        milliseconds: until its end; None while it goes on.
    """

    number: int
    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Kept = field(default_factory=Kept)
    server: str = ""
    started: float = field(default_factory=time.time)
    callers: list[tuple[int, str]] = field(default_factory=list)
    replayed: int | None = None
    way: Way | None = None
    invocations: list[RecordedInvocation] = field(default_factory=list)
    dropped: int = 0
    status: int | None = None
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    response_body: Kept = field(default_factory=Kept)
    log: Kept = field(default_factory=Kept)
    milliseconds: float | None = None


_record: ContextVar[Record | None] = ContextVar("bridge.inspected", default=None)


class Recorder:
    """What watches the gateway and its functions: see `_watch.Watcher`.

    Attributes:
        records: the last ones, oldest first.
        version: changes with each of them.
    """

    def __init__(self) -> None:
        self.records: deque[Record] = deque(maxlen=MOST)
        self.version = 0
        self._count = 0
        self._running: OrderedDict[str, tuple[int, RecordedInvocation]] = OrderedDict()

    def find(self, number: int) -> Record | None:
        """Return the record of a number, if it is still there."""
        return next((record for record in self.records if record.number == number), None)

    def clear(self) -> None:
        """Forget all records."""
        self.records.clear()
        self.version += 1

    @contextmanager
    def request(self, scope: Scope, replayed: int | None = None) -> Iterator[Record]:
        """Keep a record of an ASGI connection for as long as the block lasts."""
        path, host = target(scope)
        query = b"?" + scope["query_string"] if scope.get("query_string") else b""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = [(name, "not kept" if name == SENDERS_HEADER else value) for name, value in headers]
        is_call = path.startswith(START.encode()) or b"/@connections/" in path
        record = self._added(
            method=scope["method"] if scope["type"] == "http" else "WEBSOCKET",
            target=(path + query).decode("latin-1"),
            headers=headers,
            server=host.decode("latin-1") if host else next((v for n, v in headers if n.lower() == "host"), ""),
            callers=[(number, each.function.name) for number, each in self._in_flight()] if is_call else [],
            replayed=replayed,
        )
        with self._current(record):
            yield record

    @contextmanager
    def event(self, replayed: RecordedInvocation, number: int) -> Iterator[Record]:
        """Keep a record of an event that is sent once more, for as long as the block lasts."""
        with self._current(
            self._added(method="EVENT", target=replayed.function.name or "of the function", replayed=number)
        ) as record:
            yield record

    @contextmanager
    def invocation(self, function: LocalFunction, event: bytes, request_id: str) -> Iterator[RecordedInvocation]:
        """Keep a record of an invocation for as long as the block lasts: what it says, and what becomes of it."""
        found = _record.get()
        record = found or self._added(method="EVENT", target=function.name or "of the function")
        made = RecordedInvocation(function=function, request_id=request_id, event=Kept())
        made.event.add(event)
        record.invocations.append(made)
        if len(record.invocations) > MOST_INVOCATIONS:
            del record.invocations[0]
            record.dropped += 1
        self._running[request_id] = record.number, made
        if len(self._running) > MOST * 2:
            self._running.popitem(last=False)
        self.version += 1
        started = time.perf_counter()
        try:
            yield made
        except BaseException as error:
            made.error = _told(error)
            raise
        finally:
            made.milliseconds = (time.perf_counter() - started) * 1000
            if found is None:
                record.milliseconds = made.milliseconds
            self.version += 1

    def routed(self, way: Way) -> None:
        """Take note of the way of the request that is being answered."""
        record = _record.get()
        if record is not None:
            record.way = way

    def said(self, text: str) -> None:
        """Take note of what the function, or the gateway, has written: by the invocation, or else by the request."""
        request_id = getattr(current.context.get(), "aws_request_id", "")
        found, record = self._running.get(request_id), _record.get()
        log = found[1].log if found is not None else record.log if record is not None else None
        if log is not None:
            log.add(_COLOUR.sub("", text).encode("utf-8", "replace"))
            self.version += 1

    def sent(self, record: Record, message: Message) -> None:
        """Take note of a part of a response."""
        if message["type"] == "http.response.start":
            record.status = message["status"]
            raw = message.get("headers", ())
            record.response_headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
        elif message["type"] == "http.response.body":
            record.response_body.add(message.get("body", b""))
        elif message["type"] == "websocket.accept":
            record.status = 101
        elif message["type"] == "websocket.http.response.start":
            record.status = message["status"]

    @contextmanager
    def _current(self, record: Record) -> Iterator[Record]:
        token = _record.set(record)
        started = time.perf_counter()
        try:
            yield record
        finally:
            record.milliseconds = (time.perf_counter() - started) * 1000
            self.version += 1
            _record.reset(token)

    def _added(self, **fields: object) -> Record:
        self._count += 1
        record = Record(number=self._count, **fields)  # type: ignore[arg-type]
        self.records.append(record)
        self.version += 1
        return record

    def _in_flight(self) -> Iterator[tuple[int, RecordedInvocation]]:
        return (each for each in self._running.values() if each[1].milliseconds is None)


def _told(error: BaseException) -> str:
    """Return what became of an invocation that has no result."""
    if isinstance(error, asyncio.CancelledError):
        return "nobody waits for its result any more: its time is over, or its client has left"
    if isinstance(error, ProcessError):
        return str(error)
    return "".join(traceback.format_exception(error))
