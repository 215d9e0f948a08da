"""The invocation that is being handled."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

context: ContextVar[Any] = ContextVar("bridge.context")
"""The Lambda context of the invocation that is being handled. Nothing is set where there is none."""

serves_lifespans = False
"""Whether this process is importing an app that `bridge.runtime` will serve, which sees to the lifespan itself."""
