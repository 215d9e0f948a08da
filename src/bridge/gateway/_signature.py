"""Requests to AWS's own endpoints are signed (Signature Version 4). A local gateway sees whether they are.

Whether a signature is right, only a server's gateway looks: see `_callers`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

import logging
import re
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..websocket._api.credentials import LOCAL_VARIABLE as SECRET_VARIABLE
from ..websocket._api.sigv4 import signature_of
from ._callers import SCOPE_KEY
from ._outward import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger("bridge.gateway")

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<scope>\d{8}/[a-z0-9-]+/(?P<service>[a-z0-9-]+)/aws4_request),"
    r"\s*SignedHeaders=(?P<names>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)

_CURE = (
    "a request to %s was refused: %s. Sign with AWS_ACCESS_KEY_ID=local and the AWS_SECRET_ACCESS_KEY that the server "
    f"has printed (a function has it in {SECRET_VARIABLE}), or start the server with your own in its environment: "
    'eval "$(aws configure export-credentials --format env)". With --any-signature it takes any.'
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


def forgery(request: Request, body: bytes) -> Response | None:
    """Return AWS's answer to a request whose signature is wrong, where a server says who may call; None: it is right.

    Args:
        request: one that `refusal` lets pass.
        body: all of it.
    """
    secret_keys: Callable[[str], list[str]] | None = request.scope.get(SCOPE_KEY)
    match = _SIGNED.fullmatch(request.headers["authorization"])
    if secret_keys is None or match is None:
        return None
    known = secret_keys(match["key"])
    if not known:
        log.warning(_CURE, request.scope["path"], f"the access key id {match['key']!r:.60} is not known here")
        return error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    if any(compare_digest(match["signature"], _signature(request, body, match, each)) for each in known):
        return None
    log.warning(_CURE, request.scope["path"], f"it is not signed with the secret key of {match['key']!r:.60}")
    said = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )
    return error(403, "InvalidSignatureException", said)


def _signature(request: Request, body: bytes, match: re.Match[str], secret_key: str) -> str:
    query = request.query_params.multi_items() if request.scope["query_string"] else []
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in query)
    names = match["names"].split(";")
    return signature_of(
        request.method,
        request.scope["raw_path"].decode("latin-1"),
        "&".join(f"{name}={value}" for name, value in pairs),
        {name: ",".join(" ".join(each.split()) for each in request.headers.getlist(name)) for name in names},
        body,
        scope=match["scope"],
        stamp=request.headers.get("x-amz-date", ""),
        secret_key=secret_key,
    )


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
