"""The source ARN: what tells Lambda which route of which API invokes a function.

https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-permissions
"""

from __future__ import annotations

import re

from ..errors import ConfigurationError

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def execute_api(region: str, account: str, resource: str) -> str:
    """Return an ARN of API Gateway.

    Args:
        region: the *function's*: where the API is in another, API Gateway puts the function's into the source ARN.
        account: 12 digits; the one that owns the API.
        resource: API ID, stage, method and path, or authorizer.
    """
    partition = next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:execute-api:{region}:{account}:{resource}"


def pattern(api_id: str, stage: str, route: str) -> str:
    """Return the resource of the narrowest source ARN that lets all requests of a route in.

    Args:
        api_id: such as `mnh1xmpli7`.
        stage: its name; `*` for all stages.
        route: `GET /user/{id}`, `ANY /user`, `$default`, `*` for all routes, or a WebSocket API's route key.

    Raises:
        ConfigurationError: the route is none.
    """
    if route == "*":
        return f"{api_id}/{stage}/*"
    method, path = parts(route)
    if not path:
        return f"{api_id}/{stage}/{route}"
    return f"{api_id}/{stage}/{'*' if method == 'ANY' else method}{re.sub(r'{[^{}]*}', '*', path)}"


def resources(api: str, api_id: str, stage: str, route: str) -> list[str]:
    """Return the resources of the source ARNs that requests of a route have.

    An HTTP or WebSocket API names its route, `ANY` and `{id}` included. A REST API names the request's own method: that
    `ANY` in a pattern lets nothing in there has been seen by others, AWS's guide notwithstanding:
    https://github.com/aws/serverless-application-model/issues/296, https://github.com/AdaCore/e3-aws/pull/236

    Args:
        api: "http", "rest" or "websocket".
        api_id: as for `pattern`.
        stage: as for `pattern`, but one stage.
        route: as for `pattern`, but one route.

    Raises:
        ConfigurationError: the route is none.
    """
    method, path = parts(route)
    if not path:
        return [f"{api_id}/{stage}/{route}"]
    methods = METHODS if api == "rest" and method == "ANY" else (method,)
    return [f"{api_id}/{stage}/{each}{path}" for each in methods]


def parts(route: str) -> tuple[str, str]:
    """Return method and path of a route; the path is "" for a route key such as `$default` or `$connect`.

    Raises:
        ConfigurationError: it is neither.
    """
    method, space, path = route.partition(" ")
    if not space and method and "/" not in method:
        return method, ""
    method = method.upper()
    if method not in (*METHODS, "ANY") or not path.startswith("/"):
        raise ConfigurationError(f"{route!r} is no route, such as 'GET /user/{{id}}', 'ANY /{{proxy+}}' or '$default'")
    # API Gateway has no slash at the end of a path: https://github.com/aws/serverless-application-model/issues/665
    return method, path.rstrip("/") or "/"
