"""A function whose package has no snapshot-restore-py."""

import sys
from typing import Any

sys.modules["snapshot_restore_py"] = None  # type: ignore[assignment]


def handler(event: Any, context: Any) -> Any:
    return event
