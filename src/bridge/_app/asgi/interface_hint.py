"""What to do where an ASGI middleware has been put around something that is no ASGI app."""

from __future__ import annotations

TAKES_TWO = ("takes 2 positional arguments but 3 were given", "takes 3 positional arguments but 4 were given")
"""What Python says of a function, and of a method, that gets three."""

HINT = (
    "An ASGI app is called with scope, receive and send, and what was called here takes two arguments: it is a WSGI "
    "app, perhaps. A WSGI app needs WSGI middlewares; or make it an ASGI app: a2wsgi.WSGIMiddleware(app)."
)


def note_interface(error: TypeError) -> None:
    """Add to an error what to do, if it is that of a call of a WSGI app as an ASGI app."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not str(error).endswith(TAKES_TWO):
        return
    names = trace.tb_frame.f_locals
    if "scope" in names and "receive" in names:
        error.add_note(HINT)
