"""Custom (non-proxy) Lambda integrations of REST APIs: the integration type "AWS".

The event is the request's body, or what a mapping template has made of the request; the result is the response's body,
or what a mapping template makes one of.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html
"""

from __future__ import annotations

import json
import re

from .. import kinds
from .._http import COOKIES, SINGLE, UnvouchedRequest, body as bodies
from .._invocation import logger
from ..errors import ConfigurationError, EventError, StatusError
from . import _alb as alb, _templates as templates, _v1 as v1, detect
from ._neutral import http_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, NoReturn

    from ..types import Event, Request, ResponseHeaders


class CustomIntegration:
    r"""A source for the events of a custom integration: `Bridge(app, sources=[CustomIntegration("passthrough")])`.

    The form of the events is said, not guessed: where the event is a body, a client may send any JSON, so also one that
    looks like a template's output, with an address and a user of the client's choice in it.

    What goes back is the response's body: its value where its content type is JSON, else a string; base64 where it is
    no text. Headers and the status do not go back, unless a mapping template takes them out of an `envelope`.

    A status of `raise_from` or more raises `StatusError`, with this JSON as its text, in ASCII, without spaces or
    newlines around its values:

        {"httpStatus": 404, "errorType": "NotFound", "reason": "Not Found", "requestId": "...", "headers": {...},
         "cookies": [...], "body": "...", "isBase64Encoded": false}

    `requestId` is there where the template has it. `body` is a string even where it is JSON: nothing that an app puts
    into it reads as one of the keys in front of it, and `$util.parseJson($input.path('$.errorMessage')).body` is the
    body as the app sent it. The `selectionPattern` `.*"httpStatus":404.*` matches it.

    Args:
        template: the mapping template that makes the events. "passthrough": API Gateway's "Method Request passthrough".
            "serverless": the Serverless Framework's, for `integration: lambda`. None: no template, so the event is the
            body.
        method: the request's method, where the event has none.
        path: the request's path, where the event has none; percent-encoded.
        shared: whether the function gets other events besides. If not, an event that the template cannot have made is
            refused. If it does, such an event is another sender's; without a template, a body is what Bridge has no
            other name for. Then a client that gets past the template is believed to be that sender: with API Gateway's
            default `passthroughBehavior`, by a Content-Type for which there is no template. It has to be NEVER.
        envelope: whether the result is {"statusCode": int, "headers": {str: str}, "cookies": [str], "body": any JSON,
            "isBase64Encoded": bool}, instead of the body alone.
        raise_from: the least status that raises; None for none. By default redirects raise too: they need a status and
            a header, and the body alone would say neither.

    Raises:
        ConfigurationError: an argument cannot work.
    """

    LIMIT = v1.LIMIT
    """Lambda's limit for a buffered response, in bytes of JSON."""

    def __init__(
        self,
        template: Literal["passthrough", "serverless"] | None = None,
        *,
        method: str = "POST",
        path: str = "/",
        shared: bool = False,
        envelope: bool = False,
        raise_from: int | None = 300,
    ) -> None:
        forms: dict[object, tuple[Callable[[object], bool], Callable[[Event, str, str], Request]]] = {
            "passthrough": (templates.is_passthrough, templates.passthrough),
            "serverless": (templates.is_serverless, templates.serverless),
            None: (_is_nothing_else if shared else _is_anything, _body),
        }
        if not (template is None or isinstance(template, str)) or template not in forms:
            raise ConfigurationError(
                f"CustomIntegration(template=...) takes 'passthrough', 'serverless' or None, not {template!r}."
            )
        if not path.startswith("/"):
            raise ConfigurationError(f"CustomIntegration(path=...) takes a path that starts with '/', not {path!r}.")
        self._accepts, self._request = forms[template]
        self._template = template
        self._shared = shared
        # Only where a template wrote it: in a body, a client would have.
        self._request_id = templates.request_id if template == "passthrough" else _no_request_id
        self._method = method
        self._path = path
        self._envelope = envelope
        self._raise_from = float("inf") if raise_from is None else raise_from

    def accepts(self, event: object) -> bool:
        """Return whether an event is of this integration: if nothing else calls the function, all are."""
        return not self._shared or self._accepts(event)

    def request(self, event: Any) -> Request:
        """Return the request that an event carries. `bridge.identity` believes nothing of it: a client wrote it.

        Raises:
            EventError: the template cannot have made the event; or it is nested too deep.
        """
        if not self._shared and not self._accepts(event):
            raise EventError(
                f"CustomIntegration({self._template!r}) got an event that this mapping template cannot have made. "
                "Either its passthroughBehavior is not NEVER, and a client has sent a Content-Type for which there is "
                "no template: then the client wrote the event. Or the function has other callers: then say "
                f"CustomIntegration({self._template!r}, shared=True)"
            )
        try:
            return UnvouchedRequest(self._request(event, self._method, self._path))
        except RecursionError as error:
            raise EventError("the event is nested too deep") from error

    def result(self, event: Any, status: int, headers: ResponseHeaders, body: str, is_base64: bool, /) -> Any:
        """Return the response's body, or its envelope.

        Raises:
            StatusError: the status is no success.
        """
        if status >= self._raise_from:
            raise StatusError(_message(self._request_id(event), status, headers, body, is_base64))
        value = _value(headers, body, is_base64)
        if not self._envelope:
            return value
        return {
            "statusCode": status,
            "headers": headers[SINGLE],
            "cookies": headers[COOKIES],
            "body": value,
            "isBase64Encoded": is_base64,
        }


def _no_request_id(event: object) -> None:
    return None


def _is_anything(event: object) -> bool:
    return True


def _is_nothing_else(event: Any) -> bool:
    return detect(event) is None and not kinds.is_known(event)


def _body(event: object, method: str, path: str) -> Request:
    headers = {"Content-Type": "application/json"}
    return http_request(method=method, raw_path=path, headers=headers, body=json.dumps(event))


def _value(headers: ResponseHeaders, body: str, is_base64: bool) -> Any:
    if is_base64 or not bodies.is_json(headers[SINGLE].get("content-type")):
        return body
    try:
        # NaN and infinity are Python's, not JSON's: what API Gateway could not read goes out as text.
        return json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return body


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    return _refuse(text) if number in (float("inf"), float("-inf")) else number


def _message(request_id: str | None, status: int, headers: ResponseHeaders, body: str, is_base64: bool) -> str:
    reason = alb.DESCRIPTIONS[status][4:]
    message: dict[str, Any] = {"httpStatus": status, "errorType": re.sub(r"\W", "", reason), "reason": reason}
    if request_id:
        message["requestId"] = request_id
    message |= {"headers": headers[SINGLE], "cookies": headers[COOKIES], "body": body, "isBase64Encoded": is_base64}
    text = _json(message)
    # In errorMessage it is a string inside JSON, where each of its quotes and backslashes takes two bytes.
    if 2 * len(text) > CustomIntegration.LIMIT - 65_536:
        logger().error(
            "the body of a response with status %s, %s characters, was left out: too long", status, len(body)
        )
        text = _json({**message, "body": "", "isBase64Encoded": False})
    return text


def _json(message: dict[str, Any]) -> str:
    # In ASCII: the dot of a selectionPattern, which is Java's, stands for no line separator such as U+2028.
    return json.dumps(message, separators=(",", ":"))
