"""Where functions under test wait until the test says go on: at the fake Runtime API."""

import os
import socket


def gate(name: str) -> None:
    """Wait in plain code."""
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].rpartition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"GET /gate/{name} HTTP/1.1\r\n\r\n".encode())
        connection.recv(100)


async def gate_async(name: str) -> None:
    """Wait on the loop."""
    import asyncio

    await asyncio.to_thread(gate, name)
