"""A pytest plugin: every event loop is uvloop's, those that Bridge makes among them."""

import asyncio
import warnings
from typing import Any

import uvloop

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of policies and watchers, from Python 3.12 on

    class Policy(uvloop.EventLoopPolicy):  # type: ignore[misc]
        """uvloop's, with what loops of asyncio's own need before Python 3.14 to start processes."""

        def get_child_watcher(self) -> Any:
            """Return what waits for a process."""
            return asyncio.ThreadedChildWatcher()

    asyncio.set_event_loop_policy(Policy())
