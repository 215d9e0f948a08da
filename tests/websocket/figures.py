"""Makes the table of patterns in docs/websockets.md: python -m tests.websocket.figures.

For each pattern of waiting: when a client has its reply, over real sockets and from one of three processes; what Lambda
bills for an event, with a Management API that takes no time; and whether all of 1,000 messages, sent at once, are
answered by the three processes. `tests.compat.websocket_figures` makes the same for the apps of frameworks.
"""

import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from bridge.gateway import Processes, Server, WebSocketGateway

from .api import Api, api_of
from .patterns import PATTERNS, app_of

PAGE = Path(__file__).parents[2] / "docs" / "websockets.md"
BEGIN, END = "<!-- patterns -->\n", "<!-- end of patterns -->\n"
HEADING = "| reply | CONNECT | MESSAGE | DISCONNECT | lost of 1,000 |\n|---|---|---|---|---|---|\n"
EVENTS = 100
MESSAGES = 1000
SECONDS = 60


class Dialogue(NamedTuple):
    """What a client says to an app, and what it hears.

    Attributes:
        message: the text of a number.
        answer: what comes back for it.
        read: makes of an answer what can be compared.
        subprotocols: what the client offers.
    """

    message: Callable[[int], str] = str
    answer: Callable[[int], str] = str
    read: Callable[[str], str] = str
    subprotocols: tuple[str, ...] = ()


def billed(api: Api, dialogue: Dialogue) -> tuple[float, float, float]:
    """Milliseconds of CONNECT, MESSAGE and DISCONNECT: medians."""
    times: tuple[list[float], ...] = ([], [], [])
    for number in range(EVENTS):
        marks = [time.perf_counter()]
        client = api.connect(headers=[("Sec-WebSocket-Protocol", name) for name in dialogue.subprotocols])
        marks.append(time.perf_counter())
        (answer,) = client.say(dialogue.message(number))
        marks.append(time.perf_counter())
        assert dialogue.read(answer) == dialogue.answer(number)
        assert client.leave() == 200
        marks.append(time.perf_counter())
        for kind, before, after in zip(times, marks, marks[1:], strict=False):
            kind.append((after - before) * 1000)
    connect_, message, disconnect = (statistics.median(kind) for kind in times)
    return connect_, message, disconnect


def served(target: str, dialogue: Dialogue) -> tuple[float, int]:
    """How many milliseconds a client waits for its reply (median), and how many of 1,000 messages have none."""
    processes = Processes(target, 3)
    with Server().serving(WebSocketGateway(processes, concurrency=3)) as url:
        processes.start()
        address = url.replace("http", "ws", 1) + "/dev"
        offered = [Subprotocol(name) for name in dialogue.subprotocols] or None
        with connect(address, open_timeout=SECONDS, subprotocols=offered) as client:
            times = []
            for number in range(EVENTS):
                before = time.perf_counter()
                client.send(dialogue.message(number))
                assert dialogue.read(str(client.recv(timeout=SECONDS))) == dialogue.answer(number)
                times.append((time.perf_counter() - before) * 1000)
            for number in range(MESSAGES):
                client.send(dialogue.message(number))
            answers = Counter(dialogue.read(str(client.recv(timeout=SECONDS))) for _ in range(MESSAGES))
    return statistics.median(times), MESSAGES - (answers & Counter(map(dialogue.answer, range(MESSAGES)))).total()


def row(name: str, api: Api, target: str, dialogue: Dialogue) -> str:
    """A row of a table, in Markdown."""
    times = billed(api, dialogue)
    reply, lost = served(target, dialogue)
    return f"| {name} | {' | '.join(f'{each:.1f}' for each in (reply, *times))} | {lost} |\n"


def renew(begin: str, end: str, heading: str, rows: Iterable[str]) -> None:
    """Put a table in its place on the page."""
    table = heading + "".join(rows)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(begin)
    PAGE.write_text(before + begin + table + end + rest.partition(end)[2], "utf-8")


def _rows() -> Iterable[str]:
    for talk in PATTERNS:
        os.environ["PATTERN"] = talk.__name__
        made = row(f"`{talk.__name__}`", api_of(app_of(talk)), "tests.websocket.served_pattern:handler", Dialogue())
        sys.stderr.write(made)
        yield made


if __name__ == "__main__":
    renew(BEGIN, END, "| the app waits by " + HEADING, _rows())
