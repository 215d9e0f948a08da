"""Interleaved rounds: every contender once a round, so that all of them see the same good and bad moments.

pyperf is not used. It gives each benchmark processes of its own and runs one benchmark after the other, which answers
"how fast is this on a quiet machine". Here the question is "how many times as fast as that", on a machine that others
use too: what disturbs a round disturbs all who run in it, so the ratio within a round holds when the times do not.

The order is drawn anew for each round, and a turn begins with a few calls that are not timed: else one contender would
always find the processor's caches as the same other one has left them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import signal
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from unittest.mock import patch

from .contender import BRIDGE, Contender

Figure = dict[str, Any]
"""min and median (seconds per call), ratio (to Bridge, median of the rounds' own), ratio_quartiles, rounds, calls."""

BATCH = 50
"""Events parsed at once. More would leave the caches before their turn, which in Lambda they do not."""

WARM_UP = 2
"""Calls before the timed ones of a turn."""

LEAST = 4
"""Calls that a turn has at least."""


@dataclass(frozen=True)
class Effort:
    """How much is run.

    Attributes:
        rounds: how many rounds.
        seconds: what one contender's turn in a round is to take, timed.
        calls: the most calls in one turn.
        launches: how many times each process is started for the cold start.
    """

    rounds: int
    seconds: float
    calls: int
    launches: int


FULL = Effort(rounds=41, seconds=0.002, calls=400, launches=15)
QUICK = Effort(rounds=7, seconds=0.0015, calls=200, launches=3)
TINY = Effort(rounds=1, seconds=0.0, calls=2, launches=1)


def check(contender: Contender, payload: bytes, answer: Any) -> Any:
    """Let a contender answer once. What it sent, or an error that says why it takes no part."""
    with _time_limit(10):
        status, body, cookies = contender.read(contender.call(*contender.prepare(payload)))
    if status != 200:
        raise ValueError(f"answers {status}: {body[:80]!r}")
    if body != answer and (isinstance(answer, bytes) or json.loads(body) != answer):
        raise ValueError(f"answers with another body: {body[:80]!r}")
    return cookies


def said(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "_X_AMZN_TRACE_ID": "Root=1-69b52a5d-4d2f0c1b5a6e7f8091a2b3c4;Parent=53995c3f42cd8ad8;Sampled=0",
}
"""Of the environment of a function, what an adapter may look at."""


@contextmanager
def in_lambda() -> Iterator[None]:
    """Have this process look like a function's. Bridge does more there: it puts the trace header right."""
    with patch.dict(os.environ, LAMBDA):
        yield


@contextmanager
def thread_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give the thread a current event loop, which Mangum and asgi-aws ask for."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def race(
    contenders: Sequence[Contender], payload: bytes, effort: Effort, loop: asyncio.AbstractEventLoop
) -> dict[str, Figure]:
    """Time contenders that have passed `check`."""
    gc.unfreeze()
    calls = {contender.name: _calls(contender, payload, effort, loop) for contender in contenders}
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    draw = random.Random(0)
    for _ in range(effort.rounds):
        for contender in draw.sample(contenders, len(contenders)):
            asyncio.set_event_loop(loop)  # asgi-aws leaves one of its own behind
            times[contender.name].append(_turn(contender, payload, calls[contender.name]))
    return {name: figure(times[name], times.get(BRIDGE), calls[name]) for name in times}


def figure(times: Sequence[float], reference: Sequence[float] | None, calls: int) -> Figure:
    """The figures of one contender from its rounds, and Bridge's of the same rounds."""
    found: Figure = {
        "min": _rounded(min(times)),
        "median": _rounded(statistics.median(times)),
        "rounds": len(times),
        "calls": calls,
    }
    if reference:
        ratios = [own / other for own, other in zip(times, reference, strict=True)]
        low, middle, high = statistics.quantiles(ratios, method="inclusive") if len(ratios) > 1 else ratios * 3
        found["ratio"] = _rounded(middle)
        found["ratio_quartiles"] = [_rounded(low), _rounded(high)]
    return found


def _calls(contender: Contender, payload: bytes, effort: Effort, loop: asyncio.AbstractEventLoop) -> int:
    asyncio.set_event_loop(loop)
    seconds = _turn(contender, payload, min(LEAST, effort.calls))
    return min(effort.calls, max(LEAST, round(effort.seconds / seconds)))


def _turn(contender: Contender, payload: bytes, calls: int) -> float:
    """Seconds per call. The garbage collector stays on, but sees only what the calls themselves leave behind."""
    call = contender.call
    for _ in range(WARM_UP):
        call(*contender.prepare(payload))
    total = 0.0
    for start in range(0, calls, BATCH):
        arguments = [contender.prepare(payload) for _ in range(min(BATCH, calls - start))]
        gc.collect()
        gc.freeze()
        begin = perf_counter()
        for argument in arguments:
            call(*argument)
        total += perf_counter() - begin
    return total / calls


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Some adapters wait for ever for an app that does not do what they expect."""

    def expire(*_: object) -> None:
        raise TimeoutError(f"no answer in {seconds} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
