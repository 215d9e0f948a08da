"""Streamed answers: out of a function, through the gateway, to the client, as they are made."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from .. import current
from .._app import prelude
from .._http.body import BODILESS
from .._invocation.around import name_of
from ..errors import ConfigurationError, ResultError
from ..runtime._import_string import has_bridge_inside
from . import _watch as watch
from ._function import TimedOutError
from ._outward import outward, plain
from ._process import ProcessError
from ._threaded import Threaded

if TYPE_CHECKING:
    from starlette.responses import Response

    from ..sources._client_request import ClientRequest
    from ..types import Message, Send
    from ._apis import Api, Refusal
    from ._function import LocalFunction

log = logging.getLogger("bridge.gateway")


class Streams:
    """Runs a handler behind an API that expects streams.

    Args:
        function: the function. Where its handler is of a type that has a `respond`, as Bridge has, that is what
            streams. A wrapper that only passes on what it wraps (wrapt's) is called, as in Lambda.
        api: the API.
    """

    def __init__(self, function: LocalFunction, api: Api) -> None:
        self._function = function
        self._api = api
        kind = type(function.handler)
        self._responds = api.streaming and (hasattr(kind, "respond") or hasattr(kind, "respond_sync"))
        if api.streaming and not self._responds and has_bridge_inside(function.handler):
            log.warning(
                "%s is a wrapper around a Bridge: here it answers in one piece, as on Lambda's own runtime. On "
                "bridge.runtime it streams. To stream here too: Bridge(app, decorators=[...]).",
                name_of(function.handler),
            )

    async def status(self, call: ClientRequest, event: bytes, send: Send) -> int | None:
        """Return the status of the response to a call, when it has gone to the client and the function has ended.

        The client's leaving does not end the function: neither does it on AWS.
        """
        stream = Stream(self._api, call, send)
        try:
            await self._function.within(self._api.seconds, self._respond(event, call.request_id, stream))
            if stream.status is None:
                log.error("%s %s: the function gave no answer", call.method, call.raw_path)
                await stream.stop(self._api.failed)
        except TimedOutError as error:
            log.error("%s %s: %s", call.method, call.raw_path, error)
            await stream.stop(self._api.overdue(self._function.timeout))
        except (ConfigurationError, ProcessError) as error:  # its text says it, or is the function's own traceback
            log.error("%s %s: the function failed: %s", call.method, call.raw_path, error)
            await stream.stop(self._api.failed)
        except Exception:
            log.exception("%s %s: the function failed", call.method, call.raw_path)
            await stream.stop(self._api.failed)
        return stream.status

    async def close(self) -> None:
        """Run the shutdown of an app that has run on this loop."""
        if self._responds and self._function.handler.is_asgi:
            await self._function.handler.shutdown()

    async def _respond(self, text: bytes, request_id: str, stream: Stream) -> None:
        if watch.watcher is None:
            await self._run(text, request_id, stream)
        else:
            with watch.watcher.invocation(self._function, text, request_id) as watched:
                watched.streamed = True
                await self._run(text, request_id, stream)

    async def _run(self, text: bytes, request_id: str, stream: Stream) -> None:
        handler, threads = self._function.handler, self._function.threads
        event, context = json.loads(text), self._function.context(request_id)
        if self._responds and handler.is_asgi:
            await handler.respond(event, context, stream)
            return
        threaded = Threaded(stream, asyncio.get_running_loop())

        def run() -> object:
            current.context.set(context)  # a thread has context variables of its own
            return handler.respond_sync(event, context, threaded) if self._responds else handler(event, context)

        result = await threads.run(run)
        if not self._responds:
            await stream.result(result)


class Stream:
    """One streamed answer on its way to the client: a `bridge.types.Responder`.

    Args:
        api: the API.
        call: the call that is answered.
        send: takes the messages of an ASGI response.

    Attributes:
        status: of the response, when it has begun.
        stopped: whether the gateway waits for the function no more.
    """

    status: int | None = None
    stopped = False

    def __init__(self, api: Api, call: ClientRequest, send: Send) -> None:
        self._api = api
        self._call = call
        self._send = send
        self._waiting = b""
        """What has come before the end of the prelude."""
        self._over = False

    async def result(self, result: object) -> None:
        """Take a result, though the API expects a stream."""
        log.warning(
            "%s %s: the API expects a stream, and the function gave its result in one piece. A Bridge streams, on "
            "bridge.runtime, if it is told to: Bridge(app, streaming='on').",
            self._call.method,
            self._call.raw_path,
        )
        text = json.dumps(result, ensure_ascii=False)
        try:
            response = outward(self._api.unframed(json.loads(text)), self._api.remapped, self._call.method)
        except ResultError as error:
            await self._refuse(str(error))
        else:
            await self._whole(response)

    async def start(self, content_type: str, prelude: bytes) -> None:
        """Take the beginning of a stream. Behind an API, every stream has a prelude, whatever type it says it has."""
        await self.write(prelude)

    async def write(self, data: bytes) -> None:
        """Take bytes of the stream: first what is missing of its prelude, then the body."""
        if self.status is not None:
            await self._body(data, more=True)
            return
        self._waiting += data
        found = prelude.split(self._waiting[: prelude.LIMIT])
        if found is not None:
            await self._begin(found[0])
            await self._body(self._waiting[len(found[0]) + len(prelude.DELIMITER) :], more=True)
        elif len(self._waiting) >= prelude.LIMIT:
            await self._refuse(f"the stream's first {prelude.LIMIT:,} bytes have no prelude that ends")

    async def end(self, data: bytes = b"") -> None:
        """Take the last bytes of the stream, if there are more, and its end."""
        if self.status is None:
            await self.write(data)
            data = b""
        if self.status is None:
            await self._refuse("the stream has ended, but its prelude has not")
        await self._body(data, more=False)

    async def fail(self, error: BaseException) -> None:
        """Take note that the stream has failed: its client sees the connection end in the middle of the body."""
        log.error("%s %s: the stream failed: %r", self._call.method, self._call.raw_path, error)
        await self.stop(self._api.failed)

    async def stop(self, answer: Refusal) -> None:
        """Take nothing more. A client that has got nothing yet gets this answer."""
        if self.status is None:
            await self._whole(plain(*answer))
        self.stopped = self._over = True

    async def _begin(self, head: bytes) -> None:
        try:
            wire = self._api.opening(json.loads(head))
            response = outward(wire, self._api.remapped, self._call.method, streamed=True)
        except ValueError as error:  # a ResultError is one, and what is no JSON raises one
            await self._refuse(f"the stream's prelude breaks the format: {error}")
        else:
            await self._head(response)

    async def _refuse(self, complaint: str) -> None:
        log.error("%s %s: %s", self._call.method, self._call.raw_path, complaint)
        await self._whole(plain(*self._api.failed))

    async def _whole(self, response: Response) -> None:
        await self._head(response)
        await self._body(bytes(response.body), more=False)
        self._over = True

    async def _head(self, response: Response) -> None:
        self.status = response.status_code
        await self._sent({"type": "http.response.start", "status": self.status, "headers": response.raw_headers})

    async def _body(self, body: bytes, *, more: bool) -> None:
        if self.status in BODILESS:
            body = b""
        if body or not more:
            await self._sent({"type": "http.response.body", "body": body, "more_body": more})

    async def _sent(self, message: Message) -> None:
        # The function goes on without its client, and is not told: that is what AWS does.
        if not self._over:
            try:
                await self._send(message)
            except OSError:
                self._over = True
