"""Mock integrations: answers without a function, such as SAM's preflights.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .gateway_responses import header

if TYPE_CHECKING:
    from ...sources._client_request import ClientRequest
    from .api_model import Integration

_STATUS = re.compile(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})""")


def answer(integration: Integration, call: ClientRequest, variables: dict[str, str]) -> Response | None:
    """Return the answer of a mock integration; None: it has none for the status that its request template gives."""
    templates = integration.request_templates
    template = templates.get(call.header("content-type").partition(";")[0]) or templates.get("application/json") or ""
    found = _STATUS.search(template)
    status = found[1] if found else ""
    response = selected(integration.responses, status)
    if response is None or not found:
        return None
    headers = {
        name.lower(): value
        for name, source in response["headers"].items()
        if (value := header(source, call, variables))
    }
    body = response["templates"].get("application/json") or ""
    return Response(body, response["status"], headers, None if "content-type" in headers else "application/json")


def selected(responses: dict[str, Any], text: str) -> dict[str, Any] | None:
    """Return the integration response whose pattern fits a text; the default, if none does."""
    for pattern, response in responses.items():
        try:
            if pattern != "default" and re.fullmatch(pattern, text, re.DOTALL):
                return response  # type: ignore[no-any-return]
        except re.error:
            continue  # Java's, and not Python's
    return responses.get("default")
