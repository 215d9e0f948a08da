"""What has a running template follow its files."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .deployment import Deployment

log = logging.getLogger("bridge.gateway")

SECONDS = 0.5
"""How often the files are looked at."""

FILES = 20_000
"""Files of a folder that are looked at, at most."""

_PASSED = frozenset(("__pycache__", "node_modules", "site-packages"))


async def follow(template: Path, deployment: Callable[[], Deployment], renew: Callable[[], None]) -> None:
    """Renew functions whose code changes, and everything when the template does, until cancelled.

    Args:
        template: its file.
        deployment: what runs the functions now.
        renew: reads the template again.
    """
    before: dict[Path, dict[str, int]] = {}
    first = _time(template)
    while True:
        now = await asyncio.to_thread(_states, deployment())
        changed = {folder for folder, state in now.items() if folder in before and before[folder] != state}
        before = now
        if changed:
            for name in await asyncio.to_thread(deployment().changed, changed):
                log.info("%s: its code has changed, new processes run it", name)
        if _time(template) != first:
            first = _time(template)
            renew()
            before = {}
        await asyncio.sleep(SECONDS)


def _states(deployment: Deployment) -> dict[Path, dict[str, int]]:
    functions = [deployment.stack.functions[name] for name in deployment.environments]
    folders = {folder for function in functions for folder in (function.code, *function.layers) if folder}
    return {folder: dict(_files(folder)) for folder in folders}


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    waiting = [os.fspath(folder)]
    count = 0
    while waiting and count < FILES:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _PASSED:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                count += 1
                yield entry.path, _time(Path(entry.path))


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
