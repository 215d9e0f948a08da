"""Environment variables from a file: lines of NAME=value, or JSON as `sam local --env-vars` takes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .resources import text
from .values import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*")


def read(path: Path) -> dict[str, dict[str, str]]:
    """Return variables by function, those of all functions by "".

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-invoke.html

    Raises:
        TemplateError: the file cannot be read, or is neither.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"cannot read {path}: {error}") from None
    if content.lstrip().startswith("{"):
        return _of_json(path, content)
    found: dict[str, str] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise TemplateError(f"{path}, line {number}: {line!r} is not NAME=value")
        name, value = match.groups()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found[name] = value[1:-1] if quoted else value
    return {"": found}


def _of_json(path: Path, content: str) -> dict[str, dict[str, str]]:
    try:
        given = json.loads(content)
    except ValueError as error:
        raise TemplateError(f"{path} is no JSON: {error}") from None
    found: dict[str, dict[str, str]] = {"": {}}
    for name, value in given.items():
        if isinstance(value, dict):
            function = "" if name == "Parameters" else name
            found.setdefault(function, {}).update({each: text(value[each]) for each in value})
        else:
            found[""][name] = text(value)
    return found
