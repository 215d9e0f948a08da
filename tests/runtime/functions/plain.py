"""Handlers of their own, and what they can do wrong."""

import atexit
import json
import logging
import os
import sys
import threading
from typing import Any

from ..gates import gate

logger = logging.getLogger("plain")


def handler(event: Any, context: Any) -> Any:
    return {
        "event": event,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "asyncio": "asyncio" in sys.modules,
        "pid": os.getpid(),
        **{
            name: getattr(context, name)
            for name in ("aws_request_id", "invoked_function_arn", "function_name", "tenant_id", "trace_id")
        },
        "identity": context.identity.cognito_identity_id,
        "client": context.client_context and [context.client_context.client.app_title, context.client_context.custom],
        "left": context.get_remaining_time_in_millis(),
    }


def other_names(e: Any, c: Any) -> Any:
    return [e, c.aws_request_id]


def data(event: bytes, context: Any) -> bytes:
    return event[::-1]


def large(event: int, context: Any) -> Any:
    return {"statusCode": 200, "body": "é" * event}


def fails(event: Any, context: Any) -> Any:
    raise LookupError(f"no {event}\r\nat all")


def exits(event: Any, context: Any) -> Any:
    sys.exit(7)


def not_json(event: Any, context: Any) -> Any:
    return {"a set": {1}}


def logs(event: Any, context: Any) -> Any:
    sys.stdout.write("unended")
    logger.warning("by the %s", "handler", extra={"colour": "red"})
    thread = threading.Thread(target=logger.warning, args=("by a thread",))
    thread.start()
    thread.join()
    try:
        json.loads("{")
    except ValueError:
        logger.exception({"what": "a dict"})


def waits(event: Any, context: Any) -> Any:
    gate(event)
    return {"pid": os.getpid()}


async def coroutine(event: Any, context: Any) -> Any:
    return {"async": event}


def at_exit(event: Any, context: Any) -> None:
    atexit.register(print, "the end")


async def at_exit_async(event: Any, context: Any) -> None:
    at_exit(event, context)


def prints(event: Any, context: Any) -> None:
    print(event)


def modules(event: Any, context: Any) -> Any:
    return {"body": json.dumps(list(sys.modules))}


class Missing:
    """Not called with (event, context), and no app either."""
