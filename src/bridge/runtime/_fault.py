"""Errors as Lambda reports them."""

from __future__ import annotations

import os
import traceback

from ._causes import causes, notes, stack_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OWN = os.path.dirname(__file__)

TRAILER_LIMIT = 2_700
"""Bytes of JSON in a trailer. Base64 makes 3,600 of them, and all trailers together have to stay below 4,096: Go's
net/http, which Lambda's emulator and its like are written with, breaks the connection off at more."""

KIND_LIMIT = 128
"""Characters of an error's type in a header or trailer."""

TRAILER_FRAMES = 50
"""Frames of a stack trace of which the last may fit into a trailer."""

TRAILER_CAUSES, TRAILER_CAUSE = 3, 100
"""Errors behind the error that a trailer names, and characters of what each says."""

CAUSE_LIMIT = 1_048_576
"""Bytes of JSON that X-Ray takes as an error's cause; beyond, there is none."""


class FaultError(Exception):
    """A failure that Lambda has a type of its own for.

    Args:
        kind: "Runtime.HandlerNotFound", for instance.
        message: for the log and the caller, in the words of Lambda's own runtime.
        cure: what to do.
    """

    def __init__(self, kind: str, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        if cure:
            self.add_note(cure)


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
        self._notes = notes(error)
        # The cause of such a fault is the error itself: it has the stack trace.
        told = error.__cause__ or error if isinstance(error, FaultError) else error
        self.frames = _frames(told)
        self._stack = stack_of(told, self.frames)
        self._causes = causes(told)

    @property
    def header(self) -> str:
        """Return the type as a header's value: one line of ASCII, of bounded length."""
        return "".join(char if " " <= char <= "~" else "?" for char in self.kind[:KIND_LIMIT])

    def body(self) -> dict[str, Any]:
        """Return what the API takes, and what stands behind the error, if anything does."""
        body: dict[str, Any] = {
            "errorMessage": self.message,
            "errorType": self.kind,
            "requestId": self.request_id,
            "stackTrace": self._stack,
        }
        if self._notes:
            body["notes"] = self._notes
        if self._causes:
            body["causes"] = self._causes
        return body

    def json(self) -> bytes:
        """Return the body, as JSON."""
        return _json(self.body())

    def trailer(self) -> str:
        """Return the body as a trailer's value: one line, of bounded length. The frames nearest to the error stay."""
        from base64 import b64encode

        body = {**self.body(), "errorType": self.kind[:KIND_LIMIT]}
        body.pop("notes", None)
        behind = [
            f"{cause['errorType'][:KIND_LIMIT]}: {cause['errorMessage'][:TRAILER_CAUSE]}"
            for cause in body.pop("causes", ())
        ]
        if behind:
            body["causes"] = behind[:TRAILER_CAUSES]
        frames, message = body["stackTrace"][-TRAILER_FRAMES:], self.message
        while len(text := _json({**body, "errorMessage": message, "stackTrace": frames})) > TRAILER_LIMIT:
            if frames:
                frames = frames[1:]
            elif body.pop("causes", None) is None:
                message = message[: len(message) // 2]
        return b64encode(text).decode()

    def cause(self) -> str:
        """Return the cause as X-Ray takes it in a header; "" where it would be too long."""
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


def _frames(error: BaseException) -> traceback.StackSummary:
    frames = traceback.extract_tb(error.__traceback__)
    return traceback.StackSummary.from_list([frame for frame in frames if not frame.filename.startswith(OWN + os.sep)])
