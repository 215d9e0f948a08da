"""Requests to AWS's own endpoints are signed (Signature Version 4). A local gateway sees whether they are.

The signature itself is not verified: there are no secrets here.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._outward import error

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/,\s]+/\d{8}/[a-z0-9-]+/(?P<service>[a-z0-9-]+)/aws4_request,"
    r"\s*SignedHeaders=[a-z0-9;-]+,\s*Signature=[0-9a-f]{64}"
)


def refusal(request: Request, service: str) -> Response | None:
    """Return AWS's answer to a request that is not signed for a service: "execute-api", "lambda"."""
    header = request.headers.get("authorization")
    if header is None:
        return error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    match = _SIGNED.fullmatch(header)
    if match is None:
        return error(403, "IncompleteSignatureException", f"no Signature Version 4: {header!r:.200}")
    if match["service"] != service:
        said = f"Credential should be scoped to correct service: '{service}', not '{match['service']}'."
        return error(403, "InvalidSignatureException", said)
    return None
