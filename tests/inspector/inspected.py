"""An inspector in front of a gateway, and what asks both."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from bridge.gateway import Gateway
from bridge.gateway._inspector import HEADER, PATH, Inspector

BASE = "http://127.0.0.1:8000"
OWN = {HEADER: "1"}


class Asked:
    """A client of an app, and of its inspector."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def list(self) -> list[dict[str, Any]]:
        """The requests, newest first."""
        found: list[dict[str, Any]] = self.client.get(PATH + "requests").json()["requests"]
        return found

    def detail(self, number: int) -> Any:
        return self.client.get(f"{PATH}requests/{number}").json()

    def replay(self, number: int, **body: object) -> Any:
        """What has become of a request that was sent again, when it has ended."""
        answer = self.client.post(f"{PATH}requests/{number}/replay", json=body, headers=OWN)
        assert answer.status_code == 202, answer.text
        return self.ended(replayed=number)

    def ended(self, invocations: int = 0, **fields: object) -> Any:
        """The newest request with these fields, when it has ended, and has so many invocations at least."""
        for _ in range(3000):
            for each in self.list():
                if all(each[name] == value for name, value in fields.items()) and each["milliseconds"] is not None:
                    detail = self.detail(each["number"])
                    if len(detail["invocations"]) >= invocations:
                        return detail
            time.sleep(0.01)
        raise AssertionError(self.list())


@contextmanager
def inspecting(app: Any, target: str = "main:handler", stack: Any = None) -> Iterator[Asked]:
    """A client of an inspector in front of an app, which starts within the block."""
    inspector = Inspector(target, stack)
    inspector.start()
    try:
        with TestClient(inspector.before(app), BASE, client=("127.0.0.1", 50000)) as client:
            yield Asked(client)
    finally:
        inspector.stop()


def behind(handler: Any, **options: Any) -> Any:
    """An inspector in front of a gateway."""
    return inspecting(Gateway(handler, **options))
