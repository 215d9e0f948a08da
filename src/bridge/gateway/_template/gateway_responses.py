"""A REST API's own answers, which the template may change.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from ...sources._client_request import ClientRequest

# By type: status, message, and what the header x-amzn-ErrorType says.
TYPES: dict[str, tuple[int, str | None, str]] = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": (500, "Internal server error", "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": (500, None, "AuthorizerFailureException"),
    "INTEGRATION_FAILURE": (502, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": (403, "Forbidden", "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": (429, "Limit Exceeded", "LimitExceededException"),
    "THROTTLED": (429, "Too Many Requests", "TooManyRequestsException"),
    "REQUEST_TOO_LARGE": (413, "Request Entity Too Large", "RequestEntityTooLargeException"),
    "UNAUTHORIZED": (401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type", "UnsupportedMediaTypeException"),
}
_NAME = r"context\.[A-Za-z.]+[A-Za-z]|stageVariables\.\w+"
_VARIABLE = re.compile(rf"\$(?:\{{({_NAME})\}}|({_NAME}))")


def answer(
    changed: dict[str, Any], kind: str, call: ClientRequest, variables: dict[str, str], *, message: str | None = None
) -> Response:
    """Return a gateway response.

    Args:
        changed: what the template says, by type.
        kind: one of TYPES.
        call: that is answered.
        variables: what `$context` has, by name: "context.requestId".
        message: instead of the type's own.
    """
    status, text, error = TYPES[kind]
    text = message or text
    own = changed.get(kind)
    common = changed.get("DEFAULT_4XX" if status < 500 else "DEFAULT_5XX") or {}
    given = own or common
    status = given.get("status") or status
    key = "Message" if kind == "ACCESS_DENIED" else "message"
    template = (given.get("templates") or {}).get("application/json") or f'{{"{key}":$context.error.messageString}}'
    known = {
        **variables,
        "context.error.message": text or "",
        "context.error.messageString": json.dumps(text),
        "context.error.responseType": kind,
    }
    body = _VARIABLE.sub(lambda match: known.get(match[1] or match[2], ""), template)
    headers = {"x-amzn-errortype": error}
    for name, source in given.get("headers", {}).items():
        value = header(source, call, known)
        if value:
            headers[name.lower()] = value
    return Response(body, status, headers, "application/json")


def header(source: str, call: ClientRequest, variables: dict[str, str]) -> str:
    """Return the value of a mapped header: 'a text in quotes', a header or query parameter of the request, or more.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping.html
    """
    if source.startswith("'"):
        return source.strip("'")
    if source.startswith("method.request.header."):
        return call.header(source.rpartition(".")[2].lower())
    if source.startswith("method.request.querystring."):
        return dict(call.query).get(source.rpartition(".")[2], "")
    return variables.get(source.removeprefix("$"), "")
