"""What runs in each of the gateway's `Processes`: a handler, fed with lines of JSON.

The first line out says whether the handler is there. Then each event in has its result out. The process ends with its
input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from .. import current
from ..errors import BridgeError
from ..runtime._import_string import UsageError, find, load
from . import _local_log
from ._context import LambdaContext, describe
from ._piped import Streamed

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from ..runtime._import_string import Handler


def main(target: str, *, exact: bool = False) -> int:
    """Run the handler in this process; return the exit code.

    Args:
        target: "MODULE:HANDLER".
        exact: whether what is there is a Lambda handler as it is.

    Standard input and output are taken away from the handler: what it prints goes to standard error.
    """
    # Ctrl+C reaches every process of a terminal. This one is told to end by the gateway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _local_log.set_up(sys.stderr)
    with os.fdopen(os.dup(0), "rb") as jobs, os.fdopen(os.dup(1), "wb") as answers:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return work(target, jobs, answers, exact=exact)


def work(target: str, jobs: BinaryIO, answers: BinaryIO, *, exact: bool = False) -> int:
    """Load the handler and handle events until there are no more. Return the exit code."""

    def answer(line: bytes) -> None:
        answers.write(line)
        answers.flush()

    try:
        handler = find(target) if exact else load(target, as_lambda=True)
        describe(os.environ)
    except (BridgeError, UsageError) as error:
        answer(_line({"refused": str(error)}))
        return 2
    answer(_line({"ready": True}))
    streams = Streamed(handler, lambda value: answer(_line(value)))
    for job in jobs:
        asked = json.loads(job)
        try:
            if asked.pop("streaming", False) and streams.can:
                streams.respond(asked["event"], LambdaContext(asked["request_id"], asked["seconds"]))
                answer(_line({"over": True}))
            else:
                answer(_line({"result": _result(handler, **asked)}))
        except Exception as error:
            failure = {"failed": traceback.format_exc(), "message": str(error), "kind": type(error).__name__}
            answer(_line({name: text.encode("utf-8", "replace").decode() for name, text in failure.items()}))
    return 0


def _result(handler: Handler, *, event: Any, request_id: str, seconds: float) -> object:
    context = LambdaContext(request_id, seconds)
    current.context.set(context)
    return handler(event, context)


def _line(value: object) -> bytes:
    # Without escapes, so that what is no JSON in Lambda's runtime, such as half a surrogate pair, is none here.
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
