"""A local stand-in for what AWS puts in front of a function: API Gateway, a function URL, a load balancer.

    from bridge.gateway import Gateway, WebSocketGateway

    gateway = Gateway(handler, api="rest", stage="prod")   # an ASGI app
    gateway = WebSocketGateway(handler)                    # another

Needs starlette, and `Server` uvicorn and websockets: `pip install "lambda-bridge[serve]"`.
"""

from typing import TYPE_CHECKING

try:
    from .gateway import Gateway
except ModuleNotFoundError as error:
    if error.name != "starlette":
        raise
    raise ModuleNotFoundError(
        'the gateway needs starlette: pip install "lambda-bridge[serve]"', name="starlette"
    ) from error

from ..context import LambdaContext
from .apis import API_NAMES
from .process import ProcessError
from .processes import Processes
from .websocket import WebSocketGateway

if TYPE_CHECKING:
    from typing import Any

    from .server import Server

__all__ = ["API_NAMES", "Gateway", "LambdaContext", "ProcessError", "Processes", "Server", "WebSocketGateway"]


def __getattr__(name: str) -> "Any":
    """`Server`, whose uvicorn is not needed to test a gateway."""
    if name == "Server":
        from .server import Server

        return Server
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
