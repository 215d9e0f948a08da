"""What can go wrong with a package."""

from __future__ import annotations

from ...errors import BridgeError


class PackagingError(BridgeError, RuntimeError):
    """The deployer's: a package that cannot be made or read. Its text says what to do."""


class MissingWheelError(PackagingError):
    """The deployer's: a distribution that has no wheel for the function's platform.

    Attributes:
        name: of the distribution.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name
