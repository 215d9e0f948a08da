"""The credentials of the function's role: where Lambda puts them, and elsewhere where boto3 finds them."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .._errors import ManagementError
from .sigv4 import Credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store import Clock

EARLY = 300
"""Seconds before their end that credentials are asked for again."""

CONTAINER_SECONDS = 2.0
"""Seconds that the container's endpoint has to answer."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


LOCAL_KEY = "local"
"""The access key id of a local gateway's own credentials."""

LOCAL_VARIABLE = "BRIDGE_LOCAL_SECRET"
"""The variable in which a local gateway gives its functions the secret key that goes with it."""


def local() -> Credentials:
    """Return what requests to a local gateway are signed with; dummies where nothing is set."""
    secret = os.environ.get(LOCAL_VARIABLE)
    return Credentials(LOCAL_KEY, secret) if secret else environment() or Credentials(LOCAL_KEY, "local")


def environment() -> Credentials | None:
    """Return AWS_ACCESS_KEY_ID and the others, as they are now; None: not set."""
    access_key = os.environ.get("AWS_ACCESS_KEY_ID")
    secret_key = os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        return None
    return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN"))


class Role:
    """Finds credentials, in this order: the environment, the container's endpoint, boto3.

    Lambda sets the environment. A function with SnapStart has an endpoint on its loopback address instead:
    AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN. On a developer's machine, boto3 knows
    profiles, SSO and the rest; it is imported only then.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

    Args:
        clock: tells the time.
    """

    def __init__(self, *, clock: Clock = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._contained: Credentials | None = None
        self._end = 0.0  # of those, in seconds since 1970
        self._boto3: Any = None

    def __call__(self) -> Credentials:
        """Return credentials that are good now.

        Raises:
            ManagementError: there are none.
        """
        found = environment()
        if found:
            return found
        with self._lock:
            url = urlsplit(os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))
            if url.scheme != "http" or url.hostname not in LOOPBACK:
                return self._of_boto3()
            if not self._contained or self._clock() >= self._end - EARLY:
                self._contained, self._end = _of_container(url)
            return self._contained

    def _of_boto3(self) -> Credentials:
        if self._boto3 is None:
            try:
                import boto3
            except ImportError:
                pass
            else:
                self._boto3 = boto3.Session().get_credentials()
        if self._boto3 is None:
            raise ManagementError(
                "There are no AWS credentials to sign with. On Lambda they are those of the function's role. Elsewhere "
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or install boto3, which also knows profiles."
            )
        frozen = self._boto3.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _of_container(url: SplitResult) -> tuple[Credentials, float]:
    """Return the credentials that a container's endpoint gives, and their end in seconds since 1970."""
    from datetime import datetime
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(url.hostname or "", url.port, timeout=CONTAINER_SECONDS)
    try:
        connection.request("GET", url._replace(scheme="", netloc="").geturl() or "/", headers=_authorization())
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise ManagementError(f"{url.geturl()} gives no credentials: {response.status} {content[:200]!r}.")
        found = json.loads(content)
        end = datetime.fromisoformat(found["Expiration"]).timestamp()
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"]), end
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise ManagementError(f"{url.geturl()} gives no credentials: {error!r}.") from error
    finally:
        connection.close()


def _authorization() -> dict[str, str]:
    from pathlib import Path

    file = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    token = Path(file).read_text("utf-8") if file else os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    return {"Authorization": token.strip()} if token else {}
