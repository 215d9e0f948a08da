"""Errors as Lambda reports them."""

from __future__ import annotations

import os
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OWN = os.path.dirname(__file__)

TRAILER_LIMIT = 8_192
"""Characters of a message in a trailer, which HTTP stacks limit with the headers."""

CAUSE_LIMIT = 1_048_576
"""Bytes of JSON that X-Ray takes as an error's cause; beyond, there is none."""


class FaultError(Exception):
    """A failure that Lambda has a type of its own for.

    Args:
        kind: "Runtime.HandlerNotFound", for instance.
        message: for the log and the caller.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Fault:
    """An error as Lambda's API takes it: message, type and stack trace.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror

    Args:
        error: what was raised. The runtime's own frames are left out of its stack trace.
        request_id: the invocation's.
    """

    def __init__(self, error: BaseException, request_id: str = "") -> None:
        self.message = str(error)
        self.kind = error.kind if isinstance(error, FaultError) else type(error).__name__
        self.request_id = request_id
        self.frames = _frames(error)

    @property
    def header(self) -> str:
        """The type as a header's value: one line of ASCII."""
        return "".join(char if " " <= char <= "~" else "?" for char in self.kind)

    def body(self) -> dict[str, Any]:
        """What the API takes."""
        return {
            "errorMessage": self.message,
            "errorType": self.kind,
            "requestId": self.request_id,
            "stackTrace": traceback.format_list(self.frames),
        }

    def json(self) -> bytes:
        """The body, as JSON."""
        return _json(self.body())

    def trailer(self) -> str:
        """The body as a trailer's value: one line, of bounded length."""
        from base64 import b64encode

        body = _json(self.body())
        if len(body) > TRAILER_LIMIT:
            body = _json({**self.body(), "errorMessage": self.message[:TRAILER_LIMIT], "stackTrace": []})
        return b64encode(body).decode()

    def cause(self) -> str:
        """The cause as X-Ray takes it in a header; "" where it would be too long."""
        stack = [{"label": frame.name, "path": frame.filename, "line": frame.lineno} for frame in self.frames]
        cause = {
            "working_directory": os.getcwd(),
            "exceptions": [{"message": self.message, "type": self.kind, "stack": stack}],
            "paths": sorted({frame.filename for frame in self.frames}),
        }
        json = _json(cause)
        return json.decode() if len(json) < CAUSE_LIMIT else ""


def _json(value: object) -> bytes:
    # ASCII, so that it goes into headers, and whatever a message has in it.
    import json

    return json.dumps(value).encode()


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    if isinstance(error, FaultError) and error.__cause__ is not None:
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if not frame.filename.startswith(OWN + os.sep)]
