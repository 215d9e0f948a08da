"""Where tools look for the module of Lambda's own runtime, to put something around all handlers.

Sentry's integration finds `bootstrap` in `__main__`, replaces `handle_event_request` by a function that wraps the
handler, and the client's methods by ones that send what is still to be sent. So all three are here, in the form that
awslambdaric gives them, and do nothing themselves. Imported only when something looks for it.

https://github.com/getsentry/sentry-python/blob/master/sentry_sdk/integrations/aws_lambda.py
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class LambdaRuntimeClient:
    """What reports an invocation's end: here, the moment at which tools flush."""

    def post_init_error(self, *_: Any) -> None:
        """Report that init has failed. The error is the one that is being handled."""

    def post_invocation_result(self, *_: Any) -> None:
        """Report that an invocation has ended, and that its answer is out."""

    def post_invocation_error(self, *_: Any) -> None:
        """Report that an invocation has failed."""


def handle_event_request(client: LambdaRuntimeClient, request_handler: Callable[..., Any], *arguments: Any) -> Any:
    """Call a handler with an event and a context."""
    return request_handler(*arguments)


_original = handle_event_request


def decorator() -> Callable[[Callable[..., Any]], Callable[..., Any]] | None:
    """Return what has been put around all handlers, as a decorator; None: nothing has."""
    return None if handle_event_request is _original else _decorated


def _decorated(handler: Callable[..., Any]) -> Callable[..., Any]:
    client = LambdaRuntimeClient()

    def surrounded(event: Any, context: Any) -> Any:
        try:
            result = handle_event_request(client, handler, event, context)
        except Exception:
            client.post_invocation_error()
            raise
        client.post_invocation_result()
        return result

    return surrounded
