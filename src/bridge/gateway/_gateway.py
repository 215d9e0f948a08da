"""The gateway: HTTP in, events to a handler, HTTP out.

scope -> call -> source.event -> handler -> result -> source.response -> response
"""

from __future__ import annotations

import json
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from .._http.body import media_type
from ..errors import ConfigurationError, ResultBodyError, ResultError
from ..sources._client_request import ClientRequest
from . import _forwarded as forwarded, _incoming as incoming, _watch as watch
from ._apis import api as api_of
from ._function import LocalFunction, TimedOutError, to_json
from ._outward import outward, plain
from ._streaming import Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any, Literal

    from starlette.responses import Response

    from ..types import Receive, Scope, Send
    from ._apis import Api, ApiName, Trigger

log = logging.getLogger("bridge.gateway")

_STREAMED_TYPES = frozenset(
    """
    application/json-seq application/jsonl application/x-ndjson multipart/x-mixed-replace text/event-stream
    """.split()  # noqa: SIM905
)
"""What is sent in parts by its nature, so that an answer of this type in one piece is not what its app had in mind."""


class Gateway:
    """An ASGI app that stands in for what AWS puts in front of a function.

    Each request becomes the event that this kind of API would send, and the handler's result becomes the response that
    it would send, with its limits, its errors and its losses. Events and results pass through JSON, as in Lambda.

    Args:
        handler: `handler(event, context)`: a `Bridge`, or any Lambda handler.
        api: "http" (HTTP API), "rest" (REST API), "url" (function URL), "alb" (Application Load Balancer), "lattice"
            (VPC Lattice) or "edge" (Lambda@Edge).
        stage: name of the API's stage, which is then the first segment of every URL. HTTP and REST APIs only.
        payload: payload format of an HTTP API, or event structure of VPC Lattice: "2.0" or "1.0".
        multi_value: whether a load balancer's target group has multi-value headers.
        binary_media_types: a REST API's `binaryMediaTypes`. Without them, as in a REST API by default, clients get
            base64 where the function sent bytes.
        trigger: where Lambda@Edge calls the function: "origin-request" or "viewer-request".
        timeout: the function's timeout, in seconds.
        streaming: whether a function URL or a REST API expects streams: a function URL with invoke mode
            RESPONSE_STREAM, a REST API with response transfer mode STREAM. What a handler's `respond` (a Bridge has
            one) gives goes to the client at once. Others give results, and what a client makes of those is what it
            would get from AWS. A Bridge runs its ASGI app on the gateway's own loop, its WSGI app in a thread.
        concurrency: events that are handled at once. One, as in Lambda's execution environments. With more, a Bridge
            runs its ASGI app on the gateway's own loop, as a server would, and other handlers run in threads.

    Raises:
        ConfigurationError: an argument cannot work.
    """

    def __init__(
        self,
        handler: Callable[[dict[str, Any], Any], object] | LocalFunction,
        *,
        api: ApiName = "http",
        stage: str = "$default",
        payload: Literal["2.0", "1.0"] = "2.0",
        multi_value: bool = False,
        binary_media_types: Collection[str] = ("*/*",),
        trigger: Trigger = "origin-request",
        timeout: float = 30.0,
        concurrency: int = 1,
        streaming: bool = False,
    ) -> None:
        if not callable(handler) and not isinstance(handler, LocalFunction):
            raise ConfigurationError(f"Gateway takes a Lambda handler; {handler!r} cannot be called.")
        if concurrency < 1:
            raise ConfigurationError(f"Gateway(concurrency=...) takes 1 or more, not {concurrency!r}.")
        if not timeout > 0:
            raise ConfigurationError(f"Gateway(timeout=...) takes seconds, more than 0, not {timeout!r}.")
        self._api = api_of(
            api,
            stage=stage,
            payload=payload,
            multi_value=multi_value,
            binary_media_types=binary_media_types,
            trigger=trigger,
            streaming=streaming,
        )
        self._stage = stage
        settings = {"stage": stage, "payload": payload, "multi_value": multi_value, "trigger": trigger}
        defaults = {"stage": "$default", "payload": "2.0", "multi_value": False, "trigger": "origin-request"}
        given = {name: value for name, value in settings.items() if value != defaults[name]}
        self._way = watch.Way(api=api, settings=given)
        if isinstance(handler, LocalFunction):
            self._function = handler
        else:
            self._function = LocalFunction(handler, timeout=timeout, concurrency=concurrency, on_loop=concurrency > 1)
        self._streams = Streams(self._function, self._api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection: HTTP, or the gateway's own lifespan. WebSockets are refused."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            log.info(
                "WebSocket %r is refused with 403: this is no WebSocket API. For both sides of an app: "
                "bridge serve APP --websocket",
                scope["path"],
            )
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": "this API has no WebSockets"})
        else:
            try:
                response = await self._respond(Request(scope, receive), send)
            except ClientDisconnect:
                log.info("%s %s: the client left before its request was complete", scope["method"], scope["path"])
                return
            if response is not None:
                await response(scope, receive, send)

    async def call(self, request: Request) -> ClientRequest:
        """Return the call that a request is, with the headers that AWS adds on the way."""
        domain = partial(self._api.domain, self._stage)
        return await received(request, stage=self._stage, domain=domain, limit=self._api.request_limit)

    async def _respond(self, request: Request, send: Send) -> Response | None:
        """Return the response to a request; None: it has been streamed."""
        call = await self.call(request)
        if watch.watcher is not None:
            watch.watcher.routed(self._way)
        refusal = _refusal(self._api, call)
        if refusal is not None:
            return refusal
        event = to_json(self._api.event(call))
        if len(event) > self._api.event_limit:
            return plain(*self._api.too_large)
        async with self._function.turn():
            started = time.perf_counter()
            if self._api.streaming:
                response, status = None, await self._streams.status(call, event, send)
            else:
                response = await self._answer(call, event)
                status = response.status_code
            milliseconds = (time.perf_counter() - started) * 1000
        log.info("%s %s %s %.1f ms, event %s B", call.method, call.raw_path, status, milliseconds, len(event))
        return response

    async def _answer(self, call: ClientRequest, event: bytes) -> Response:
        api = self._api
        try:
            result = await self._function.within(api.seconds, self._function.result(event, call.request_id))
        except TimedOutError as error:
            log.error("%s %s: %s", call.method, call.raw_path, error)
            return plain(*api.overdue(self._function.timeout))
        except Exception:
            log.exception("%s %s: the function failed", call.method, call.raw_path)
            return plain(*api.failed)
        return responded(api, call, result)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._streams.close()
        await self._function.close()
        await send({"type": "lifespan.shutdown.complete"})


