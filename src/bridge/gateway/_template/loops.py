"""`Fn::ForEach`: parts of a template that stand there once and count for each value of a collection.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .document import VALUES
from .resources import text
from .values import Items, Section, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOOP = "Fn::ForEach::"
CHARACTERS = 100
"""Of what a loop puts into texts, as many count as one value more."""

_PLACE = re.compile(r"([$&])\{\s*(\w+)\s*\}")


class Loops:
    """The loops of a template, which are replaced by what they make.

    Args:
        values: of parameters: a collection may be a list that one of them has.

    Attributes:
        line: of the first loop; 0 if there is none.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.line = 0
        self._values = values
        self._made = 0

    def expanded(self, value: Any, bound: Mapping[str, str] = {}) -> Any:
        """Return a value of the template without loops.

        Args:
            value: the value.
            bound: what the identifiers of the loops around it stand for.

        Raises:
            TemplateError: a loop has not the three parts that it takes, or makes a key twice, or too much is made.
        """
        if bound:
            self._count(1)
        if isinstance(value, str):
            return self._filled(value, bound)
        if isinstance(value, Items):
            items = Items(value.line)
            items.extend(self.expanded(each, bound) for each in value)
            return items
        if not isinstance(value, Section):
            return value
        if len(value) == 1 and isinstance(value.get("Ref"), str) and value["Ref"] in bound:
            return bound[value["Ref"]]
        section = Section(line=value.line)
        for key, each in value.items():
            line = value.lines.get(key, value.line)
            if key.startswith(_LOOP):
                for name, made in self._loop(key, each, line, bound):
                    _put(section, name, made, line)
            else:
                _put(section, self._filled(key, bound), self.expanded(each, bound), line)
        return section

    def _loop(self, key: str, loop: Any, line: int, bound: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        self.line = self.line or line
        if not isinstance(loop, Items) or len(loop) != 3 or not isinstance(loop[2], Section):
            raise TemplateError(f"line {line}: {key} takes an identifier, a collection, and a map of what it makes")
        identifier, collection, made = loop
        collection = self.expanded(collection, bound)
        if isinstance(collection, Section) and len(collection) == 1:
            collection = self._values.get(str(collection.get("Ref")))
        if not isinstance(collection, Items):
            raise TemplateError(
                f"line {line}: the collection of {key} is no list, and no Ref to a parameter that is one"
            )
        for each in collection:
            yield from self.expanded(made, {**bound, str(identifier): text(each)}).items()

    def _filled(self, given: str, bound: Mapping[str, str]) -> str:
        """Return a text with the identifiers of loops replaced; `&{...}` takes letters and digits only."""
        if not bound or "{" not in given:
            return given
        self._count(given.count("{") * max(map(len, bound.values())) // CHARACTERS)

        def found(match: re.Match[str]) -> str:
            if match[2] not in bound:
                return match[0]
            value = bound[match[2]]
            return value if match[1] == "$" else "".join(filter(str.isalnum, value))

        return _PLACE.sub(found, given)

    def _count(self, more: int) -> None:
        self._made += more
        if self._made > VALUES:
            raise TemplateError(f"line {self.line}: loops make more than {VALUES:,} values")


def _put(section: Section, key: str, value: Any, line: int) -> None:
    if key in section:
        raise TemplateError(f"line {line}: a loop makes {key}, which is there already")
    section[key] = value
    section.lines[key] = line
