"""Requests and events that are sent once more."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .._apis import KINDS
from .._gateway import Gateway
from .._invocations import SECONDS
from .snippets import urlsplit_target

if TYPE_CHECKING:
    from typing import Any

    from ...types import ASGIApp, Message, Scope
    from .._watch import Way
    from .recording import Record, RecordedInvocation, Recorder


class ReplayError(Exception):
    """A record that cannot be sent once more; the text says why."""


class Replays:
    """What sends recorded requests once more.

    Args:
        app: what got them.
        recorder: what keeps them.
    """

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, record: Record, api: str = "", payload: str = "2.0") -> None:
        """Send a request once more; do not wait for what comes of it.

        Args:
            record: the request.
            api: the kind of API to send the request through, straight to the function that it came to; "": all the way
                that it took.
            payload: of that API, if it has such a setting.

        Raises:
            ReplayError: it cannot be.
        """
        if record.method in ("WEBSOCKET", "EVENT"):
            raise ReplayError("this is no HTTP request, but each of its events can be sent again")
        if not record.body.is_whole:
            raise ReplayError("the request's body is too long to be kept, and so to be sent again")
        app, path = self._elsewhere(record, api, payload) if api else (self._app, urlsplit_target(record.target)[0])
        self._run(self._request(app, record, path))

    def invoke(self, record: Record, index: int) -> None:
        """Send the event of an invocation to its function once more; do not wait for what comes of it.

        Raises:
            ReplayError: it cannot be.
        """
        if not 0 <= index < len(record.invocations):
            raise ReplayError("there is no such invocation any more")
        if not record.invocations[index].event.is_whole:
            raise ReplayError("the event is too long to be kept, and so to be sent again")
        self._run(self._event(record.number, record.invocations[index]))

    async def close(self) -> None:
        """Stop what is being sent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _elsewhere(self, record: Record, api: str, payload: str) -> tuple[ASGIApp, str]:
        """Return another API of the function that a request came to, and the path there."""
        kind = KINDS.get(api)  # type: ignore[call-overload]
        if kind is None:
            raise ReplayError(f"there is no API {api!r}")
        if not record.invocations:
            raise ReplayError("no function was invoked, so it is not known which one is meant")
        settings = record.way.settings if record.way is not None else {}
        kept = {name: value for name, value in settings.items() if name in kind.takes and name != "payload"}
        if "payload" in kind.takes and payload == "1.0":
            kept["payload"] = "1.0"
        path = urlsplit_target(record.target)[0]
        prefix = _prefix(record.way)
        if "stage" not in kept and prefix and (path + "/").startswith(prefix + "/"):
            path = path[len(prefix) :] or "/"
        return Gateway(record.invocations[-1].function, api=api, **kept), path  # type: ignore[arg-type]

    async def _request(self, app: ASGIApp, record: Record, path: str) -> None:
        host, _, port = record.server.rpartition(":")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": record.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": urlsplit_target(record.target)[1][1:].encode("latin-1"),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in record.headers],
            "client": ("127.0.0.1", 0),
            "server": (host or record.server, int(port) if port.isdecimal() else 80),
        }
        messages = [{"type": "http.request", "body": record.body.data, "more_body": False}]

        async def receive() -> Message:
            return messages.pop() if messages else {"type": "http.disconnect"}

        with self._recorder.request(scope, replayed=record.number) as made:
            made.body.add(record.body.data)

            async def send(message: Message) -> None:
                self._recorder.sent(made, message)

            await app(scope, receive, send)

    async def _event(self, number: int, invocation: RecordedInvocation) -> None:
        with self._recorder.event(invocation, number), suppress(Exception):  # which the record has
            await invocation.function.invoke(json.loads(invocation.event.data), str(uuid.uuid4()), SECONDS)


def _prefix(way: Way | None) -> str:
    stage = way.settings.get("stage", "$default") if way is not None else "$default"
    return "" if stage == "$default" else f"/{stage}"
