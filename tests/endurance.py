"""A million events in one life: `python -m tests.endurance --events 1000000`.

Six tenths of them go through a handler of each API, in this process; four tenths through `python -m bridge.runtime`,
a process of its own, which asks a Runtime API on loopback. Errors, timeouts, cancellations, work in the background,
streams and events that are none of Bridge's are among them; each has a header name that was never seen before. Then
come clients that read slowly or vanish: `endurance_clients`. Memory, file descriptors, threads and tasks are counted
after the first tenth and at the end. The median event of either tenth is timed, in CPU time. What has grown, or become
slow, ends the run with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import gc
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from . import endurance_function as function
from .samples import sample

ROOT = Path(__file__).parents[1]
PATHS = ["error", "background", "stream", "cancel", "thread", "late"]
APIS: dict[str, str] = {
    "http": "http_api",
    "rest": "rest",
    "url": "function_url",
    "alb": "alb",
    "lattice": "lattice_2",
    "edge": "edge_origin",
}
MEGABYTES = 8.0
"""Of memory that a life may take on after its first tenth: allocators round, and a table of names fills."""
SLOWER = 1.5
"""How many times as long as in the first tenth the median event may take in the last."""


class Context:
    """A Lambda context with so many milliseconds left."""

    aws_request_id = "endurance"

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return self._milliseconds


@dataclass(frozen=True)
class State:
    """What a process has: memory in MB, and counts."""

    memory: float
    descriptors: int
    threads: int
    tasks: int

    def grown(self, before: State, *, memory: float = MEGABYTES) -> list[str]:
        """Return what is more than it was, and should not be."""
        allowed = {"memory": memory, "descriptors": 0, "threads": 1, "tasks": 8}
        return [
            f"{name}: {getattr(before, name):.1f} -> {getattr(self, name):.1f}"
            for name, more in allowed.items()
            if getattr(self, name) > getattr(before, name) + more
        ]


def state(pid: int | None = None) -> State:
    """Return the state of a process, by /proc; of this one, if none is named, with its tasks."""
    folder = Path(f"/proc/{pid or 'self'}")
    if pid is None:
        gc.collect()
    tasks = 0 if pid else sum(issubclass(type(found), asyncio.Task) for found in gc.get_objects())
    return State(
        memory=int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6,
        descriptors=len([*(folder / "fd").iterdir()]),
        threads=len([*(folder / "task").iterdir()]),
        tasks=tasks,
    )


class Events:
    """Events of an API, one after the other: most of them plain.

    Args:
        api: a name out of `APIS`, or "websocket".
    """

    def __init__(self, api: str) -> None:
        self._api = api
        self._random = Random(api)
        self._sample = sample(APIS.get(api, "http_api"))
        self._number = 2  # connections begin with CONNECT

    def next(self, hang: bool = False) -> tuple[Any, str]:
        """Return an event and the way that it takes: "plain", or what happens."""
        self._number += 1
        if self._api == "websocket":
            return self._websocket()
        way = "plain" if self._random.random() < 0.88 else self._random.choice(PATHS)
        if self._api in ("http", "rest", "url") and self._number % 977 == 0:
            return {"source": "aws.events", "detail": {"number": self._number}}, "other"
        if hang and self._number % 5003 == 0:
            way = "hang"
        event = copy.copy(self._sample)
        name = f"x-made-up-{self._number}"
        if self._api == "edge":
            asked = copy.deepcopy(event["Records"][0]["cf"]["request"])
            asked["uri"] = f"/{way}"
            asked["headers"][name] = [{"key": name, "value": "1"}]
            return {"Records": [{"cf": {**event["Records"][0]["cf"], "request": asked}}]}, way
        many = self._api == "lattice"
        event["headers"] = {**event["headers"], name: ["1"] if many else "1"}
        if event.get("multiValueHeaders"):
            event["multiValueHeaders"] = {**event["multiValueHeaders"], name: ["1"]}
        for key in ("path", "rawPath"):
            if key in event:
                event[key] = f"/{way}"
        if self._api in ("http", "url"):
            context = event["requestContext"]
            event["requestContext"] = {**context, "http": {**context["http"], "path": f"/{way}"}}
        return event, way

    def _websocket(self) -> tuple[Any, str]:
        kinds = ("CONNECT", "MESSAGE", "DISCONNECT")
        kind = kinds[self._number % 3]
        event = sample("other_websocket_connect" if kind == "CONNECT" else "other_websocket_message")
        number = (self._number - self._number % 3) // 3
        event["requestContext"].update(eventType=kind, connectionId=f"{number:015d}=", routeKey=f"${kind.lower()}")
        event["body"] = "hello"
        return event, kind.lower()


class Life:
    """What has become of a kind of event.

    Attributes:
        count: events so far.
        first, last: CPU nanoseconds of plain events, of the first and the last tenth.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.first: list[int] = []
        self.last: list[int] = []

    def slower(self) -> list[str]:
        """Return a complaint, if the last tenth was slower than the first."""
        before, after = median(self.first), median(self.last)
        return [f"{self.name}: {before / 1000:.0f} -> {after / 1000:.0f} us"] if after > before * SLOWER else []

    def __str__(self) -> str:
        return f"{self.name} {self.count:,} ({median(self.first) / 1000:.0f}, {median(self.last) / 1000:.0f} us)"


HANDLERS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(APIS, function.handler),
    "alb": function.wsgi_handler,
    "websocket": function.websocket_handler,
}
"""The handler of each API."""


