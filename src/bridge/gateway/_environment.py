"""What a handler finds in its environment behind a local WebSocket API."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..websocket import _connections as connections, _greeting as greeting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def environment(url: str, stage: str) -> dict[str, str]:
    """Return the endpoints of a gateway; and, for SDKs that sign, credentials and a region if there are none.

    Args:
        url: of the server: "http://127.0.0.1:8000".
        stage: of the WebSocket API.
    """
    return {connections.LOCAL_VARIABLE: f"{url}/{stage}", greeting.LOCAL_VARIABLE: url, **identity()}


def identity() -> dict[str, str]:
    """Return credentials and a region for SDKs that sign, if this process has none."""
    found: dict[str, str] = {}
    if not _has_credentials():
        found |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    if not {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"} & os.environ.keys():
        found |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return found


@contextmanager
def lent(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process's environment, for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _has_credentials() -> bool:
    if {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys():
        return True
    files = {"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"}
    return any(Path(os.environ.get(name) or Path.home() / ".aws" / file).exists() for name, file in files.items())
