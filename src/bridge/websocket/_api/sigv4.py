"""Signature Version 4: how AWS wants requests signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import time
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Credentials(NamedTuple):
    """What a request is signed with.

    Attributes:
        access_key: AWS_ACCESS_KEY_ID.
        secret_key: AWS_SECRET_ACCESS_KEY.
        token: AWS_SESSION_TOKEN. The credentials of a role have one.
    """

    access_key: str
    secret_key: str
    token: str | None = None


def signed_headers(
    method: str,
    host: str,
    path: str,
    body: bytes,
    *,
    credentials: Credentials,
    region: str,
    service: str,
    now: float | None = None,
) -> dict[str, str]:
    """Return the headers of a signed request that has no query and no other headers that AWS looks at.

    Args:
        method: in capitals.
        host: the Host header: a name, and a port if it is not the scheme's own.
        path: as it goes over the wire, percent-encoded, without empty or dot segments.
        body: all of it.
        credentials: whose request it is.
        region: where it goes: "eu-west-1".
        service: the name that the service signs under: "execute-api".
        now: seconds since 1970; None: the clock's. AWS allows for five minutes of difference.

    Returns:
        Host, X-Amz-Date, Authorization and, with a session token, X-Amz-Security-Token.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {"Host": host, "X-Amz-Date": stamp}
    if credentials.token:
        headers["X-Amz-Security-Token"] = credentials.token
    lines = {name.lower(): value for name, value in headers.items()}  # sorted already
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    signature = signature_of(method, path, "", lines, body, scope=scope, stamp=stamp, secret_key=credentials.secret_key)
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={';'.join(lines)}, "
        f"Signature={signature}"
    )
    return headers


def signature_of(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    scope: str,
    stamp: str,
    secret_key: str,
) -> str:
    """Return the signature of a request, as hexadecimal digits.

    Args:
        method: in capitals.
        path: as it goes over the wire, percent-encoded, without empty or dot segments.
        query: in its canonical form: encoded, and sorted by name.
        headers: those that are signed, by their names in lower case, sorted; values without needless spaces.
        body: all of it.
        scope: what the signature is good for: "20260101/eu-west-1/execute-api/aws4_request".
        stamp: X-Amz-Date: "20260101T120000Z".
        secret_key: AWS_SECRET_ACCESS_KEY.
    """
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    # Of all services only S3 signs the path as it is: for the others it is encoded once more.
    request = "\n".join((method, quote(path, safe="/~"), query, lines, ";".join(headers), sha256(body).hexdigest()))
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    return hmac.digest(_signing_key(secret_key, scope), text.encode(), "sha256").hex()


@lru_cache(maxsize=8)
def _signing_key(secret_key: str, scope: str) -> bytes:
    """Return the key that a secret key gives for a scope: the same for all requests of a day."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