async def received(request: Request, *, stage: str, domain: Callable[[str], str], limit: int) -> ClientRequest:
    """Return the call that a request is, with the headers that AWS adds on the way.

    Of a body with more bytes than `limit`, it has one byte more than those.

    Raises:
        ClientDisconnect: the client has left before its body was complete.
    """
    return forwarded.client_request(request.scope, await incoming.body(request, limit), stage=stage, domain=domain)


def responded(api: Api, call: ClientRequest, result: bytes) -> Response:
    """Return the response that an API makes of a function's result, or what it says of a result that it refuses."""
    try:
        if len(result) > api.result_limit:
            raise ResultError(f"the result has {len(result):,} bytes of JSON; the limit is {api.result_limit:,}")
        response = outward(api.response(json.loads(result), call), api.remapped, call.method)
    except ResultError as error:
        log.error("%s %s: %s", call.method, call.raw_path, error)
        return plain(*(api.no_base64 if isinstance(error, ResultBodyError) else api.refused or api.failed))
    kind = media_type(response.headers.get("content-type"))
    if kind in _STREAMED_TYPES:
        log.warning(
            "%s %s: the app's stream of %s came in one piece, at its end: this API waits for all of it. Function "
            "URLs and REST APIs can stream, with Bridge(app, streaming='on'): bridge serve APP --api url --streaming.",
            call.method,
            call.raw_path,
            kind,
        )
    return response


def oversized(api: Api, call: ClientRequest) -> Response | None:
    """Return what an API answers to a call that is too large for it, and None to one that is not."""
    if api.head_size(call) > api.head_limit:
        return plain(*api.head_too_large)
    if len(call.body) > api.request_limit and not api.cuts_bodies:
        return plain(*api.too_large)
    return None


def _refusal(api: Api, call: ClientRequest) -> Response | None:
    """Return what the API answers to a call that it does not pass on."""
    prefix = call.stage_prefix
    if prefix and not (call.raw_path + "/").startswith(prefix + "/"):
        log.warning("%s %s is not under the stage's path, %s/", call.method, call.raw_path, prefix)
        return plain(*api.unknown_stage)
    return oversized(api, call)
