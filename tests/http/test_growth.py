"""No input of n items costs more than about n: two sizes are compared, so that no machine changes the outcome.

Bytecode instructions are counted. They do not show the work inside one instruction (a join, a concatenation), of which
not every machine has a count: for that, CPU time is compared, with so much room that only growth like n squared fails.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.budget import instructions
from bridge import Bridge

from ..apps import Asgi, Reply, Wsgi
from ..samples import sample

SIZES = (2_000, 32_000)
"""The larger is 16 times as large: what is linear takes 16 times as long, what is quadratic 256 times."""
MOST = 64
COUNTED = (1_000, 4_000)
"""Sizes where instructions are counted, which is slow: both have more names than the tables of names keep."""
SPARE = 1.05
"""Of instructions, so many times what is in proportion."""


def seconds(work: Callable[[], object]) -> float:
    """The CPU time of a piece of work: the least of several, which is that without what disturbed the others."""
    least = float("inf")
    for _ in range(4):
        started = time.thread_time()
        work()
        least = min(least, time.thread_time() - started)
    return least


def event(**changes: Any) -> dict[str, Any]:
    return {**sample("http_api_post"), **changes}


def many_headers(count: int) -> dict[str, Any]:
    return event(headers={f"x-{number}": "1" for number in range(count)})


def many_lines(count: int) -> dict[str, Any]:
    found = sample("alb_multi")
    found["multiValueHeaders"] = {**found["multiValueHeaders"], "x-line": ["1"] * count, "X-Line": ["2"] * count}
    return found


def many_parameters(count: int) -> dict[str, Any]:
    found = sample("rest")
    found["multiValueQueryStringParameters"] = {f"p{number}": ["1", "2"] for number in range(count)}
    return found


REQUESTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "headers": many_headers,
    "lines of one header": many_lines,
    "parameters": many_parameters,
    "cookies": lambda count: event(cookies=["a=b"] * count),
    "a path of segments": lambda count: event(rawPath="/a%2Fb" * count),
    "a path that is guarded": lambda count: event(rawPath="/../a;b" * count),
    "a body": lambda count: event(body="é" * count, isBase64Encoded=False),
}


def of_request(kind: str, app: Any, size: int) -> Callable[[], object]:
    """The work of a request of a size."""
    bridge = Bridge(app(), lifespan="off", events_path="/events")
    made = REQUESTS[kind](size)
    return lambda: bridge(made, None)


def of_response(name: str, app: Any, size: int) -> Callable[[], object]:
    """The work of a response with so many lines of a header."""
    bridge = Bridge(app(Reply(headers=[(name, b"1")] * size)), lifespan="off")
    made = event()
    return lambda: bridge(made, None)


def is_linear(work: Callable[[int], Callable[[], object]], sizes: tuple[int, int] = SIZES) -> None:
    """Check that work grows as its size does, in instructions and, roughly, in time."""
    few, many = COUNTED
    for size in COUNTED:
        work(size)()  # tables that are filled once
    empty, small, large = (instructions(work(size)) for size in (0, few, many))
    assert large - empty < (small - empty + 100) * (many / few) * SPARE
    small_time, large_time = (seconds(work(size)) for size in sizes)
    assert large_time < small_time * MOST


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("app", [Asgi, Wsgi])
def test_a_request_costs_what_it_is_large(kind: str, app: Any) -> None:
    is_linear(lambda size: of_request(kind, app, size))


@pytest.mark.parametrize("name", ["x-line", "set-cookie"])
@pytest.mark.parametrize("app", [Asgi, Wsgi])
def test_a_response_costs_what_it_is_large(name: str, app: Any) -> None:
    is_linear(lambda size: of_response(name, app, size))


def pairs(size: int) -> object:
    return [other for one in range(size) for other in range(one % 10 * size // 1000)]


def repeated_joins(size: int) -> object:
    lines = [""]
    for _ in range(size):
        lines.append("")
        ", ".join(lines)
    return lines


@pytest.mark.parametrize("squared", [pairs, repeated_joins])
def test_what_is_not_linear_is_seen(squared: Callable[[int], object]) -> None:
    with pytest.raises(AssertionError):
        is_linear(lambda size: lambda: squared(size), (500, 8_000))
