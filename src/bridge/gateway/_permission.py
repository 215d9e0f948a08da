"""Who may invoke a function: the statements of its resource-based policy, as AWS reads them.

A *permission* is a mapping with the names that `AWS::Lambda::Permission` and the API `AddPermission` share: `Action`,
`Principal`, `SourceArn` and so on. A *statement* is what Lambda makes of it and keeps in the function's policy.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

INVOKE = "lambda:InvokeFunction"
INVOKE_URL = "lambda:InvokeFunctionUrl"

_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
"""What AddPermission makes of its parameters: operator and key of a condition."""


def statement(permission: Mapping[str, Any], *, sid: str = "", function_arn: str = "*") -> dict[str, Any]:
    """Return the statement that Lambda makes of a permission.

    Args:
        permission: properties of `AWS::Lambda::Permission`; all that are no parameters of a statement are ignored.
        sid: the statement's ID; "" leaves it out.
        function_arn: ARN of the function that the policy belongs to.
    """
    conditions: dict[str, dict[str, str]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        if name in permission:
            value = permission[name]
            conditions.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else str(value)
    made: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": _principal(str(permission["Principal"])),
        "Action": permission["Action"],
        "Resource": function_arn,
    }
    if sid:
        made = {"Sid": sid, **made}
    if conditions:
        made["Condition"] = conditions
    return made


def allows(
    statement: Mapping[str, Any],
    *,
    source_arn: str | None,
    source_account: str | None,
    principal: str,
    action: str = INVOKE,
    keys: Mapping[str, str] | None = None,
) -> bool:
    """Return whether a statement lets an invocation in.

    Args:
        statement: one statement of the function's policy. Its `Resource` is not looked at.
        source_arn: ARN of the route, target group or distribution that invokes; None if there is none.
        source_account: 12 digits: the account which owns that; None if there is none.
        principal: who invokes: `apigateway.amazonaws.com` or another service, an account, an ARN; `*`, nobody known.
        action: what the caller asks for.
        keys: further condition keys with their values, such as `lambda:FunctionUrlAuthType`.

    Raises:
        ConfigurationError: the statement has a condition operator that is not known here.
    """
    asked = {"aws:SourceArn": source_arn, "aws:SourceAccount": source_account, **(keys or {})}
    return statement.get("Effect") == "Allow" and mismatch(statement, principal, action, asked) is None


def mismatch(
    statement: Mapping[str, Any], principal: str, action: str, keys: Mapping[str, str | None]
) -> tuple[str, Any, str | None] | None:
    """Return the first thing in which a statement and an invocation differ, or None where the statement applies.

    Args:
        statement: as for `allows`; whether it allows or denies is not looked at.
        principal: as for `allows`.
        action: as for `allows`.
        keys: all condition keys of the invocation; None for one that it has not.

    Returns:
        Name of the element or condition key, what the statement says, what the invocation has.

    Raises:
        ConfigurationError: the statement has a condition operator that is not known here.
    """
    if not _names(statement.get("Principal"), principal):
        return "Principal", statement.get("Principal"), principal
    # Actions are compared without regard to case.
    if not any(_like(pattern.lower(), action.lower()) for pattern in _list(statement.get("Action", ()))):
        return "Action", statement.get("Action"), action
    given = {key.lower(): value for key, value in keys.items()}
    for operator, wanted in statement.get("Condition", {}).items():
        for key, values in wanted.items():
            value = given.get(key.lower())
            if not _holds(operator, value, [str(each) for each in _list(values)]):
                return key, values, value
    return None


def _principal(name: str) -> str | dict[str, str]:
    if name == "*":
        return name
    if re.fullmatch(r"\d{12}", name):
        return {"AWS": f"arn:aws:iam::{name}:root"}
    return {"AWS" if name.startswith("arn:") else "Service": name}


def _names(element: Any, principal: str) -> bool:
    """Return whether a statement's Principal names a caller. An account stands for everybody in it."""
    if element == "*":
        return True
    if not isinstance(element, dict):
        return False
    named = _list(element.get("AWS", ()))
    owner = _account(principal)
    return (
        "*" in named
        or principal in named
        or principal in _list(element.get("Service", ()))
        or (owner != "" and any(name in (owner, f"arn:aws:iam::{owner}:root") for name in named))
    )


def _account(principal: str) -> str:
    found = re.match(r"(?:arn:[^:]*:(?:iam|sts)::)?(\d{12})(?::|$)", principal)
    return found[1] if found else ""


def _holds(operator: str, value: str | None, wanted: list[str]) -> bool:
    """Return whether a condition holds for a key's value: for one of the wanted values; negated, for none of them."""
    name = operator.removesuffix("IfExists")
    if name == "Null":
        return str(value is None).lower() in [each.lower() for each in wanted]
    positive = name.replace("Not", "", 1)
    compare = _OPERATORS.get(positive)
    if compare is None or (positive == "Bool" and name != "Bool"):
        known = ", ".join([*_OPERATORS, "Null"])
        raise ConfigurationError(f"the condition operator {operator!r} is not known; known are {known}, Not, IfExists")
    if value is None:
        return name != operator or name != positive
    return any(compare(each, value) for each in wanted) == (name == positive)


def _like(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _arn_like(pattern: str, arn: str) -> bool:
    """Return whether an ARN fits a pattern. Its six parts are compared one by one: `*` takes slashes, but no colons."""
    parts, wanted = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) == 6 and all(map(_like, wanted, parts))


# ArnEquals and ArnLike are the same:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
}


def _list(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
