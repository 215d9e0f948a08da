"""A response that a function makes while it goes to the client."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .._function import to_json
from .._streaming import Streams

if TYPE_CHECKING:
    from ...sources._client_request import ClientRequest
    from ...types import Event, Message, Receive, Scope, Send
    from .._apis import Api
    from .._function import LocalFunction


log = logging.getLogger("bridge.gateway")


class StreamedResponse(Response):
    """A response without a status, and with headers that are put in front of the function's own.

    Args:
        function: that makes it.
        api: what takes it from the function.
        call: that it answers.
        event: what the function gets.
        what: the request, for logs.
    """

    def __init__(self, function: LocalFunction, api: Api, call: ClientRequest, event: Event, what: str) -> None:
        super().__init__()
        self.raw_headers = []
        self.own_cors = True
        self._function = function
        self._api = api
        self._call = call
        self._event = event
        self._what = what

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Invoke the function, and send what it makes as it makes it."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._merged(message["headers"])}
            await send(message)

        async with self._function.turn():
            started = time.perf_counter()
            status = await Streams(self._function, self._api).status(self._call, to_json(self._event), sent)
        log.info("%s %s %.1f ms, streamed", self._what, status, (time.perf_counter() - started) * 1000)

    def _merged(self, given: Any) -> list[tuple[bytes, bytes]]:
        kept = [each for each in given if self.own_cors or not each[0].lower().startswith(b"access-control-")]
        return [*kept, *self.raw_headers]
