"""What runs in each of the gateway's `Processes`: a handler, fed with lines of JSON.

The first line out says whether the handler is there. Then each event in has its result out. The process ends with its
input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from .. import current
from ..errors import BridgeError
from ..runtime._import_string import UsageError, find, load
from . import _local_log
from ._context import LambdaContext, describe
from ._import_failure import told
from ._piped import Streamed
from ._watch import teed

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from ..runtime._import_string import Handler


def main(target: str, *, exact: bool = False, watched: bool = False) -> int:
    """Run the handler in this process; return the exit code.

    Args:
        target: "MODULE:HANDLER".
        exact: whether what is there is a Lambda handler as it is.
        watched: whether the gateway wants to know what the handler prints and logs.

    Standard input and output are taken away from the handler: what it prints goes to standard error.
    """
    # Ctrl+C reaches every process of a terminal. This one is told to end by the gateway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(0), "rb") as jobs, os.fdopen(os.dup(1), "wb") as pipe:
        answers = Answers(pipe)
        error = teed(sys.stderr, answers.said) if watched else sys.stderr
        _local_log.set_up(error)
        if watched:
            sys.stdout, sys.stderr = teed(sys.stdout, answers.said), error
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return work(target, jobs, answers, exact=exact)


class Answers:
    """What goes to the gateway, a line of JSON at a time, whichever thread it comes from.

    Args:
        pipe: to the gateway.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.RLock()
        self.heard = False
        """Whether an event is being handled, so that the gateway reads. Nobody empties the pipe at other times."""

    def give(self, value: object, *, last: bool = False) -> None:
        """Write a value; after the last one of an event, nothing is heard."""
        line = _line(value)
        with self._lock:
            self.heard = self.heard and not last
            self._pipe.write(line)
            self._pipe.flush()

    def said(self, text: str) -> None:
        """Write what the handler has printed or logged, if it is heard."""
        with self._lock:
            if self.heard:
                self.give({"said": text.encode("utf-8", "replace").decode()})


def work(target: str, jobs: BinaryIO, answers: Answers, *, exact: bool = False) -> int:
    """Load the handler and handle events until there are no more. Return the exit code."""
    try:
        handler = find(target) if exact else load(target, as_lambda=True)
        describe(os.environ)
    except (BridgeError, UsageError) as error:
        answers.give({"refused": str(error)})
        return 2
    except Exception as error:
        sys.stderr.write("\n".join(told(target, error)) + "\n")
        return 1
    answers.give({"ready": True})
    streams = Streamed(handler, answers.give)
    for job in jobs:
        asked = json.loads(job)
        answers.heard = True
        try:
            if asked.pop("streaming", False) and streams.can:
                streams.respond(asked["event"], LambdaContext(asked["request_id"], asked["seconds"]))
                answers.give({"over": True}, last=True)
            else:
                answers.give({"result": _result(handler, **asked)}, last=True)
        except Exception as error:
            failure = {"failed": _traceback(error), "message": str(error), "kind": type(error).__name__}
            encodable = {name: text.encode("utf-8", "replace").decode() for name, text in failure.items()}
            answers.give(encodable, last=True)
    return 0


def _traceback(error: Exception) -> str:
    """Return an exception's traceback from the handler on, as Lambda has it: without what has called that."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _result(handler: Handler, *, event: Any, request_id: str, seconds: float) -> object:
    context = LambdaContext(request_id, seconds)
    current.context.set(context)
    return handler(event, context)


def _line(value: object) -> bytes:
    # Without escapes, so that what is no JSON in Lambda's runtime, such as half a surrogate pair, is none here.
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
