"""Bridges in what tools put around handlers."""

import asyncio
import functools
import os
import sys
import threading
from typing import Any

import wrapt

from bridge import Bridge
from bridge.types import Receive, Scope, Send


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        if os.environ.get("NO_DATABASE"):
            await send({"type": "lifespan.startup.failed", "message": "no database"})
            return
        print("startup", flush=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shutdown", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/boom":
        raise ZeroDivisionError("division by zero")
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})
    if scope["path"] == "/late":
        await asyncio.sleep(0.15)


def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("201 Created", [])
    return [b"a", b"b"]


def decorator(handler: Any) -> Any:
    @functools.wraps(handler)
    def decorated(event: Any, context: Any) -> Any:
        print("before", flush=True)
        result = handler(event, context)
        print("after", result["statusCode"], repr(result["body"]), flush=True)
        return result

    return decorated


@wrapt.decorator
def proxy(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    print("before", flush=True)
    result = wrapped(*args, **kwargs)
    print("after", result["statusCode"], repr(result["body"]), flush=True)
    return result


class Wrapper:
    """As Datadog's: an object, without `__wrapped__`."""

    def __init__(self, func: Any) -> None:
        self.func = func

    def __call__(self, event: Any, context: Any, **kwargs: Any) -> Any:
        print("before", flush=True)
        result = self.func(event, context, **kwargs)
        print("after", result["statusCode"], repr(result["body"]), flush=True)
        return result


other_loop = Bridge(asgi, lifespan="off", loop_factory=lambda: asyncio.new_event_loop())
inner = Bridge(asgi, streaming="auto")
inner_wsgi = Bridge(wsgi, streaming="auto")
plain, plain_wsgi = decorator(inner), decorator(inner_wsgi)
proxied, proxied_wsgi = proxy(inner), proxy(inner_wsgi)
instance, instance_wsgi = Wrapper(inner), Wrapper(inner_wsgi)


async def asynchronous(event: Any, context: Any) -> Any:
    print("before", flush=True)
    result = await inner.handle_async(event, context)
    print("after", result["statusCode"], repr(result["body"]), flush=True)
    return result


async def asynchronous_wsgi(event: Any, context: Any) -> Any:
    return await inner_wsgi.handle_async(event, context)


def changing(event: Any, context: Any) -> Any:
    return {**inner(event, context), "headers": {"x-changed": "1"}}


def refusing(event: Any, context: Any) -> Any:
    return {"statusCode": 401, "body": "no"}


def twice(event: Any, context: Any) -> Any:
    first = inner(event, context)
    return {**inner(event, context), "headers": {"x-first": str(first["statusCode"])}}


def in_thread(event: Any, context: Any) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(inner_wsgi(event, context)))
    thread.start()
    thread.join()
    return results[0]


def queue(event: Any, context: Any) -> Any:
    try:
        return inner(event, context)
    except Exception as error:
        return str(error)[:20]


def of_other_loop(event: Any, context: Any) -> Any:
    return other_loop(event, context)


def doubtful(*arguments: Any) -> Any:
    return len(arguments)


decorated = Bridge(asgi, streaming="auto", decorators=[decorator])
decorated_wsgi = Bridge(wsgi, streaming="auto", decorators=[decorator])


def tool() -> None:
    """Do what Sentry's integration does to Lambda's own runtime."""
    bootstrap = sys.modules["__main__"].bootstrap
    before = bootstrap.handle_event_request

    def around(client: Any, request_handler: Any, *arguments: Any) -> Any:
        return before(client, decorator(request_handler), *arguments)

    bootstrap.handle_event_request = around
    for name in ("result", "error"):
        setattr(
            bootstrap.LambdaRuntimeClient,
            f"post_invocation_{name}",
            lambda self, *_, name=name: print(f"flushed after a {name}", flush=True),
        )
    bootstrap.LambdaRuntimeClient.post_init_error = lambda self, error: print("told of", error["errorType"], flush=True)


if os.environ.get("TOOL"):
    tool()
