"""A handler that says what it is sent, in its answer and in its log."""

from base64 import b64decode
from typing import Any


def handler(event: Any, context: Any) -> Any:
    body = event["body"]
    text = b64decode(body).decode() if event["isBase64Encoded"] else body
    print("got", text)  # noqa: T201
    return {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": text}
