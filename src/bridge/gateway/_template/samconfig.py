"""What `samconfig.toml` says of a deployment: values of parameters, the region, and the stack's name.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .resources import section, text
from .values import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "samconfig.toml"

DEFAULT = "default"
"""The environment that SAM takes where none is named."""

_COMMANDS = ("local_start_api", "deploy", "global")
"""Whose options count; the first that has one counts."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What an environment of the file says.

    Attributes:
        parameters: values by name. The template need not have all of them: `sam deploy` drops those that it has not.
        region: "" if it says none.
        stack_name: "" if it says none.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    region: str = ""
    stack_name: str = ""


def read(template: Path, environment: str) -> Configuration:
    """Return what the file beside a template, or beside the one that this was built of, says for an environment.

    Raises:
        TemplateError: the file cannot be read, or has no such environment; or a value has a form that is not known.
    """
    folder = template.resolve().parent
    if folder.parts[-2:] == (".aws-sam", "build"):
        folder = folder.parent.parent
    path = folder / NAME
    if not path.is_file():
        if environment != DEFAULT:
            raise TemplateError(f"there is no {path}, and so no environment {environment}")
        return Configuration()
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TemplateError(f"cannot read {path}: {error}") from None
    if environment not in document and environment != DEFAULT:
        raise TemplateError(f"{NAME} has no environment {environment}; it has {', '.join(document)}")
    commands = section(document.get(environment))
    said: dict[str, Any] = {}
    for command in reversed(_COMMANDS):
        said.update(section(section(commands.get(command)).get("parameters")))
    return Configuration(
        parameters=_values(said.get("parameter_overrides")),
        region=text(said.get("region", "")),
        stack_name=text(said.get("stack_name", "")),
    )


def _values(given: Any) -> dict[str, str]:
    """Return the values of parameters, out of any of the forms that SAM takes."""
    if isinstance(given, dict):
        return {name: text(value) for name, value in given.items()}
    if isinstance(given, list):
        return {name: value for each in given for name, value in _values(each).items()}
    import shlex

    found: dict[str, str] = {}
    try:
        words = shlex.split(given or "")
    except ValueError as error:
        raise TemplateError(f"{NAME}: parameter_overrides {given!r}: {error}") from None
    for word in words:
        # The older form: ParameterKey=Stage,ParameterValue=prod
        pair = word.removeprefix("ParameterKey=").replace(",ParameterValue=", "=", 1) if "," in word else word
        name, equals, value = pair.partition("=")
        if not equals:
            raise TemplateError(f"{NAME}: parameter_overrides has {word!r}, which is not NAME=value")
        found[name] = value
    return found
