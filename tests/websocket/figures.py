"""Makes the table in docs/websockets.md: python -m tests.websocket.figures.

For each pattern of waiting: what an event takes, with a Management API that takes no time; and whether all of 1,000
messages, sent at once, are answered, over real sockets and in three processes.
"""

import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from websockets.sync.client import connect

from bridge.gateway import Processes, Server, WebSocketGateway

from .api import api_of
from .patterns import PATTERNS, Talk, app_of

PAGE = Path(__file__).parents[2] / "docs" / "websockets.md"
BEGIN, END = "<!-- patterns -->\n", "<!-- end of patterns -->\n"
EVENTS = 100
MESSAGES = 1000
SECONDS = 60


def milliseconds(talk: Talk) -> tuple[float, float, float]:
    """Medians of CONNECT, MESSAGE and DISCONNECT."""
    api = api_of(app_of(talk))
    times: tuple[list[float], ...] = ([], [], [])
    for _ in range(EVENTS):
        marks = [time.perf_counter()]
        client = api.connect()
        marks.append(time.perf_counter())
        assert client.say("x") == ["x"]
        marks.append(time.perf_counter())
        assert client.leave() == 200
        marks.append(time.perf_counter())
        for kind, before, after in zip(times, marks, marks[1:], strict=False):
            kind.append((after - before) * 1000)
    connect_, message, disconnect = (statistics.median(kind) for kind in times)
    return connect_, message, disconnect


def lost(talk: Talk) -> int:
    """How many of 1,000 messages have no answer."""
    os.environ["PATTERN"] = talk.__name__
    processes = Processes("tests.websocket.served_pattern:handler", 3)
    with Server().serving(WebSocketGateway(processes, concurrency=3)) as url:
        processes.start()
        with connect(url.replace("http", "ws", 1) + "/dev", open_timeout=SECONDS) as client:
            sent = [str(number) for number in range(MESSAGES)]
            for text in sent:
                client.send(text)
            answers = Counter(client.recv(timeout=SECONDS) for _ in sent)
    return MESSAGES - len(answers & Counter(sent))


def table() -> str:
    """The table, in Markdown."""
    rows = [
        "| the app waits by | CONNECT, ms | MESSAGE, ms | DISCONNECT, ms | lost of 1,000 |",
        "|---|---|---|---|---|",
    ]
    for talk in PATTERNS:
        times = " | ".join(f"{each:.1f}" for each in milliseconds(talk))
        rows.append(f"| `{talk.__name__}` | {times} | {lost(talk)} |")
        sys.stderr.write(rows[-1] + "\n")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Renew the table."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    main()
