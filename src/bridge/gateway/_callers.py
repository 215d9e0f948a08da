"""Who may call AWS's own endpoints of a local server, Invoke and @connections: whoever has a secret key of this run."""

from __future__ import annotations

import os
from configparser import ConfigParser, Error
from pathlib import Path
from typing import TYPE_CHECKING

from ..websocket._api.credentials import LOCAL_KEY, LOCAL_VARIABLE as SECRET_VARIABLE
from ._environment import FILES, secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..types import ASGIApp, Receive, Scope, Send

SCOPE_KEY = "bridge.secret_keys"
"""Where gateways find what gives the secret keys of an access key id. Without a server there is none."""


class Callers:
    """An ASGI app that tells the one behind it whose signatures are right.

    Known are the key that the gateway gives its functions, those in this process's environment and in the functions',
    and those that AWS's shared files have. Of temporary credentials, as profiles with a role or SSO give
    them, each process has its own: they are not known.

    Args:
        app: what it stands before.
        environments: returns those of the functions, where they have their own.
    """

    def __init__(self, app: ASGIApp, environments: Callable[[], Iterable[Mapping[str, str]]] = tuple) -> None:
        self._app = app
        self._environments = environments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection."""
        await self._app({**scope, SCOPE_KEY: self.secret_keys}, receive, send)

    def secret_keys(self, access_key: str) -> list[str]:
        """Return the secret keys that go with an access key id; mostly one, or none."""
        pairs = [(LOCAL_KEY, secret())]
        for variables in (os.environ, *self._environments()):
            pairs.append((LOCAL_KEY, variables.get(SECRET_VARIABLE, "")))
            pairs.append((variables.get("AWS_ACCESS_KEY_ID", ""), variables.get("AWS_SECRET_ACCESS_KEY", "")))
        found = [value for key, value in pairs if key == access_key and value]
        return found or [value for key, value in _shared() if key == access_key and value]


def _shared() -> Iterator[tuple[str, str]]:
    """Return the keys that AWS's shared files have, of all profiles."""
    for name, file in FILES.items():
        parser = ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(os.environ.get(name) or Path.home() / ".aws" / file, "utf-8")
        except (Error, UnicodeError, OSError):
            continue  # the SDKs complain of it
        for section in parser.values():
            yield section.get("aws_access_key_id", ""), section.get("aws_secret_access_key", "")
