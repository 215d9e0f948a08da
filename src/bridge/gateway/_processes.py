"""Processes that run a handler, each with a memory of its own, as Lambda's execution environments have."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, get_args
from zlib import crc32

from ..errors import BridgeError, ConfigurationError
from ._process import Process

if TYPE_CHECKING:
    from typing import Any

    from ..types import Event

Routing = Literal["turn", "random", "sticky"]
ROUTINGS: tuple[Routing, ...] = get_args(Routing)


class Processes:
    """A handler that runs in several processes: `handler(event, context)`, one event at a time in each.

    What one process keeps in memory is not there for the others. A process that ends, or is ended because its event
    has taken longer than the function's timeout, is replaced. They start with the first event, or with `start`. What
    the handler prints appears on standard error.

    Args:
        target: "MODULE:HANDLER"; an app there is wrapped in a `Bridge`.
        count: of processes.
        routing: which of the idle processes gets an event. "turn": the one that has been idle for the longest time.
            "random": any. "sticky": the same one for every event of a WebSocket connection; other events go in turn.

    Raises:
        ConfigurationError: an argument cannot work.
    """

    def __init__(self, target: str, count: int = 2, routing: Routing = "turn") -> None:
        if count < 1:
            raise ConfigurationError(f"Processes(count=...) takes 1 or more, not {count!r}.")
        if routing not in ROUTINGS:
            raise ConfigurationError(
                f"Processes(routing=...) takes {' or '.join(map(repr, ROUTINGS))}, not {routing!r}."
            )
        self._target = target
        self._count = count
        self._routing = routing
        self._processes: list[Process] = []
        self._idle = list(range(count))
        self._changed = threading.Condition()

    def __call__(self, event: Event, context: Any) -> object:
        """Return the result of an event. It waits until a process is idle that may have it.

        Args:
            event: JSON.
            context: with `aws_request_id` and `get_remaining_time_in_millis`, as the gateways give it.

        Raises:
            ProcessError: the handler raised, or its process ended.
            ConfigurationError: there is no such handler.
        """
        with self._changed:
            while (number := self._next(event)) is None:
                self._changed.wait()
            self.start()
            self._idle.remove(number)
            if self._processes[number].has_ended():
                self._processes[number].end()
                self._processes[number] = Process(self._target)
            process = self._processes[number]
        try:
            return process.result(event, context)
        finally:
            if process.has_ended():
                threading.Thread(target=self._replace, args=(number, process), daemon=True).start()
            else:
                self._give_back(number)

    def start(self) -> None:
        """Start the processes and wait until they have loaded the handler, if that has not been done.

        Raises:
            ConfigurationError: there is no such handler.
            ProcessError: a process ended while it loaded the handler.
        """
        with self._changed:
            if not self._processes:
                self._processes = [Process(self._target) for _ in range(self._count)]
                try:
                    for process in self._processes:
                        process.wait_until_ready()
                except BridgeError:
                    self.close()
                    raise

    def close(self) -> None:
        """End the processes, once they have handled their events. The apps in them are shut down, if they hurry."""
        with self._changed:
            processes, self._processes = self._processes, []
        for process in processes:
            process.tell_to_end()
        for process in processes:
            process.end()

    def _next(self, event: Event) -> int | None:
        """Return the process that is to handle an event, if it is idle."""
        key = _connection_id(event) if self._routing == "sticky" else None
        if key is not None:
            number = crc32(key.encode()) % self._count
            return number if number in self._idle else None
        if not self._idle:
            return None
        return random.choice(self._idle) if self._routing == "random" else self._idle[0]  # noqa: S311

    def _replace(self, number: int, ended: Process) -> None:
        ended.end()
        with self._changed:
            needed = self._processes[number : number + 1] == [ended]  # not after `close`
            if needed:
                self._processes[number] = process = Process(self._target)
        if needed:
            with suppress(BridgeError):  # the next event has the same trouble, and tells its caller
                process.wait_until_ready()
        self._give_back(number)

    def _give_back(self, number: int) -> None:
        with self._changed:
            self._idle.append(number)
            self._changed.notify_all()


def _connection_id(event: Event) -> str | None:
    context = event.get("requestContext") if isinstance(event, dict) else None
    found = context.get("connectionId") if isinstance(context, dict) else None
    return found if isinstance(found, str) else None
