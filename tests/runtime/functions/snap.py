"""Functions with SnapStart hooks."""

import os
from typing import Any

from snapshot_restore_py import register_after_restore, register_before_snapshot

from bridge import Bridge

from ..gates import gate
from .lifespan import app


def before(number: int) -> None:
    gate("before")
    print("before", number)
    if os.environ.get("FAILS") == "before":
        _ = 1 / 0


def after(number: int) -> None:
    print("after", number)
    if os.environ.get("FAILS") == "after":
        _ = 1 / 0


for order in (1, 2):
    register_before_snapshot(before, order)
    register_after_restore(after, number=order)

handler = Bridge(app)


def plain(event: Any, context: Any) -> Any:
    return {}
