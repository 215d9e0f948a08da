"""Signature Version 4: how AWS wants requests signed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote


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
    names = ";".join(headers).lower()  # sorted already
    lines = "".join(f"{name.lower()}:{value}\n" for name, value in headers.items())
    # Of all services only S3 signs the path as it is: for the others it is encoded once more.
    request = f"{method}\n{quote(path, safe='/~')}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"

    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers
