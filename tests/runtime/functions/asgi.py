"""ASGI apps, and Bridges that answer in ways of their own."""

import asyncio
import os
import signal
import sys
from typing import Any

from bridge import Bridge, current
from bridge.types import Responder

from ..gates import gate_async
from .lifespan import app

handler = Bridge(app)


started_at_import = handler._asgi._started  # type: ignore[union-attr]


def wrapped(event: Any, context: Any) -> Any:
    """A handler that a decorator might have made."""
    return {"started in init": not started_at_import and handler._asgi._started, "result": handler(event, context)}  # type: ignore[union-attr]


def cancels(event: Any, context: Any) -> Any:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    asyncio.run(cancelled())


class Streaming(Bridge):
    async def respond(self, event: Any, context: Any, responder: Responder) -> None:
        await responder.start("text/plain", b"prelude")
        await responder.write(b"one")
        await gate_async("one")
        await responder.write(b"two")
        await responder.end(b"")
        await gate_async("after")


class Fast(Bridge):
    """More than the sockets between here and the other side can hold."""

    async def respond(self, event: Any, context: Any, responder: Responder) -> None:
        await responder.start("application/octet-stream", b"")
        writing = asyncio.create_task(responder.write(b"x" * 64_000_000))
        await gate_async("nobody-reads")
        print("written" if writing.done() else "not written")
        await gate_async("written-or-not")
        await writing
        await responder.end(b"")


class Odd(Bridge):
    """Whatever an adapter could get wrong: the event says which."""

    async def respond(self, event: Any, context: Any, responder: Responder) -> None:
        if event == "nothing":
            return
        if event == "twice":
            await responder.result(1)
            await responder.result(2)
        if event == "cancelled":
            raise asyncio.CancelledError
        if event == "unstarted":
            await responder.write(b"x")
        if event == "unserializable":
            await responder.result({1, 2})
        await responder.start("text/plain", b"")
        if event == "broken off":
            await responder.write(b"some")
            raise KeyError("\r\nbroken\r\noff")
        if event in ("swallows", "lets through"):
            await responder.write(b"")
            await gate_async("midstream")
            try:
                for _ in range(100):
                    await responder.write(b"x" * 1_000_000)
                await responder.end(b"")
            except OSError:
                if event == "lets through":
                    raise
                print("swallowed")


class Together(Bridge):
    """Invocations that wait for each other, on one loop."""

    async def respond(self, event: Any, context: Any, responder: Responder) -> None:
        await gate_async(context.aws_request_id)
        assert current.context.get() is context
        await responder.result({"trace": context.trace_id, "environ": os.environ.get("_X_AMZN_TRACE_ID")})


async def terminating(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await app(scope, receive, send)
        return
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


streaming, fast, odd, together = Streaming(app), Fast(app), Odd(app), Together(app)
terminated = Bridge(terminating)


async def leaving(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        sys.exit(3)
    raise NotImplementedError


leaves = Bridge(leaving)
