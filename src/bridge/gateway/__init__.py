"""A local stand-in for what AWS puts in front of a function: API Gateway, a function URL, a load balancer.

    from bridge.gateway import Gateway, WebSocketGateway

    gateway = Gateway(handler, api="rest", stage="prod")   # an ASGI app
    gateway = WebSocketGateway(handler)                    # another

Needs starlette, and `Server` uvicorn and websockets: `pip install "lambda-bridge[serve]"`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._apis import API_NAMES
    from ._context import LambdaContext
    from ._gateway import Gateway
    from ._process import ProcessError
    from ._processes import Processes
    from ._server import Server
    from ._template import Template
    from ._websocket import WebSocketGateway

__all__ = [
    "API_NAMES",
    "Gateway",
    "LambdaContext",
    "ProcessError",
    "Processes",
    "Server",
    "Template",
    "WebSocketGateway",
]

_ROOMS = {
    "API_NAMES": "_apis",
    "Gateway": "_gateway",
    "LambdaContext": "_context",
    "ProcessError": "_process",
    "Processes": "_processes",
    "Server": "_server",
    "Template": "_template",
    "WebSocketGateway": "_websocket",
}


def __getattr__(name: str) -> "Any":
    """Import what is asked for. A child process of the gateway needs none of starlette, nor a test of uvicorn."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "starlette":
            raise
        raise ModuleNotFoundError(
            'the gateway needs starlette: pip install "lambda-bridge[serve]"', name="starlette"
        ) from error
