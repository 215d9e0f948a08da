"""What can go wrong with a package."""

from __future__ import annotations

from ...errors import BridgeError


class PackagingError(BridgeError, RuntimeError):
    """The deployer's: a package that cannot be made or read. Its text says what to do."""
