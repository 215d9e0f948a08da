"""SnapStart: what happens before a snapshot is taken, and after it was restored.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
"""

from __future__ import annotations

import sys

from ._connection import RuntimeApiError
from ._exits import ReportedExit
from ._fault import Fault
from ._logs import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeAlias

    from ._api import RuntimeApi

    SnapshotStep: TypeAlias = Callable[[], Awaitable[None]]

BEFORE_FAILED = 64
AFTER_FAILED = 65
"""Exit codes that tell Lambda where it failed."""


class Snapshot:
    """The way through a snapshot.

    Args:
        api: the Runtime API. Its connection does not outlive the snapshot.
        shutdown: what has to end before it, if anything.
        startup: what has to begin after it, if anything.
    """

    def __init__(self, api: RuntimeApi, shutdown: SnapshotStep | None, startup: SnapshotStep | None) -> None:
        self._api = api
        self._shutdown = shutdown
        self._startup = startup

    async def take(self) -> None:
        """Run the hooks that wait for a snapshot, wait until it is restored, run those that wait for that.

        Raises:
            SystemExit: with the code that Lambda expects, after a failure was reported.
        """
        try:
            if self._shutdown is not None:
                await self._shutdown()
            hooks = _hooks("get_before_snapshot")
            while hooks:
                _call(hooks.pop())
            self._api.connection.close()
            await self._api.restore_next()
            self._api.connection.close()
        except Exception as error:
            await _fail(lambda fault: self._api.init_error(fault, "Runtime.BeforeSnapshotError"), error, BEFORE_FAILED)
        try:
            for hook in _hooks("get_after_restore"):
                _call(hook)
            if self._startup is not None:
                await self._startup()
        except Exception as error:
            await _fail(self._api.restore_error, error, AFTER_FAILED)


async def _fail(post: Callable[[Fault], Awaitable[None]], error: Exception, code: int) -> None:
    fault = Fault(error)
    report(fault)
    try:
        await post(fault)
    except RuntimeApiError as unreachable:
        sys.stderr.write(f"bridge.runtime: {unreachable}\n")
    raise ReportedExit(code) from error


def _hooks(getter: str) -> list[Any]:
    """Return the hooks of AWS's package snapshot-restore-py, in the order of registration; none where it is missing."""
    try:
        import snapshot_restore_py
    except ImportError:
        return []
    hooks: list[Any] = getattr(snapshot_restore_py, getter)()
    return hooks


def _call(hook: Any) -> None:
    function, args, kwargs = hook
    function(*args, **kwargs)
