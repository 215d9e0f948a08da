"""A WebSocket API that many tests share: a server takes 0.2 s to start and end."""

from collections.abc import Iterator

import pytest

from .behind import Api, Switchboard, behind


@pytest.fixture(scope="module")
def shared() -> Iterator[Api]:
    """An API with a switchboard behind it: clients reach a `Recorder` by its query."""
    with behind(Switchboard(), concurrency=4, routes=["join", "leave"]) as api:
        yield api
