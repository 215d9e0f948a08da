"""Both kinds of connection, to a server that does as it is told."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

import pytest

from bridge.runtime._connection import JOINED, ApiConnection, BlockingConnection, RuntimeApiError, run
from bridge.runtime._loop_connection import LoopConnection

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
UNASKED, RESET = b"unasked", b"reset"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Each connection follows a script: bytes to send when a request's head has come, or None to close.

    UNASKED is sent without a request, when `go` is released; RESET then ends the connection as no close does.
    """

    def __init__(self, *scripts: list[bytes | None]) -> None:
        self.go = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, args=(scripts,), daemon=True)
        self._thread.start()

    def _run(self, scripts: tuple[list[bytes | None], ...]) -> None:
        for script in scripts:
            connection, _ = self._listener.accept()
            with connection, suppress(ConnectionError):
                for reply in script:
                    if reply is None:
                        break
                    if reply is UNASKED or reply is RESET:
                        self.go.acquire()
                        if reply is RESET:
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            break
                        connection.sendall(reply)
                        continue
                    data = b""
                    while b"\r\n\r\n" not in data:
                        data += connection.recv(1000) or b"\r\n\r\n"
                    connection.sendall(reply)
                else:
                    connection.recv(1)

    def close(self) -> None:
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*scripts: list[bytes | None]) -> Server:
        servers.append(Server(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(params=[BlockingConnection, LoopConnection])
def kind(request: pytest.FixtureRequest) -> type[ApiConnection]:
    kind: type[ApiConnection] = request.param
    return kind


async def ended(connection: ApiConnection) -> None:
    """Return when the connection has heard from the server, which nobody has asked."""
    while connection._is_open():
        await asyncio.sleep(0.001)


async def test_a_connection_is_used_again(kind: type[ApiConnection], serve: Callable[..., Server]) -> None:
    connection = kind(serve([OK, OK]).address)
    for _ in range(2):
        reply = await connection.exchange(REQUEST)
        assert (reply.status, bytes(reply.body)) == (200, b"ok")
    connection.close()


@pytest.mark.parametrize("ending", [b"Connection: close\r\n", b""])
async def test_a_reply_may_end_the_connection(
    ending: bytes, kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    last = b"HTTP/1.1 200 OK\r\n" + ending + (b"Content-Length: 2\r\n" if ending else b"") + b"\r\nok"
    connection = kind(serve([last, None], [OK]).address)
    assert bytes((await connection.exchange(REQUEST)).body) == b"ok"
    assert bytes((await connection.exchange(REQUEST)).body) == b"ok"
    connection.close()


async def test_a_connection_that_was_closed_while_idle_is_opened_anew(
    kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    server = serve([OK, None], [OK])
    connection = kind(server.address)
    await connection.exchange(REQUEST)
    await ended(connection)
    assert (await connection.exchange(REQUEST)).status == 200
    connection.close()


async def test_a_connection_on_which_something_came_unasked_is_left(
    kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    server = serve([OK, UNASKED], [OK])
    connection = kind(server.address)
    await connection.exchange(REQUEST)
    server.go.release()
    await ended(connection)
    assert (await connection.exchange(REQUEST)).status == 200
    connection.close()


async def test_a_request_that_may_be_repeated_is(kind: type[ApiConnection], serve: Callable[..., Server]) -> None:
    connection = kind(serve([OK, b"", None], [OK]).address)
    await connection.exchange(REQUEST)
    assert (await connection.exchange(REQUEST, again=True)).status == 200
    connection.close()


@pytest.mark.parametrize(
    ("script", "again"),
    [
        ([OK, b"", None], False),  # may not be repeated
        ([OK, b"HTTP/1.1 200", None], True),  # a part of the reply has come
    ],
)
async def test_other_requests_are_not(
    script: list[bytes | None], again: bool, kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    server = serve(script)
    connection = kind(server.address)
    await connection.exchange(REQUEST)
    with pytest.raises(RuntimeApiError, match=f"the Runtime API at {server.address} has closed the connection"):
        await connection.exchange(REQUEST, again=again)


async def test_nor_is_one_on_a_connection_that_is_new(kind: type[ApiConnection], serve: Callable[..., Server]) -> None:
    with pytest.raises(RuntimeApiError, match="has closed the connection"):
        await kind(serve([b"", None]).address).exchange(REQUEST, again=True)


async def test_a_connection_that_is_reset(kind: type[ApiConnection], serve: Callable[..., Server]) -> None:
    server = serve([OK, RESET], [b"", RESET])
    connection = kind(server.address)
    await connection.exchange(REQUEST)
    server.go.release()
    await ended(connection)
    server.go.release()
    with pytest.raises(RuntimeApiError, match="has closed the connection"):
        await connection.exchange(REQUEST)


async def test_after_a_reset_what_may_be_repeated_goes_out_on_a_new_connection(
    kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    server = serve([OK, RESET], [OK])
    connection = kind(server.address)
    await connection.exchange(REQUEST)
    server.go.release()
    await ended(connection)
    assert (await connection.exchange(REQUEST, again=True)).status == 200
    connection.close()


async def test_a_server_that_is_not_there(kind: type[ApiConnection], serve: Callable[..., Server]) -> None:
    server = serve()
    server.close()
    with pytest.raises(RuntimeApiError, match=f"cannot connect to the Runtime API at {server.address}: "):
        await kind(server.address).exchange(REQUEST)


async def test_no_http(kind: type[ApiConnection], serve: Callable[..., Server]) -> None:
    with pytest.raises(RuntimeApiError, match="sent no HTTP: expected a status line"):
        await kind(serve([b"nonsense\r\n\r\n"]).address).exchange(REQUEST)


async def test_a_reply_that_comes_before_the_request_is_complete(
    kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    server = serve([b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n", None])
    connection = kind(server.address)
    await connection.begin()
    await connection.write(b"POST / HTTP/1.1\r\n\r\n", b"x" * JOINED)
    await ended(connection)
    with suppress(RuntimeApiError):  # its end may have swept the reply away
        for _ in range(100):
            await connection.write(b"x" * 1_000_000)
        assert (await connection.reply()).status == 413
    connection.close()


async def test_after_a_failure_there_is_nothing_to_write_to(
    kind: type[ApiConnection], serve: Callable[..., Server]
) -> None:
    connection = kind(serve([b"", None]).address)
    with pytest.raises(RuntimeApiError):
        await connection.exchange(REQUEST)
    for _ in range(2):
        with pytest.raises(RuntimeApiError, match="has closed the connection"):
            await connection.write(b"more")


def test_what_suspends_cannot_be_run_without_a_loop() -> None:
    class Suspends:
        def __await__(self) -> Generator[None, None, None]:
            yield

    async def coroutine() -> None:
        await Suspends()

    with pytest.raises(AssertionError, match="has suspended"):
        run(coroutine())
