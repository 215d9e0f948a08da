"""Makes the table of sizes in docs/websockets.md: python -m tests.websocket.scale.

A broadcast to 1,000 and to 10,000 members: what is asked of DynamoDB (moto's), counted; what that is in units, by the
sizes of the items that are there; and the posts, to an endpoint in a process of its own that answers after 10 ms.
"""

import asyncio
import json
import logging
import math
import multiprocessing
import os
import socket
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import uvicorn
from moto.server import ThreadedMotoServer

from bridge.websocket import Connections, DynamoDBStore, MemoryStore

from .figures import renew

BEGIN, END = "<!-- sizes -->\n", "<!-- end of sizes -->\n"
HEADING = (
    "| members | writes to join | bytes of each | queries | read units | posts | TCP connections | CPU, s | time, s |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)
SIZES = (1_000, 10_000)
DELAY = 0.01
"""Seconds after which the endpoint answers."""

UNIT = 4096
"""Bytes of a strongly consistent read that are one unit.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html"""


class Endpoint:
    """Answers every post, and tells how many there were over how many TCP connections."""

    def __init__(self) -> None:
        self._posts = 0
        self._clients: set[Any] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        if scope["method"] == "POST":
            self._posts += 1
            self._clients.add(tuple(scope["client"]))
            await asyncio.sleep(DELAY)
        else:
            body = json.dumps([self._posts, len(self._clients)]).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _serve(listener: socket.socket) -> None:
    config = uvicorn.Config(Endpoint(), lifespan="off", log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = multiprocessing.get_context("fork").Process(target=_serve, args=[listener], daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            process.join()


@contextmanager
def _dynamodb() -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("dynamodb", endpoint_url=f"http://{host}:{port}", region_name="eu-west-1")
    try:
        yield client
    finally:
        client.close()
        server.stop()


def _make(dynamodb: Any, table: str) -> None:
    keys = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    )


def _bytes(item: dict[str, dict[str, Any]]) -> int:
    """The size of an item, as DynamoDB counts it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    size = 0
    for name, attribute in item.items():
        ((kind, value),) = attribute.items()
        size += len(name) + (math.ceil(len(value) / 2) + 1 if kind == "N" else len(value))
    return size


def _spent(url: str, members: Iterable[str]) -> tuple[float, float]:
    """Seconds of CPU and of time that a broadcast takes whose store takes none: moto's times are not DynamoDB's."""
    connections = Connections(MemoryStore(), endpoint_url=f"{url}/dev")
    assert connections.records
    for member in members:
        connections.records.join(member, ["everybody"], expires=2_000_000_000)
    cpu, clock = time.process_time(), time.monotonic()
    connections.sync.broadcast("everybody", "x" * 100)
    return time.process_time() - cpu, time.monotonic() - clock


def _row(size: int) -> str:
    calls: Counter[str] = Counter()
    pages: list[int] = []
    table = f"connections-{size}"
    with _endpoint() as url, _dynamodb() as dynamodb:  # what forks comes before what has threads
        _make(dynamodb, table)
        connections = Connections(DynamoDBStore(table, client=dynamodb), endpoint_url=f"{url}/dev")
        assert connections.records
        events = dynamodb.meta.events
        events.register("before-call.dynamodb", lambda model, **_: calls.update([model.name]))
        for number in range(size):
            connections.records.join(f"L0SM9c{number:08}=", ["everybody"], expires=2_000_000_000)
        joined = calls.pop("PutItem")
        events.register("after-call.dynamodb.Query", lambda parsed, **_: pages.append(parsed["ScannedCount"]))
        result = connections.sync.broadcast("everybody", "x" * 100)
        assert len(set(result.reached)) == size
        assert calls == {"Query": len(pages)}
        key = {"pk": {"S": "group#everybody"}, "sk": {"S": result.reached[0]}}
        item = _bytes(dynamodb.get_item(TableName=table, Key=key)["Item"])
        with urllib.request.urlopen(url) as answer:
            posts, clients = json.load(answer)
        cpu, clock = _spent(url, result.reached)
    units = sum(math.ceil(count * item / UNIT) for count in pages)
    counted = " | ".join(f"{each:,}" for each in (size, joined, item, len(pages), units, posts, clients))
    return f"| {counted} | {cpu:.1f} | {clock:.1f} |\n"


def _rows() -> Iterable[str]:
    for size in SIZES:
        row = _row(size)
        sys.stderr.write(row)
        yield row


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel("ERROR")
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    renew(BEGIN, END, HEADING, _rows())
