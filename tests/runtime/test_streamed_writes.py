"""What a streamed answer sends at once, and what of it cannot be cut."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bridge.runtime._api import RuntimeApi
from bridge.runtime._connection import JOINED, ApiConnection, RuntimeApiError, run
from bridge.runtime._invocation import Invocation
from bridge.runtime._loop_connection import LoopConnection
from bridge.runtime._reply import Reply
from bridge.runtime._responder import InvocationResponder

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def invocation() -> Invocation:
    reply = Reply()
    reply.headers = {"lambda-runtime-aws-request-id": "id-1"}
    return Invocation(reply)


class Noted(ApiConnection):
    """Notes what is sent in one go, and in how many pieces."""

    def __init__(self) -> None:
        super().__init__("localhost:1")
        self.sent: list[tuple[bytes, ...]] = []

    def close(self) -> None: ...

    def _is_open(self, looks: bool = True) -> bool:
        return True

    async def _open(self) -> None: ...

    async def _write(self, *pieces: bytes) -> None:
        self.sent.append(pieces)

    async def _replied(self, idle: bool = False) -> bool:
        self._reply.feed(ACCEPTED)
        return True


Steps = Callable[[InvocationResponder], Awaitable[None]]


def sent(steps: Steps) -> list[tuple[bytes, ...]]:
    connection = Noted()

    async def answer() -> None:
        responder = InvocationResponder(RuntimeApi(connection), invocation())
        await responder.start("text/plain", b"prelude")
        await steps(responder)

    run(answer())
    return connection.sent


def test_an_answer_in_one_piece_is_one_send() -> None:
    ((data,),) = sent(lambda responder: responder.end(b"body"))
    head, _, chunks = data.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n")
    assert chunks == b"7\r\nprelude\r\n4\r\nbody\r\n0\r\n\r\n"


def test_an_answer_without_a_body_is_one_send() -> None:
    ((data,),) = sent(lambda responder: responder.end())
    assert data.endswith(b"\r\n\r\n7\r\nprelude\r\n0\r\n\r\n")


def test_an_answer_that_fails_at_once_is_one_send() -> None:
    ((data,),) = sent(lambda responder: responder.fail(ValueError("failed")))
    assert b"\r\n\r\n7\r\nprelude\r\n0\r\nLambda-Runtime-Function-Error-Type: ValueError\r\n" in data


def test_a_head_that_is_to_go_out_alone_does_so_and_the_last_part_goes_with_the_end() -> None:
    async def steps(responder: InvocationResponder) -> None:
        for data in (b"", b"one", b""):
            await responder.write(data)
        await responder.end(b"two")

    (head,), *rest = sent(steps)
    assert head.endswith(b"\r\n\r\n7\r\nprelude\r\n")
    assert rest == [(b"3\r\none\r\n",), (b"3\r\ntwo\r\n0\r\n\r\n",)]


def test_a_large_part_is_not_copied() -> None:
    large = bytes(JOINED)
    ((head, body, end),) = sent(lambda responder: responder.end(large))
    assert head.endswith(b"\r\n7\r\nprelude\r\n10000\r\n")
    assert body is large
    assert end == b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("size", [JOINED // 2, 16_000_000])
async def test_a_part_goes_out_whole_though_who_waits_for_it_is_cancelled(size: int) -> None:
    reading = asyncio.Event()
    received = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reading.wait()
        while not (b"Error-Body: " in received[-4000:] and received.endswith(b"\r\n\r\n")):
            received.extend(await reader.read(1_000_000))
        writer.write(ACCEPTED)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connection = LoopConnection(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    responder = InvocationResponder(RuntimeApi(connection), invocation())
    await responder.start("text/plain", b"")
    data = bytes(size)
    count = 0
    async with asyncio.timeout(10):
        writing = asyncio.create_task(responder.write(data))
        while not (await asyncio.wait({writing}, timeout=0.05))[1]:  # until nothing more goes out
            count += 1
            writing = asyncio.create_task(responder.write(data))
        count += 1
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        reading.set()
        await responder.fail(TimeoutError("late"))
        await responder.settle()
    connection.close()
    server.close()
    await server.wait_closed()
    _, _, chunks = bytes(received).partition(b"\r\n\r\n")
    chunk = b"%x\r\n%b\r\n" % (size, data)
    assert chunks[: count * len(chunk)] == count * chunk
    assert chunks[count * len(chunk) :].startswith(b"0\r\nLambda-Runtime-Function-Error-Type: TimeoutError\r\n")


def test_a_result_that_does_not_go_out_is_the_end_of_the_runtime_even_if_the_app_keeps_the_error_to_itself() -> None:
    class Broken(Noted):
        async def _write(self, *pieces: bytes) -> None:
            raise BrokenPipeError

        async def _replied(self, idle: bool = False) -> bool:
            return False

    responder = InvocationResponder(RuntimeApi(Broken()), invocation())
    with pytest.raises(RuntimeApiError, match="has closed the connection") as raised:
        run(responder.result({"statusCode": 200}))
    assert responder.failure is raised.value
