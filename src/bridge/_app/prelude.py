"""What a streamed response begins with: status and headers as JSON, and eight zero bytes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

from __future__ import annotations

from ..errors import ResultTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
"""The type of a stream that begins with a prelude."""

DELIMITER = bytes(8)

LIMIT = 16_384
"""Bytes of a stream in which the prelude must have come to its end."""


def encoded(head: dict[str, Any]) -> bytes:
    """Encode the prelude, with the delimiter. JSON escapes control characters, so the first zero byte is the delimiter.

    Raises:
        ResultTooLargeError: it is longer than LIMIT.
    """
    import json

    prelude = json.dumps(head, separators=(",", ":")).encode() + DELIMITER
    if len(prelude) > LIMIT:
        raise ResultTooLargeError(
            f"status and headers have {len(prelude):,} bytes of JSON, and a stream takes {LIMIT:,} at most"
        )
    return prelude


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the JSON of a stream's prelude, and what follows the delimiter; None: it is not all there."""
    head, delimiter, rest = data.partition(DELIMITER)
    return (head, rest) if delimiter else None
