"""What can go wrong with a package."""

from __future__ import annotations

from ...errors import BridgeError


class PackagingError(BridgeError, RuntimeError):
    """The deployer's: a package that cannot be made or read. Its text says what to do."""


class MissingWheelError(PackagingError):
    """The package's author's: there is no wheel of it for the function's platform.

    Args:
        text: the message.
        name: of the package, as pip or uv have said it.
    """

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name
