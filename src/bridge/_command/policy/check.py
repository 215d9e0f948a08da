"""Does a policy let an invocation in, and if not, why?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from ...gateway._permission import mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .caller import Caller


def check(file: str, caller: Caller) -> bool:
    """Print for each invocation whether a policy lets it in, and return whether it lets them all in.

    Args:
        file: where the policy is; `-` for standard input.
        caller: who makes the invocations.

    Raises:
        ConfigurationError: the file cannot be read, or has no policy, or one with an unknown condition operator.
    """
    found = statements(_text(file))
    verdicts = []
    for action, keys in caller.invocations():
        applying: list[dict[str, Any]] = []
        reasons: list[str] = []
        for statement in found:
            difference = mismatch(statement, caller.principal, action, keys)
            if difference is None:
                applying.append(statement)
            else:
                reasons += _reasons(statement, *difference)
        denying = [statement for statement in applying if statement["Effect"] != "Allow"]
        verdicts.append(bool(applying) and not denying)
        print(f"{'yes' if verdicts[-1] else 'no'}: {action} from {keys['aws:SourceArn'] or caller.principal}")
        for line in [_said(statement) for statement in denying or applying] or reasons or ["there is no statement"]:
            print(f"  {line}")
    return all(verdicts)


def statements(text: str) -> list[dict[str, Any]]:
    """Return the statements of a policy, of one statement, or of what `aws lambda get-policy` or add-permission prints.

    Raises:
        ConfigurationError: it is none of them.
    """
    try:
        found = json.loads(text)
        if isinstance(found, dict) and isinstance(found.get("Policy"), str):
            found = json.loads(found["Policy"])
        if isinstance(found, dict) and "Statement" in found:
            found = found["Statement"]
        if isinstance(found, str):
            found = json.loads(found)
    except ValueError as error:
        raise ConfigurationError(f"the policy is no JSON: {error}") from None
    found = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) and "Effect" in each for each in found):
        raise ConfigurationError("the file has no policy: no object with a Statement, and no statement with an Effect")
    return found


def _text(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read {file!r}: {error.strerror}") from None


def _said(statement: dict[str, Any]) -> str:
    return f"statement {statement.get('Sid', '')!r} says {statement['Effect']}"


def _reasons(statement: dict[str, Any], name: str, wanted: Any, given: str | None) -> Iterator[str]:
    has = "this has none" if given is None else f"this is {given}"
    yield f"statement {statement.get('Sid', '')!r} is for {name} {json.dumps(wanted)}, and {has}"
    if name.lower() == "aws:sourcearn" and given:
        there, here = str(wanted).split(":"), given.split(":")
        if len(there) == len(here) and there[3] not in (here[3], "*"):
            yield "the region in a source ARN is the function's, even where the API is in another"
        if "/ANY/" in str(wanted):
            yield "a REST API names the request's own method: write * for ANY"
