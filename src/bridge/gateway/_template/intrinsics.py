"""CloudFormation's intrinsic functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from .conditions import Conditions, text_of
from .values import Items, Section, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notes import Notes

TEXT_LIMIT = 256 * 1024
"""Characters of a text that a function makes. Lambda's whole environment has 4 KB, an OpenAPI definition 400 KB."""

TEXTS_LIMIT = 16 * 1024 * 1024
"""Characters of all texts that functions make, together."""

INCLUDES = 50
"""How many files a template may include, those that they include among them."""

_PLACE = re.compile(r"\$\{([^}]*)\}")
_NOTHING = object()
"""AWS::NoValue."""


class Intrinsics:
    """What a template's functions stand for.

    Args:
        values: what `Ref` gives for parameters and pseudo parameters.
        mappings: the section of this name.
        conditions: the section of this name.
        imports: what other stacks export.
        reference: what `Ref` gives for a resource, and `GetAtt` for its attribute: called with the name, the attribute
            or None, and the line. None: there is no such resource.
        include: the value that an `AWS::Include` transform puts in its place, by its location and line.
        notes: where what has been made up is said.
    """

    def __init__(
        self,
        *,
        values: dict[str, Any],
        mappings: dict[str, Any],
        conditions: dict[str, Any],
        imports: dict[str, str],
        reference: Callable[[str, str | None, int], str | None],
        include: Callable[[str, int], Any],
        notes: Notes,
    ) -> None:
        self._values = values
        self._mappings = mappings
        self._conditions = Conditions(conditions, self._value)
        self._imports = imports
        self._reference = reference
        self._include = include
        self._notes = notes
        self._made = self._included = 0

    def value(self, value: Any) -> Any:
        """Return a value of the template with its functions replaced by what they stand for.

        Raises:
            TemplateError: a function is used wrongly, or asks for what is not there.
        """
        found = self._value(value)
        return None if found is _NOTHING else found

    def condition(self, name: str, line: int) -> bool:
        """Return whether a condition holds; errors as of `Conditions.holds`."""
        return self._conditions.holds(name, line)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Items):
            made = Items(value.line)
            made.extend(each for each in map(self._value, value) if each is not _NOTHING)
            return made
        if not isinstance(value, Section):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._called(name, argument, value)
        section = Section(line=value.line)
        for key, each in value.items():
            if key == "Fn::Transform":
                section.update(self._transformed(each, value.line))
            elif (found := self._value(each)) is not _NOTHING:
                section[key] = found
                section.lines[key] = value.lines.get(key, value.line)
        return section

    def _called(self, name: str, argument: Any, call: Section) -> Any:
        line = call.line
        if name == "Condition":
            # Outside of conditions it is a key like others: an IAM statement has one.
            return Section({name: self._value(argument)}, line=line)
        function = _FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"line {line}: {name} is not known here")
        try:
            return function(self, argument, line)
        except TemplateError:
            raise
        except (TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
            raise TemplateError(f"line {line}: {name} cannot take {argument!r:.200}: {error}") from None

    def _ref(self, name: Any, line: int) -> Any:
        if not isinstance(name, str):
            raise TypeError("it takes a name")
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._values:
            return self._values[name]
        found = self._reference(name, None, line)
        if found is None:
            raise TemplateError(f"line {line}: there is no parameter and no resource {name}")
        return found

    def _get_att(self, argument: Any, line: int) -> str:
        if isinstance(argument, str):
            argument = argument.partition(".")[::2]
        name, attribute = argument
        found = self._reference(name, text_of(self._value(attribute)), line)
        if found is None:
            raise TemplateError(f"line {line}: there is no resource {name}")
        return found

    def _sub(self, argument: Any, line: int) -> str:
        text, given = (argument[0], self._value(argument[1])) if isinstance(argument, list) else (argument, {})
        parts: list[str] = []
        end = 0
        for match in _PLACE.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            name = match[1].strip()
            if name.startswith("!"):
                parts.append("${" + name[1:] + "}")
            elif name in given:
                parts.append(text_of(given[name]))
            elif "." in name:
                parts.append(self._get_att(name, line))
            else:
                parts.append(text_of(self._ref(name, line)))
        return self._limited("", [*parts, text[end:]], line)

    def _join(self, argument: Any, line: int) -> str:
        separator, values = argument
        return self._limited(separator, [text_of(each) for each in self._value(values)], line)

    def _select(self, argument: Any, line: int) -> Any:
        index, values = self._value(argument)
        return values[int(index)]

    def _split(self, argument: Any, line: int) -> Items:
        separator, text = argument
        made = Items(line)
        made.extend(self._value(text).split(separator))
        return made

    def _if(self, argument: Any, line: int) -> Any:
        name, then, otherwise = argument
        return self._value(then if self.condition(name, line) else otherwise)

    def _find_in_map(self, argument: Any, line: int) -> Any:
        names = [text_of(self._value(each)) for each in argument[:3]]
        found: Any = self._mappings
        for name in names:
            if name not in found:
                if len(argument) > 3:
                    return self._value(argument[3]["DefaultValue"])
                raise TemplateError(f"line {line}: the mappings have no {'.'.join(names)}")
            found = found[name]
        return found

    def _import_value(self, argument: Any, line: int) -> str:
        name = text_of(self._value(argument))
        if name not in self._imports:
            self._notes.add(
                line, f"no other stack exports {name} here: --import {name}=VALUE; until then it is {name!r}"
            )
        return self._imports.get(name, name)

    def _get_azs(self, argument: Any, line: int) -> Items:
        made = Items(line)
        made.extend(f"{self._value(argument) or self._values['AWS::Region']}{letter}" for letter in "abc")
        return made

    def _transformed(self, argument: Any, line: int) -> Any:
        argument = self._value(argument)
        name, parameters = argument["Name"], argument.get("Parameters") or {}
        if name != "AWS::Include":
            self._notes.add(line, f"the transform {name} is not run here")
            return Section(line=line)
        self._included += 1
        if self._included > INCLUDES:
            raise TemplateError(f"line {line}: more than {INCLUDES} included files")
        return self._value(self._include(str(parameters.get("Location")), line))

    def _limited(self, separator: str, parts: list[str], line: int) -> str:
        size = sum(map(len, parts)) + len(separator) * len(parts)
        self._made += size
        if size > TEXT_LIMIT or self._made > TEXTS_LIMIT:
            limit = f"{TEXT_LIMIT:,} characters, or all texts more than {TEXTS_LIMIT:,}"
            raise TemplateError(f"line {line}: a text of more than {limit}")
        return separator.join(parts)


_FUNCTIONS: dict[str, Callable[[Intrinsics, Any, int], Any]] = {
    "Ref": Intrinsics._ref,
    "Fn::GetAtt": Intrinsics._get_att,
    "Fn::Sub": Intrinsics._sub,
    "Fn::Join": Intrinsics._join,
    "Fn::Select": Intrinsics._select,
    "Fn::Split": Intrinsics._split,
    "Fn::If": Intrinsics._if,
    "Fn::FindInMap": Intrinsics._find_in_map,
    "Fn::ImportValue": Intrinsics._import_value,
    "Fn::GetAZs": Intrinsics._get_azs,
    "Fn::Transform": Intrinsics._transformed,
    "Fn::Base64": lambda self, argument, line: b64encode(text_of(self._value(argument)).encode()).decode(),
    "Fn::ToJsonString": lambda self, argument, line: json.dumps(self._value(argument)),
    "Fn::Length": lambda self, argument, line: len(self._value(argument)),
}
