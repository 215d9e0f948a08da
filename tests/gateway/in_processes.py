"""The handlers that tests run in processes of their own."""

import json
import logging
import os
import sys
import time
from collections import Counter
from typing import Any

seen: Counter[str] = Counter()


def handler(event: Any, context: Any) -> object:
    """What the event says, and which process it was in."""
    do = event.get("do") if isinstance(event, dict) else None
    if do == "raise":
        raise KeyError("mistäke")
    if do == "bytes":
        return b"no JSON"
    if do == "surrogate":
        return "\ud800"
    if do == "exit":
        sys.exit(3)
    if do == "die":
        os._exit(4)
    if do == "hang":
        note("hanging")
        time.sleep(60)
    if do == "log":
        logging.getLogger("bridge").warning("logged")
    if do == "read":
        return sys.stdin.read()
    sys.stdout.write("printed\n")
    return {
        "process": os.getpid(),
        "event": event,
        "request_id": context.aws_request_id,
        "milliseconds": context.get_remaining_time_in_millis(),
        "path": sys.path,
        "arguments": len(sys.argv),
    }


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An app with a lifespan that leaves a note."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        note("stopped")
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def note(word: str) -> None:
    with open(os.environ.get("NOTES", os.devnull), "a") as notes:
        notes.write(word + "\n")


def count(event: dict[str, Any], context: Any) -> object:
    """A WebSocket handler: returns what comes, where it was, and how many of its connection this process has seen."""
    seen[event["requestContext"]["connectionId"]] += "body" in event
    answer = {"process": os.getpid(), "seen": seen[event["requestContext"]["connectionId"]]}
    return {"statusCode": 200, "body": json.dumps({"body": event.get("body"), **answer})}
