"""A local stand-in for what AWS puts in front of a function: API Gateway, a function URL, a load balancer.

    from bridge.gateway import Gateway

    gateway = Gateway(handler, api="rest", stage="prod")   # an ASGI app

Needs starlette: `pip install "lambda-bridge[serve]"`.
"""

try:
    from .gateway import Gateway
except ModuleNotFoundError as error:
    if error.name != "starlette":
        raise
    raise ModuleNotFoundError(
        'the gateway needs starlette: pip install "lambda-bridge[serve]"', name="starlette"
    ) from error

from .apis import API_NAMES
from .context import LambdaContext

__all__ = ["API_NAMES", "Gateway", "LambdaContext"]
