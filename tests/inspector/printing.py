"""A handler that prints and logs."""

import logging
from typing import Any


def handler(event: Any, context: Any) -> Any:
    print("printed", event["rawPath"], "\N{SNOWMAN}")  # noqa: T201
    logging.getLogger("shop").warning("logged %s", event["rawPath"])
    if event["rawPath"] == "/failure":
        raise RuntimeError("no tea left")
    return {"statusCode": 200}
