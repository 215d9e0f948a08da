"""Lambda's Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html."""

from __future__ import annotations

from .. import __version__
from .._invocation import logger
from ._connection import ApiConnection, RuntimeApiError
from ._fault import Fault
from ._invocation import Invocation
from ._reply import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._reply import Reply

BASE = "/2018-06-01/runtime"


AGENT = f"User-Agent: lambda-bridge/{__version__}\r\n"


class RuntimeApi:
    """The requests that a runtime makes, on one connection.

    Every method may raise RuntimeApiError, which is the end of a runtime.

    Args:
        connection: open or not.
    """

    def __init__(self, connection: ApiConnection) -> None:
        self.connection = connection
        self._common = f"Host: {connection.address}\r\n{AGENT}"
        self._next = self._head("GET", "/invocation/next")

    async def next(self) -> Invocation:
        """Return the next invocation. This waits for it: meanwhile Lambda freezes what has nothing to do."""
        reply = await self.connection.exchange(self._next, again=True, idle=True)
        if reply.status != 200:
            raise RuntimeApiError(f"the Runtime API answered {_summary(reply)} when asked for the next event")
        return Invocation(reply)

    def result_head(self, invocation: Invocation, pieces: list[bytes | str], content_type: str) -> bytes:
        """Return the first bytes of a result that is posted in one piece."""
        echo = _echo(invocation) if invocation.invocation_id is not None else ""
        return (
            f"POST {BASE}/invocation/{invocation.request_id}/response HTTP/1.1\r\n{self._common}"
            f"Content-Type: {content_type}\r\n{echo}Content-Length: {sum(map(len, pieces))}\r\n\r\n"
        ).encode()

    async def settle(self) -> None:
        """Take the reply to a result or a stream: fine, or one that concerns this invocation only, which is logged.

        410 says that the result came too late, 413 that it is too large.
        """
        _accept(await self.connection.reply())

    async def error(self, invocation: Invocation, fault: Fault) -> None:
        """Report that an invocation has failed, before anything of its result was posted."""
        lines = _typed(fault.header) + _echo(invocation)
        cause = fault.cause()
        if cause:
            lines += f"Lambda-Runtime-Function-XRay-Error-Cause: {cause}\r\n"
        await self._post(f"/invocation/{invocation.request_id}/error", lines, fault.json())

    def stream_head(self, invocation: Invocation, content_type: str) -> bytes:
        """Return the first bytes of a streamed result.

        https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
        """
        lines = (
            f"Content-Type: {content_type}\r\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
            "Transfer-Encoding: chunked\r\n"
            "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"
        )
        return self._head("POST", f"/invocation/{invocation.request_id}/response", lines + _echo(invocation))

    async def init_error(self, fault: Fault, kind: str | None = None) -> None:
        """Report that the function cannot start; `kind` stands in for the error's own type."""
        await self._post("/init/error", _typed(kind or fault.header), fault.json())

    async def restore_next(self) -> None:
        """Say that a snapshot may be taken, and wait until one is restored."""
        reply = await self.connection.exchange(self._head("GET", "/restore/next"), idle=True)
        if reply.status != 200:
            raise RuntimeApiError(f"the Runtime API answered {_summary(reply)} when asked for a restore")

    async def restore_error(self, fault: Fault) -> None:
        """Report that the function cannot go on after its snapshot was restored."""
        await self._post("/restore/error", _typed("Runtime.AfterRestoreError"), fault.json())

    async def _post(self, path: str, lines: str, body: bytes) -> None:
        _accept(await self.connection.exchange(self._post_head(path, lines, [body]), body))

    def _post_head(self, path: str, lines: str, pieces: list[bytes | str]) -> bytes:
        return self._head("POST", path, f"{lines}Content-Length: {sum(map(len, pieces))}\r\n")

    def _head(self, method: str, path: str, lines: str = "") -> bytes:
        return head(method, BASE + path, self.connection.address, AGENT + lines)


def _accept(reply: Reply) -> None:
    if reply.status < 300:
        return
    if reply.status == 403 or reply.status >= 500:
        raise RuntimeApiError(f"the Runtime API answered {_summary(reply)} to what was posted")
    logger().error("the Runtime API answered %s to what was posted", _summary(reply))


def _summary(reply: Reply) -> str:
    text = reply.body[:500].decode("utf-8", "replace").strip()
    return f"{reply.status} ({text})" if text else str(reply.status)


def _echo(invocation: Invocation) -> str:
    if invocation.invocation_id is None:
        return ""
    return f"Lambda-Runtime-Invocation-Id: {invocation.invocation_id}\r\n"


def _typed(kind: str) -> str:
    return f"Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: {kind}\r\n"
