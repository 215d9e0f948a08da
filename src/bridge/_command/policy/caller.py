"""What is to invoke a function, with the permissions that it needs and the invocations that it makes."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from ...gateway import _source_arn
from ...gateway._permission import INVOKE, INVOKE_URL, statement

if TYPE_CHECKING:
    import argparse
    from typing import Any

API_GATEWAY = "apigateway.amazonaws.com"
CLOUDFRONT = "cloudfront.amazonaws.com"
TARGET_GROUPS = {
    "alb": ("elasticloadbalancing.amazonaws.com", "arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID"),
    "lattice": ("vpc-lattice.amazonaws.com", "arn:aws:vpc-lattice:REGION:ACCOUNT:targetgroup/ID"),
}


@dataclass(frozen=True)
class Caller:
    """What is to invoke a function.

    Attributes:
        name: for statement IDs and messages.
        principal: the service, the account, the ARN of a role or user, or `*`.
        pattern: the source ARN for a permission, with wildcards; "" for none.
        source_arns: the source ARNs of the invocations, each of which has to be let in; empty for none.
        account: the account that owns the source; "" where the principal says it all.
        auth_type: of the function URL; "" for what is none.
    """

    name: str
    principal: str
    pattern: str = ""
    source_arns: tuple[str, ...] = ()
    account: str = ""
    auth_type: str = ""

    def permissions(self) -> list[dict[str, Any]]:
        """Return the permissions, with the names of AddPermission's parameters. A function URL needs two."""
        made: dict[str, Any] = {"Action": INVOKE, "Principal": self.principal}
        if self.pattern:
            made["SourceArn"] = self.pattern
        if self.principal == API_GATEWAY:  # a target group's ARN has the account, and its service may not say it twice
            made["SourceAccount"] = self.account
        if not self.auth_type:
            return [made]
        # https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: both are needed since October 2025
        url, function = {**made, "Action": INVOKE_URL}, made
        if self.principal != CLOUDFRONT:  # AWS's commands for a distribution have the source ARN alone
            url = {**url, "FunctionUrlAuthType": self.auth_type}
            function = {**made, "InvokedViaFunctionUrl": True}
        return [url, function]

    def invocations(self) -> list[tuple[str, dict[str, str | None]]]:
        """Return what it asks Lambda for: actions, with the condition keys that come with each."""
        made: list[tuple[str, dict[str, str | None]]] = []
        for arn in self.source_arns or (None,):
            keys = {"aws:SourceArn": arn, "aws:SourceAccount": self.account or None}
            if self.auth_type:
                made.append((INVOKE_URL, {**keys, "lambda:FunctionUrlAuthType": self.auth_type}))
                keys["lambda:InvokedViaFunctionUrl"] = "true"
            made.append((INVOKE, keys))
        return made


def of(options: argparse.Namespace) -> Caller:
    """Return the caller that a command line is about.

    Raises:
        ConfigurationError: an option is missing or cannot work.
    """
    if not (options.function or options.check):
        raise ConfigurationError("--function is missing: the name or ARN of the function")
    if options.account and not re.fullmatch(r"\d{12}", options.account):
        raise ConfigurationError(f"--account has 12 digits, unlike {options.account!r}")
    if options.api in TARGET_GROUPS:
        return _target_group(options)
    return _function_url(options) if options.api == "url" else _api(options)


def commands(caller: Caller, function: str) -> str:
    """Return the AWS command line that gives the permissions."""
    made = []
    for permission in caller.permissions():
        sid = statement_id(caller, permission)
        lines = [f"aws lambda add-permission --function-name {shlex.quote(function)} --statement-id {sid}"]
        for name, value in permission.items():
            option = re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
            lines.append(f"--{option}" if value is True else f"--{option} {shlex.quote(value)}")
        made.append(" \\\n  ".join(lines))
    return "\n\n".join(made)


def statements(caller: Caller, options: argparse.Namespace) -> str:
    """Return the statements that the function's policy has after those commands, as JSON."""
    arn = options.function
    if not arn.startswith("arn:"):
        account, region = (getattr(options, name) or name.upper() for name in ("account", "region"))
        arn = f"arn:aws:lambda:{region}:{account}:function:{arn}"
    made = [
        statement(permission, sid=statement_id(caller, permission), function_arn=arn)
        for permission in caller.permissions()
    ]
    return json.dumps(made[0] if len(made) == 1 else made, indent=2)


def statement_id(caller: Caller, permission: dict[str, Any]) -> str:
    """Return an ID for a statement: the same for the same caller, 100 letters, digits and hyphens at most."""
    name = f"{caller.name} {permission['Action'].partition(':')[2]}" if caller.auth_type else caller.name
    return re.sub(r"[^a-zA-Z0-9]+", "-", name.replace("*", "all")).strip("-")[:100]


def _api(options: argparse.Namespace) -> Caller:
    for name in ("api_id", "account", "region"):
        if not getattr(options, name):
            raise ConfigurationError(f"--{name.replace('_', '-')} is missing: it is a part of the API's source ARN")
    if options.check and "*" in (options.route, options.stage) and not options.authorizer:
        raise ConfigurationError("--check needs a request's own --route and --stage")
    if options.authorizer:
        resource = f"{options.api_id}/authorizers/{options.authorizer}"
        name, asked = f"authorizer {options.authorizer}", [resource]
    else:
        resource = _source_arn.pattern(options.api_id, options.stage, options.route)
        name = f"{options.api} {options.api_id} {options.stage} {options.route}"
        # Nothing is asked of a pattern for all routes.
        every = options.route == "*"
        asked = [] if every else _source_arn.resources(options.api, options.api_id, options.stage, options.route)
    made = [_source_arn.execute_api(options.region, options.account, each) for each in (resource, *asked)]
    return Caller(name, API_GATEWAY, made[0], tuple(made[1:]), options.account)


def _function_url(options: argparse.Namespace) -> Caller:
    if options.auth_type == "NONE":
        if options.principal or options.distribution:
            raise ConfigurationError("--principal and --distribution need --auth-type AWS_IAM: NONE lets everybody in")
        return Caller("url everybody", "*", auth_type="NONE")
    if options.distribution:
        if not options.account:
            raise ConfigurationError("--account is missing: it is a part of the distribution's ARN")
        arn = f"arn:aws:cloudfront::{options.account}:distribution/{options.distribution}"
        return Caller(f"url cloudfront {options.distribution}", CLOUDFRONT, arn, (arn,), auth_type="AWS_IAM")
    if not options.principal:
        raise ConfigurationError("--auth-type AWS_IAM needs --principal or --distribution: who may call the URL")
    return Caller(f"url {options.principal}", options.principal, auth_type="AWS_IAM")


def _target_group(options: argparse.Namespace) -> Caller:
    principal, example = TARGET_GROUPS[options.api]
    parts = options.target_group.split(":")
    if len(parts) != 6 or parts[2] != example.split(":")[2] or not parts[5].startswith("targetgroup/"):
        raise ConfigurationError(f"--target-group must be an ARN like {example}, not {options.target_group!r}")
    name = f"{options.api} {parts[5]}"
    return Caller(name, principal, options.target_group, (options.target_group,), parts[4])
