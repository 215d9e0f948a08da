"""Where answers go in tests: responders that note what they get, and what a client makes of it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from bridge._app import prelude
from bridge.sources import _v1 as v1, _v2 as v2
from bridge.types import Event, Wire

Step: TypeAlias = tuple[Any, ...]
Hook: TypeAlias = Callable[[Step], Awaitable[None]]


class Steps(list[Step]):
    """The steps of one answer, with what they say."""

    @property
    def names(self) -> list[str]:
        return [step[0] for step in self]

    @property
    def head(self) -> dict[str, Any]:
        """The prelude of a stream."""
        name, content_type, data = self[0]
        assert name == "start"
        assert content_type == "application/vnd.awslambda.http-integration-response"
        assert data[-8:] == bytes(8)
        assert data.count(b"\0") == 8
        head: dict[str, Any] = json.loads(data[:-8])
        return head

    @property
    def body(self) -> bytes:
        """The body of a stream."""
        return b"".join(step[1] for step in self if step[0] in ("write", "end"))

    @property
    def result(self) -> Any:
        ((name, result),) = self
        assert name == "result"
        return result

    def wire(self, event: Event) -> Wire:
        """The response that a client gets of a stream that is complete."""
        assert self.names[-1] == "end"
        assert self.names[1:-1] == ["write"] * (len(self) - 2)
        stream = b"".join(step[-1] for step in self)
        found = prelude.split(stream)
        assert found is not None
        source = v2 if "http" in event["requestContext"] else v1
        status, lines, _ = source.opening(json.loads(found[0]))
        return status, lines, found[1]


class Responder:
    """Notes each step. `hook` is awaited with it first, so that it may wait, or raise."""

    def __init__(self, hook: Hook | None = None) -> None:
        self.steps = Steps()
        self._hook = hook

    async def _note(self, *step: Any) -> None:
        if self._hook is not None:
            await self._hook(step)
        self.steps.append(step)

    async def result(self, result: Any) -> None:
        await self._note("result", result)

    async def start(self, content_type: str, prelude: bytes) -> None:
        await self._note("start", content_type, prelude)

    async def write(self, data: bytes) -> None:
        await self._note("write", data)

    async def end(self, data: bytes) -> None:
        await self._note("end", data)

    async def fail(self, error: BaseException) -> None:
        await self._note("fail", error)


class SyncResponder:
    """The same for WSGI apps: its hook is a plain function."""

    def __init__(self, hook: Callable[[Step], None] | None = None) -> None:
        self.steps = Steps()
        self._hook = hook

    def _note(self, *step: Any) -> None:
        if self._hook is not None:
            self._hook(step)
        self.steps.append(step)

    def result(self, result: Any) -> None:
        self._note("result", result)

    def start(self, content_type: str, prelude: bytes) -> None:
        self._note("start", content_type, prelude)

    def write(self, data: bytes) -> None:
        self._note("write", data)

    def end(self, data: bytes) -> None:
        self._note("end", data)

    def fail(self, error: BaseException) -> None:
        self._note("fail", error)