def in_process(count: int) -> tuple[list[Life], State, State]:
    """Run events through a handler of each API, in turns; states after the first tenth and at the end."""
    lives = {name: Life(name) for name in HANDLERS}
    events = {name: Events(name) for name in lives}
    turns = count // len(lives)
    before = state()
    for turn in range(turns):
        for name, handler in HANDLERS.items():
            life = lives[name]
            event, way = events[name].next(hang=name != "alb")
            context = Context(210) if way == "hang" else Context(30_000)
            started = time.thread_time_ns()
            result = handler(event, context)
            taken = time.thread_time_ns() - started
            life.count += 1
            _check(result, way)
            if way in ("plain", "message") and turn * 10 < turns:
                life.first.append(taken)
            elif way in ("plain", "message") and turn * 10 >= turns * 9:
                life.last.append(taken)
        if turn == turns // 10:
            before = state()
    return [*lives.values()], before, state()


def _check(result: Any, way: str) -> None:
    status = int(result.get("statusCode") or result.get("status") or 0)
    wanted = {"error": 500, "cancel": 500, "hang": 504, "other": 0}.get(way, 200)
    # A WSGI app has neither a loop to cancel nor a way to fail late.
    assert status == wanted or (way == "cancel" and status == 200), (way, result)


class RuntimeApi:
    """A Runtime API that has one event after the other, and counts what is posted.

    Args:
        count: of events.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.posted = 0
        self.reached: dict[int, threading.Event] = {}
        threading.Thread(target=self._serve, daemon=True).start()

    def at(self, number: int) -> threading.Event:
        """Return what is set when so many results have been posted."""
        return self.reached.setdefault(number, threading.Event())

    def _serve(self) -> None:
        names = [name for name in APIS if name != "alb"]
        events = [Events(name) for name in names]
        with self._listener:
            connection, _ = self._listener.accept()
        # The runtime is killed, maybe within a request, once enough has been posted. If it ends before, that is seen.
        with suppress(ConnectionError), connection, connection.makefile("rb") as reader:
            number = 0
            while line := reader.readline():
                headers = {}
                while field := reader.readline().strip():
                    name, _, value = field.decode().partition(":")
                    headers[name.lower()] = value.strip()
                if line.startswith(b"POST"):
                    self._read_body(reader, headers)
                    self.posted += 1
                    if self.posted in self.reached:
                        self.reached[self.posted].set()
                    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                    continue
                if number == self._count:
                    return
                event, _ = events[number % len(events)].next()
                number += 1
                body = json.dumps(event).encode()
                deadline = int(time.time() * 1000) + 30_000
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: %d\r\nLambda-Runtime-Deadline-Ms: %d\r\n"
                    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (number, deadline, len(body), body)
                )

    def _read_body(self, reader: Any, headers: dict[str, str]) -> None:
        if "content-length" in headers:
            reader.read(int(headers["content-length"]))
            return
        while size := int(reader.readline(), 16):
            reader.read(size + 2)
        while reader.readline().strip():
            pass


def through_the_runtime(count: int) -> tuple[float, float, State, State]:
    """Run events through `python -m bridge.runtime`: CPU us per event, first and last tenth, and states."""
    api = RuntimeApi(count)
    marks = [api.at(number) for number in (count // 100 or 1, count // 10, count * 9 // 10, count)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_", "COV"))}
    environ |= {"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_LOG_LEVEL": "FATAL"}
    command = [sys.executable, "-m", "bridge.runtime", "tests.endurance_function.handler"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cpu: list[float] = []
    states: list[State] = []
    try:
        for mark in marks:
            while not mark.wait(5):
                assert process.poll() is None, f"the runtime ended with {process.returncode}"
            states.append(state(process.pid))
            cpu.append(_cpu_seconds(process.pid))
    finally:
        process.kill()
        process.wait()
    first, last = count // 10 - (count // 100 or 1), count - count * 9 // 10
    return (cpu[1] - cpu[0]) / first * 1e6, (cpu[3] - cpu[2]) / last * 1e6, states[1], states[3]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def clients(count: int) -> list[str]:
    """Serve so many clients that read slowly or vanish, of streams and of WebSockets; return what has grown."""
    from .endurance_clients import sockets, streams

    grown = []
    for life in (streams, sockets):
        before, after = life(count)
        print(f"clients of {life.__name__}: {count:,}")
        print(f"  after the first tenth: {before}\n  at the end:            {after}")
        grown += after.grown(before)
    return grown


def main() -> None:
    """Read the command line, live, and say what has grown."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many: 1,000,000")
    parser.add_argument("--clients", type=int, default=2_000, help="of streams, and of WebSockets: 2,000 each")
    options = parser.parse_args()
    logging.disable()
    lives, before, after = in_process(options.events * 6 // 10)
    print("in one process: " + ", ".join(map(str, lives)))
    print(f"  after the first tenth: {before}\n  at the end:            {after}")
    complaints = after.grown(before) + [line for life in lives for line in life.slower()]
    first, last, before, after = through_the_runtime(options.events * 4 // 10)
    print(f"through the runtime: {options.events * 4 // 10:,} ({first:.0f}, {last:.0f} us of CPU)")
    print(f"  after the first tenth: {before}\n  at the end:            {after}")
    complaints += after.grown(before)
    complaints += [f"the runtime: {first:.0f} -> {last:.0f} us"] if last > first * SLOWER else []
    complaints += clients(options.clients)
    print(f"{options.events:,} events; " + ("; ".join(complaints) or "nothing has grown, nothing has become slow"))
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
