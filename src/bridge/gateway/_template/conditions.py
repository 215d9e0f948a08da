"""A template's conditions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .values import Section, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable


class Conditions:
    """The conditions of a template: which of them hold.

    Args:
        conditions: the section of this name.
        value: what a value with functions stands for.
    """

    def __init__(self, conditions: dict[str, Any], value: Callable[[Any], Any]) -> None:
        self._conditions = conditions
        self._value = value
        self._known: dict[str, bool | None] = {}

    def holds(self, name: str, line: int) -> bool:
        """Return whether a condition holds.

        Raises:
            TemplateError: there is no such condition, or it depends on itself.
        """
        if name not in self._known:
            if name not in self._conditions:
                raise TemplateError(f"line {line}: there is no condition {name}")
            self._known[name] = None
            self._known[name] = self._truth(self._conditions[name], line)
        known = self._known[name]
        if known is None:
            raise TemplateError(f"line {line}: the condition {name} depends on itself")
        return known

    def _truth(self, value: Any, line: int) -> bool:
        if isinstance(value, Section) and len(value) == 1:
            [(name, argument)] = value.items()
            line = value.line or line
            if name == "Condition":
                return self.holds(argument, line)
            if name == "Fn::Equals":
                one, other = map(self._value, argument)
                return text_of(one) == text_of(other)
            if name == "Fn::Not":
                return not self._truth(argument[0], line)
            if name in ("Fn::And", "Fn::Or"):
                return {"Fn::And": all, "Fn::Or": any}[name](self._truth(each, line) for each in argument)
        raise TemplateError(f"line {line}: {value!r:.200} is no condition")


def text_of(value: Any) -> str:
    """Return a value as CloudFormation has it in a text.

    Raises:
        TypeError: a map or a list is no text.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        raise TypeError(f"{value!r:.100} is no text")
    return str(value)
