"""The command `bridge policy`: the permission that lets an API invoke a function, and what a policy lets in."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_DESCRIPTION = """
Print the commands that let one route of an API, or a function URL, a load balancer or VPC Lattice, invoke a function.
With --check, tell whether a policy lets it in instead: exit status 0 for yes, 1 for no.
"""

_EXAMPLES = """
examples:
  bridge policy --function shop --account 123456789012 --region eu-west-1 --api-id a1b2c3 --route 'GET /user/{id}'
  bridge policy --function shop --api url
  aws lambda get-policy --function-name shop | bridge policy --check - --account 123456789012 --region eu-west-1 \\
      --api rest --api-id a1b2c3 --stage prod --route 'GET /user/{id}'
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `policy` to the commands."""
    from argparse import RawDescriptionHelpFormatter

    parser = commands.add_parser(
        "policy",
        help="print or check who may invoke a function",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--api",
        choices=["http", "rest", "websocket", "url", "alb", "lattice"],
        default="http",
        help="what invokes the function (default: http)",
    )
    parser.add_argument("--function", default="", metavar="NAME", help="name or ARN of the function")
    parser.add_argument("--account", default="", metavar="ID", help="the account that owns the API, 12 digits")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    parser.add_argument("--region", default=region, help="the function's, not the API's (default: $AWS_REGION)")

    routes = parser.add_argument_group("APIs of API Gateway")
    routes.add_argument("--api-id", default="", metavar="ID", help="such as mnh1xmpli7")
    routes.add_argument("--stage", default="*", help="one stage (default: *, all of them)")
    routes.add_argument(
        "--route",
        default="*",
        help="'GET /user/{id}', 'ANY /user', '$default', or a route key of a WebSocket API (default: *, all of them)",
    )
    routes.add_argument("--authorizer", default="", metavar="ID", help="a Lambda authorizer, instead of a route")

    urls = parser.add_argument_group("function URLs")
    urls.add_argument("--auth-type", choices=["NONE", "AWS_IAM"], default="NONE", help="(default: NONE)")
    urls.add_argument("--principal", default="", metavar="WHO", help="with AWS_IAM: an account, or a role's ARN")
    urls.add_argument("--distribution", default="", metavar="ID", help="with AWS_IAM: a CloudFront distribution")

    groups = parser.add_argument_group("load balancers and VPC Lattice")
    groups.add_argument("--target-group", default="", metavar="ARN", help="of the target group that has the function")

    parser.add_argument("--statement", action="store_true", help="print statements of a policy, not commands")
    parser.add_argument("--check", metavar="FILE", help="a policy, or what 'aws lambda get-policy' prints; - for input")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the permission, or what a policy says to it; exit with 1 where the policy says no.

    Raises:
        ConfigurationError: an option is missing or cannot work, or the file has no policy.
    """
    from . import caller, check

    found = caller.of(options)
    if options.check:
        sys.exit(0 if check.check(options.check, found) else 1)
    print(caller.statements(found, options) if options.statement else caller.commands(found, options.function))
