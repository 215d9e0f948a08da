"""No input of n items costs more than about n: two sizes are compared, so that no machine changes the outcome."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from bridge import Bridge

from ..apps import Asgi, Reply, Wsgi
from ..samples import sample

SIZES = (2_000, 32_000)
"""The larger is 16 times as large: what is linear takes 16 times as long, what is quadratic 256 times."""
MOST = 64


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


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("app", [Asgi, Wsgi])
def test_a_request_costs_what_it_is_large(kind: str, app: Any) -> None:
    bridge = Bridge(app(), lifespan="off", events_path="/events")
    events = [REQUESTS[kind](size) for size in SIZES]
    small, large = [seconds(lambda event=event: bridge(event, None)) for event in events]  # type: ignore[misc]
    assert large < small * MOST


@pytest.mark.parametrize("name", ["x-line", "set-cookie"])
@pytest.mark.parametrize("app", [Asgi, Wsgi])
def test_a_response_costs_what_it_is_large(name: str, app: Any) -> None:
    apps = [Bridge(app(Reply(headers=[(name, b"1")] * size)), lifespan="off") for size in SIZES]
    small, large = [seconds(lambda bridge=bridge: bridge(event(), None)) for bridge in apps]  # type: ignore[misc]
    assert large < small * MOST
