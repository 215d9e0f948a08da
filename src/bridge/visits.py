"""An ASGI app's lifespans on loops that are not Bridge's own: one for each loop."""

from __future__ import annotations

import asyncio

from .lifespan import Lifespan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

    from .types import ASGIApp, LifespanMode


class Visits:
    """The lifespans of an app, by the loop that they run on. A loop that has been closed is forgotten.

    Args:
        app: the app.
        mode: "auto", "on" or "off".
    """

    def __init__(self, app: ASGIApp, mode: LifespanMode) -> None:
        self._app = app
        self._mode = mode
        self._lifespans: dict[AbstractEventLoop, Lifespan] = {}

    async def state(self, seconds: float | None) -> tuple[dict[str, Any], BaseException | None]:
        """The app's lifespan state on the running loop, once its startup is complete; and what keeps requests from it.

        Args:
            seconds: how long to wait. A startup that takes longer goes on, and the next call waits for it again.
        """
        if self._mode == "off":
            return {}, None
        loop = asyncio.get_running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            lifespan = self._begun(loop)
        if not lifespan.started.done():
            await asyncio.wait({lifespan.started}, timeout=seconds)
        failure = lifespan.failure()
        if failure is not None and lifespan.started.done() and self._lifespans.get(loop) is lifespan:
            del self._lifespans[loop]
        return lifespan.state, failure

    async def end(self) -> None:
        """Run the app's shutdown on the running loop, if it has started up there."""
        lifespan = self._lifespans.pop(asyncio.get_running_loop(), None)
        if lifespan is not None:
            await lifespan.shutdown()

    def _begun(self, loop: AbstractEventLoop) -> Lifespan:
        for visited in [*self._lifespans]:
            if visited.is_closed():
                del self._lifespans[visited]
        lifespan = self._lifespans[loop] = Lifespan(self._app, self._mode, loop)
        return lifespan
