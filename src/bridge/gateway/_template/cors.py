"""What HTTP APIs and function URLs answer browsers themselves, where they have a CORS configuration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response

from .environments import local
from .streamed import StreamedResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...sources._client_request import ClientRequest
    from .api_model import CorsConfiguration


def here(cors: CorsConfiguration, urls: Mapping[str, str]) -> CorsConfiguration:
    """Return a configuration that allows pages of the template's own APIs where they are on this machine.

    Args:
        cors: what the template says.
        urls: of what is served here, by the URLs that they have in AWS.
    """
    return replace(cors, origins=tuple(local(origin, urls) for origin in cors.origins))


def preflight(cors: CorsConfiguration, call: ClientRequest, status: int) -> Response | None:
    """Return the answer to a preflight, or None if the request is none. It is never a route's, nor an authorizer's."""
    if call.method != "OPTIONS" or not call.header("origin") or not call.header("access-control-request-method"):
        return None
    headers = _common(cors, call.header("origin"))
    if headers:
        for name, values in (("methods", cors.methods), ("headers", cors.headers)):
            if values:
                headers[f"access-control-allow-{name}"] = ",".join(values)
        if cors.max_age is not None:
            headers["access-control-max-age"] = str(cors.max_age)
    return Response(status_code=status, headers=headers)


def put_on(cors: CorsConfiguration, call: ClientRequest, response: Response) -> None:
    """Put the API's headers on a response, in place of the function's own."""
    if isinstance(response, StreamedResponse):
        response.own_cors = False
    response.raw_headers = [each for each in response.raw_headers if not each[0].startswith(b"access-control-")]
    headers = _common(cors, call.header("origin"))
    if headers and cors.expose:
        headers["access-control-expose-headers"] = ",".join(cors.expose)
    response.raw_headers += [(name.encode(), value.encode()) for name, value in headers.items()]


def _common(cors: CorsConfiguration, origin: str) -> dict[str, str]:
    """Return the headers that both have: none if the request has no origin, or one that is not allowed."""
    if not origin or not any(_allows(allowed, origin) for allowed in cors.origins):
        return {}
    anyone = "*" in cors.origins and not cors.credentials
    headers = {"access-control-allow-origin": "*" if anyone else origin}
    if cors.credentials:
        headers["access-control-allow-credentials"] = "true"
    return headers


def _allows(allowed: str, origin: str) -> bool:
    if allowed in ("*", origin):
        return True
    # "https://*" allows all origins of a scheme, and is the one kind of pattern that AWS documents.
    return allowed.endswith("://*") and origin.startswith(allowed[:-1])
