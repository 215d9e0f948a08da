"""What a handler finds in its environment behind a local WebSocket API."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..websocket import _greeting as greeting, _sync as connections
from ..websocket._api.credentials import LOCAL_KEY, LOCAL_VARIABLE as SECRET_VARIABLE
from ..websocket._connections import FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


FILES = {"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"}
"""AWS's shared files: the variables that name them, and their names in ~/.aws without these."""

_SECRET = token_urlsafe(24)


def secret() -> str:
    """Return the secret key with which functions of this run sign: the one that is set, or a random one."""
    return os.environ.get(SECRET_VARIABLE) or _SECRET


def signing() -> str:
    """Return what others have to sign with, in words for a shell's `export`."""
    return f"AWS_ACCESS_KEY_ID={LOCAL_KEY} AWS_SECRET_ACCESS_KEY={secret()}"


def environment(url: str, stage: str) -> dict[str, str]:
    """Return the endpoints of a gateway and what `identity` has.

    Args:
        url: of the server: "http://127.0.0.1:8000".
        stage: of the WebSocket API.
    """
    return {connections.LOCAL_VARIABLE: f"{url}/{stage}", greeting.LOCAL_VARIABLE: url, **identity()}


def identity() -> dict[str, str]:
    """Return the secret of this run; and, for SDKs that sign, credentials and a region if this process has none."""
    found = {SECRET_VARIABLE: secret()}
    if not _has_credentials():
        found |= {"AWS_ACCESS_KEY_ID": LOCAL_KEY, "AWS_SECRET_ACCESS_KEY": secret()}
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
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def shared(needed: bool) -> Iterator[str]:
    """Lend a file for connections, which several processes share where each would have a MemoryStore of its own.

    Args:
        needed: whether there are several processes.

    Yields:
        Its path; "": none is needed.
    """
    if not needed:
        yield ""
        return
    with TemporaryDirectory(prefix="bridge-") as folder:
        file = os.environ.get(FILE_VARIABLE) or str(Path(folder, "connections.db"))
        with lent({FILE_VARIABLE: file}):
            yield file


def _has_credentials() -> bool:
    if {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys():
        return True
    return any(Path(os.environ.get(name) or Path.home() / ".aws" / file).exists() for name, file in FILES.items())
