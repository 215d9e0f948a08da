"""What every test may use."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from bridge import headers

settings.register_profile("bridge", deadline=None, max_examples=200)
settings.load_profile("bridge")


@pytest.fixture(autouse=True)
def fresh_tables() -> Iterator[None]:
    """The tables of names, as in a new process: what one test teaches them is nothing to the next."""
    tables: list[dict[str, bytes] | dict[str, str]] = [headers.ASGI_NAMES, headers._environ_keys]
    for table in tables:
        table.clear()
    yield
    for table in tables:
        table.clear()
