"""Lambda's Invoke endpoint: a function that invokes itself, or another that invokes it.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.responses import JSONResponse, Response

from .._http.body import PAYLOAD
from . import _incoming as incoming, _signature as signature
from ._outward import error

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from starlette.requests import Request

    from ._function import Invokable

log = logging.getLogger("bridge.gateway")

ASYNCHRONOUS_PAYLOAD = 1024 * 1024
"""Bytes of an event that nobody waits for: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

SECONDS = 900.0

START = "/2015-03-31/functions/"
END = "/invocations"
"""What is around a function's name or ARN in the path of an Invoke request."""


def is_invoke(request: Request) -> bool:
    """Return whether a request is one to Invoke a function."""
    path = request.scope["path"]
    return request.method == "POST" and path.startswith(START) and path.endswith(END)


class Invocations:
    """What answers to Invoke, and keeps what nobody waits for.

    An asynchronous invocation that fails is logged. Lambda would try it twice more, after minutes.

    Args:
        function: the function of a name or ARN; None if there is none.
    """

    def __init__(self, function: Callable[[str], Invokable | None]) -> None:
        self._function = function
        self._tasks: set[asyncio.Task[Any]] = set()

    async def response(self, request: Request) -> Response:
        """Return the answer to an Invoke request."""
        refusal = signature.refusal(request, "lambda")
        if refusal is not None:
            return refusal
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        limit = ASYNCHRONOUS_PAYLOAD if kind == "Event" else PAYLOAD
        payload = await incoming.body(request, limit)
        if len(payload) > limit:
            return error(413, "RequestTooLargeException", f"an event of more than {limit} bytes, which is the limit")
        refusal = signature.forgery(request, payload)
        if refusal is not None:
            return refusal
        name = unquote(request.scope["path"]).removeprefix(START).removesuffix(END)
        function = self._function(name)
        if function is None:
            return error(404, "ResourceNotFoundException", f"Function not found: {name}")
        if kind not in ("Event", "RequestResponse", "DryRun"):
            return error(400, "InvalidParameterValueException", f"there is no invocation type {kind!r}")
        try:
            event = json.loads(payload or b"{}")
        except (ValueError, RecursionError) as broken:
            return error(400, "InvalidRequestContentException", f"the payload is no JSON: {broken}")
        if kind == "DryRun":
            return Response(status_code=204)
        if kind == "RequestResponse":
            return await self._result(function, event)
        task = asyncio.create_task(self._result(function, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Response(status_code=202)

    async def finish(self) -> None:
        """Wait for the invocations that nobody waits for."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _result(self, function: Invokable, event: Any) -> Response:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        try:
            response = JSONResponse(await function.invoke(event, request_id, SECONDS))
        except Exception as raised:
            log.exception("invocation %s failed", request_id)
            message = getattr(raised, "message", str(raised))
            kind = getattr(raised, "kind", "") or type(raised).__name__
            failure = {"errorMessage": message, "errorType": kind, "requestId": request_id}
            return JSONResponse(failure, headers={"X-Amz-Function-Error": "Unhandled"})
        log.info("invocation %s %.1f ms", request_id, (time.perf_counter() - started) * 1000)
        return response
